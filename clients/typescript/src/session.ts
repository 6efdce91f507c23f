import type { LogIn, Refresh, Session } from "./openapi.js";
import { RejoinderProblem } from "./problem.js";

/** Seconds before its end at which an access token is renewed. */
const MARGIN = 30;

/** An access token for the next request: another one than `refused`, which the server did not take. */
export type Tokens = (refused?: string) => Promise<string>;

/**
 * Keeps a session alive. However many requests find the token at its end, one of them renews it and the others wait for that: a refresh token is
 * good once.
 */
export function keepSession(credentials: LogIn | Refresh, open: (credentials: LogIn | Refresh) => Promise<Session>): Tokens {
  interface Held extends Session {
    readonly goodUntil: number;
  }
  let held: Promise<Held> | undefined;

  async function begin(credentials: LogIn | Refresh): Promise<Held> {
    const session = await open(credentials);
    return { ...session, goodUntil: Date.now() + 1000 * Math.max(session.expires_in - MARGIN, session.expires_in / 2) };
  }

  async function renew(session: Session): Promise<Held> {
    try {
      return await begin({ refresh_token: session.refresh_token });
    } catch (error) {
      const ended = error instanceof RejoinderProblem && error.status === 401;
      if (ended && "password" in credentials) return begin(credentials);
      throw error;
    }
  }

  /** Holds what comes next, and what was before when it fails. */
  function hold(next: Promise<Held>): Promise<Held> {
    const before = held;
    held = next;
    next.catch(() => {
      if (held === next) held = before;
    });
    return next;
  }

  return async (refused) => {
    const found = held ?? hold(begin(credentials));
    const session = await found;
    if (session.access_token !== refused && Date.now() < session.goodUntil) return session.access_token;
    const renewed = held === found || held === undefined ? hold(renew(session)) : held;
    return (await renewed).access_token;
  };
}
