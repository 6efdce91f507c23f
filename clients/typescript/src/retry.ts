import { secondsToWait, tell } from "./problem.js";

/** How often and how long to try again. */
export interface Patience {
  /** How often a request is sent at most; 5 when absent, 1 never tries again. */
  readonly attempts?: number;
  /** How many seconds to wait at most before one attempt; 30 when absent. A server that wants more is not waited for. */
  readonly longestWait?: number;
}

/** The server did nothing, and asks to come back. */
const LATER: ReadonlySet<number> = new Set([408, 429, 503, 507]);
/** Something on the way does not know whether the server did anything. */
const LOST: ReadonlySet<number> = new Set([502, 504]);

/**
 * Sends a request until there is an answer that another attempt would not change.
 *
 * Whatever the server has refused for now is sent again. When the network fails, nobody knows what the server did: then only what has its effect
 * once is sent again, which is what reads and what carries an `Idempotency-Key`.
 */
export async function persist(request: Request, send: (request: Request) => Promise<Response>, patience: Patience): Promise<Response> {
  const { attempts = 5, longestWait = 30 } = patience;
  const once = request.method === "GET" || request.method === "HEAD" || request.headers.has("Idempotency-Key");
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= attempts;
    let wait: number | undefined;
    try {
      const response = await send(request.clone());
      if (last || !((once && LOST.has(response.status)) || (await isForLater(response)))) return response;
      wait = secondsToWait(response);
      if (wait !== undefined && wait > longestWait) return response;
      await response.body?.cancel();
    } catch (error) {
      if (last || !once || request.signal.aborted || !(error instanceof TypeError)) throw error;
    }
    await pause(Math.min(withJitter(wait, attempt), longestWait), request.signal);
  }
}

async function isForLater(response: Response): Promise<boolean> {
  return LATER.has(response.status) || (response.status === 409 && (await tell(response.clone())).code === "idempotency_in_flight");
}

/** What the server asks for and up to a quarter more, so that not everybody comes back at once; without its word, twice as long each time. */
function withJitter(asked: number | undefined, attempt: number): number {
  return asked === undefined ? 0.25 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2) : asked * (1 + Math.random() / 4) + Math.random() / 20;
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}
