/**
 * The typed client of Rejoinder's API.
 *
 * @packageDocumentation
 */
import createClient, { type HeadersOptions, type ParamsOption, type RequestBodyOption } from "openapi-fetch";
import type { HttpMethod, MediaType, PathsWithMethod, RequiredKeysOf, SuccessResponse } from "openapi-typescript-helpers";
import type { LogIn, paths, Refresh, Session } from "./openapi.js";
import { RejoinderProblem, tell } from "./problem.js";
import { type Patience, persist } from "./retry.js";
import { keepSession, type Tokens } from "./session.js";

export type * from "./openapi.js";
export { RejoinderProblem } from "./problem.js";
export type { Patience } from "./retry.js";

/** How to reach a server, and as whom. */
export interface RejoinderOptions {
  /** Where the server is, such as `https://cases.example`. */
  readonly baseUrl: string;
  /** An API key, or an access token that somebody else renews. Leave it out when there are `credentials`. */
  readonly token?: string;
  /** With what to log in, or the refresh token to go on with. The access token is renewed when it runs out. */
  readonly credentials?: LogIn | Refresh;
  /** Called with each new session, to keep its refresh token where the next start finds it. */
  readonly onSession?: (session: Session) => void;
  /** The language of what people read; the server's own, `zh-CN`, when absent. */
  readonly language?: "zh-CN" | "en";
  /** How often and how long to try again. */
  readonly patience?: Patience;
  /** Instead of the platform's `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

type Operation<M extends HttpMethod, P extends PathsWithMethod<paths, M>> = paths[P][M];
/** An operation with the `Idempotency-Key` that it requires left to the caller's choice: the client makes one. */
type KeyMade<O> = O extends { parameters: { header: { "Idempotency-Key": string } } }
  ? { parameters: Omit<O["parameters"], "header"> & InHeader<Omit<O["parameters"]["header"], "Idempotency-Key"> & { "Idempotency-Key"?: string }> }
  : O;
type InHeader<H> = RequiredKeysOf<H> extends never ? { header?: H } : { header: H };
type Optional<I> = RequiredKeysOf<I> extends never ? [init?: I] : [init: I];

/** What a call is made with: `params` (`path`, `query`, `header`) and `body` as the operation has them. */
export type Init<M extends HttpMethod, P extends PathsWithMethod<paths, M>> = ParamsOption<KeyMade<Operation<M, P>>> &
  RequestBodyOption<Operation<M, P>> & {
    /** Further headers. */
    headers?: HeadersOptions;
    /** Ends the call, and the waiting between its attempts. */
    signal?: AbortSignal;
  };

/** What an operation answers with. */
export type Data<M extends HttpMethod, P extends PathsWithMethod<paths, M>> =
  Operation<M, P> extends { responses: infer R extends Record<string | number, unknown> } ? SuccessResponse<R, MediaType> : never;

/** A good answer; every other one is thrown as a {@link RejoinderProblem}. */
export interface Answer<D> {
  /** The body. */
  readonly data: D;
  /** The version that was read or written, for `If-Match`. */
  readonly etag: string | undefined;
  /** The answer itself; its body has been read. */
  readonly response: Response;
}

/** Calls the operations of one method. */
export type Call<M extends HttpMethod> = <P extends PathsWithMethod<paths, M>>(
  path: P,
  ...init: Optional<Init<M, P>>
) => Promise<Answer<Data<M, P>>>;

/** The paths that list. */
export type ListPath = {
  [P in PathsWithMethod<paths, "get">]: Data<"get", P> extends { data: readonly unknown[]; next_cursor: string | null } ? P : never;
}[PathsWithMethod<paths, "get">];

/** An element of a list. */
export type Element<P extends ListPath> = Data<"get", P> extends { data: readonly (infer E)[] } ? E : never;

/** The paths of what can be read and changed. */
export type ChangePath = PathsWithMethod<paths, "get"> & PathsWithMethod<paths, "patch">;

type Patch<P extends ChangePath> = Init<"patch", P> extends { body: infer B } ? B : never;

/** A change of one resource. */
export interface Change<P extends ChangePath> {
  /** Which one. */
  readonly params: Pick<paths[P]["get"]["parameters"], "path">;
  /** What changes, or how that follows from what is there. */
  readonly body: Patch<P> | ((current: Data<"get", P>) => Patch<P>);
  /** The version that the change is meant for. Without it the resource is read first, and again when somebody else was quicker. */
  readonly etag?: string;
  /** Ends the call, and the waiting between its attempts. */
  readonly signal?: AbortSignal;
}

/** A client of one server, as one caller. */
export interface Rejoinder {
  /** Reads. */
  readonly GET: Call<"get">;
  /** Makes and moves. Each call has an `Idempotency-Key` of its own, so that it is safe to try again, and is tried again. */
  readonly POST: Call<"post">;
  /** Changes, for the version in `If-Match`: see {@link Rejoinder.change} for less to write. */
  readonly PATCH: Call<"patch">;
  /** Replaces. */
  readonly PUT: Call<"put">;
  /** Ends. */
  readonly DELETE: Call<"delete">;
  /**
   * Goes through a whole list, page by page, with the same filters.
   *
   * @example
   * ```ts
   * for await (const found of rejoinder.pages("/v1/cases", { params: { query: { status: "open" } } })) console.log(found.title);
   * ```
   */
  pages<P extends ListPath>(path: P, ...init: Optional<Init<"get", P>>): AsyncGenerator<Element<P>, void, undefined>;
  /**
   * Changes one resource without overwriting what somebody else changed.
   *
   * @throws RejoinderProblem with the code `stale` when the resource is not of the given version any more.
   */
  change<P extends ChangePath>(path: P, change: Change<P>): Promise<Answer<Data<"patch", P>>>;
}

/** What anybody may call: no token, and no `Idempotency-Key`, which these do not take. */
const PUBLIC: ReadonlySet<string> = new Set<keyof paths>([
  "/v1/sessions",
  "/v1/sessions/refresh",
  "/v1/invitations/accept",
  "/problems/{code}",
  "/v1/agenda.ics",
  "/livez",
  "/readyz",
]);

/** How often a change without a version is tried while others are quicker. */
const CHANGES = 5;

/** Makes a client. Nothing is sent before the first call. */
export function createRejoinder(options: RejoinderOptions): Rejoinder {
  const { baseUrl, token, credentials, language, patience = {}, fetch = globalThis.fetch } = options;
  const http = createClient<paths>({
    baseUrl,
    fetch: authorized,
    headers: { "Accept-Language": language },
    querySerializer: { array: { style: "form", explode: false } },
  });
  const tokens: Tokens | undefined = credentials && keepSession(credentials, openSession);

  http.use({
    async onRequest({ request, schemaPath }) {
      const headers = request.headers;
      if (request.method === "PATCH") headers.set("Content-Type", "application/merge-patch+json");
      if (PUBLIC.has(schemaPath)) return;
      if (request.method === "POST" && !headers.has("Idempotency-Key")) headers.set("Idempotency-Key", makeKey());
      if (headers.has("Authorization")) return;
      const bearer = tokens ? await tokens() : token;
      if (bearer !== undefined) headers.set("Authorization", `Bearer ${bearer}`);
    },
    async onResponse({ response }) {
      if (!response.ok) throw await RejoinderProblem.read(response);
    },
  });

  async function openSession(credentials: LogIn | Refresh): Promise<Session> {
    const { data } =
      "password" in credentials
        ? await POST("/v1/sessions", { body: credentials })
        : await POST("/v1/sessions/refresh", { body: credentials });
    options.onSession?.(data);
    return data;
  }

  /** Sends a request, and once more with another token when its own has ended. */
  async function authorized(request: Request): Promise<Response> {
    const response = await persist(request, fetch, patience);
    const refused = request.headers.get("Authorization")?.replace("Bearer ", "");
    // A wrong password is a 401, too, and another token would not mend it.
    if (response.status !== 401 || !tokens || refused === undefined || (await tell(response.clone())).code !== "unauthenticated") return response;
    request.headers.set("Authorization", `Bearer ${await tokens(refused)}`);
    return persist(request, fetch, patience);
  }

  function call<M extends "get" | "post" | "patch" | "put" | "delete">(method: M): Call<M> {
    return async (path, ...[init]) => {
      const { data, response } = await http.request(method, path as never, { ...init, parseAs: "text" } as never);
      // What is no JSON, as a calendar or a day of the register, is the text that it is.
      const isJson = response.headers.get("Content-Type")?.includes("json") && data !== undefined;
      return { data: (isJson ? JSON.parse(data) : data) as never, etag: response.headers.get("ETag") ?? undefined, response };
    };
  }
  const GET = call("get");
  const POST = call("post");
  const PATCH = call("patch");

  async function* pages<P extends ListPath>(path: P, ...[init]: Optional<Init<"get", P>>): AsyncGenerator<Element<P>, void, undefined> {
    let cursor: string | null | undefined;
    do {
      const query = { ...init?.params?.query, ...(cursor && { cursor }) };
      const page: Answer<unknown> = await GET(path, { ...init, params: { ...init?.params, query } } as never);
      const { data, next_cursor } = page.data as { data: Element<P>[]; next_cursor: string | null };
      yield* data;
      cursor = next_cursor;
    } while (cursor);
  }

  async function change<P extends ChangePath>(path: P, change: Change<P>): Promise<Answer<Data<"patch", P>>> {
    const { params, body, signal } = change;
    for (let attempt = 1; ; attempt++) {
      const reads = change.etag === undefined || typeof body === "function";
      const found = reads ? await GET(path, { params, signal } as never) : undefined;
      const patch = decide(body, found?.data as Data<"get", P>);
      const header = { "If-Match": change.etag ?? found?.etag };
      try {
        return await PATCH(path, { params: { ...params, header }, body: patch, signal } as never);
      } catch (error) {
        const overtaken = error instanceof RejoinderProblem && error.code === "stale" && change.etag === undefined;
        if (!overtaken || attempt >= CHANGES) throw error;
      }
    }
  }

  return { GET, POST, PATCH, PUT: call("put"), DELETE: call("delete"), pages, change };
}

function decide<P extends ChangePath>(body: Change<P>["body"], current: Data<"get", P>): Patch<P> {
  return typeof body === "function" ? (body as (current: Data<"get", P>) => Patch<P>)(current) : body;
}

/** A key that nobody else has made. Unlike `crypto.randomUUID` this is there in pages without TLS, too. */
function makeKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
