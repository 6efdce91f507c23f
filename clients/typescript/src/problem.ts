import type { Blocker, Problem, ProblemCode, ProblemField } from "./openapi.js";

/**
 * What the server answered instead of what was asked for: `application/problem+json` (RFC 9457) as an error.
 *
 * Decide by {@link RejoinderProblem.code}, which is stable; `message` is for people, in their language.
 */
export class RejoinderProblem extends Error {
  override readonly name = "RejoinderProblem";
  /** The HTTP status. */
  readonly status: number;
  /** The stable code, which may be newer than this client; `unknown` when something between here and the server answered. */
  readonly code: ProblemCode | "unknown" | (string & {});
  /** What this kind of problem is called, in the caller's language. */
  readonly title: string;
  /** The fields that break a rule. */
  readonly errors: readonly ProblemField[];
  /** What stands in the way, when the code is `blocked`. */
  readonly blockers: readonly Blocker[];
  /** Facts that belong to the code, such as the tenants to choose from when it is `tenant_required`. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The id of the request, for whoever runs the server. */
  readonly requestId: string | undefined;
  /** The current version, when the code is `stale`. */
  readonly etag: string | undefined;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter: number | undefined;

  /** Makes an error of an answer and what its body tells. */
  constructor(response: Response, told: Partial<Problem>) {
    super(told.detail ?? `${response.status} ${response.statusText}`.trim());
    this.status = response.status;
    this.code = told.code ?? "unknown";
    this.title = told.title ?? response.statusText;
    this.errors = told.errors ?? [];
    this.blockers = told.blockers ?? [];
    this.facts = told.facts ?? {};
    this.requestId = told.request_id ?? response.headers.get("X-Request-Id") ?? undefined;
    this.etag = response.headers.get("ETag") ?? undefined;
    this.retryAfter = secondsToWait(response);
  }

  /** Reads an answer that is not what was asked for. */
  static async read(response: Response): Promise<RejoinderProblem> {
    return new RejoinderProblem(response, await tell(response));
  }
}

/** What an answer says of a problem: nothing when it does not come from the server. */
export async function tell(response: Response): Promise<Partial<Problem>> {
  if (!response.headers.get("Content-Type")?.startsWith("application/problem+json")) return {};
  const told: unknown = await response.json().catch(() => undefined);
  return typeof told === "object" && told !== null ? told : {};
}

/** What `Retry-After` says, in seconds: it is a number of them, or a date. */
export function secondsToWait(response: Response): number | undefined {
  const text = response.headers.get("Retry-After");
  if (text === null) return undefined;
  const seconds = /^\s*\d+\s*$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
