/** When a client connects again. Pure functions: no clock, no socket. */

/**
 * The step after the end of a connection: `stop` for good, try again `soon` (the server restarts), `later` (it has too
 * much to do), or `retry` with a growing pause.
 */
export type Next = 'stop' | 'soon' | 'later' | 'retry';

/** The pauses between attempts, in milliseconds. */
export interface Backoff {
  /** The longest first pause; each failure doubles it. 250 by default. */
  baseMs: number;
  /** The longest pause of all. 30,000 by default. */
  capMs: number;
}

export const SOON_MS = 2_000;
export const LATER_MS = 5_000;
export const LATER_SPREAD_MS = 10_000;
export const RETRY_AFTER_MS_MAX = 3_600_000;

/** Normal ends, faults that a repetition would bring back, and codes of libraries and applications. */
const STOPS = /^(10(00|0[23789]|10)|[34]...)$/;

/** Returns the step after a close code. */
export function afterClose(code: number): Next {
  return code === 1012 ? 'soon' : code === 1013 ? 'later' : STOPS.test(`${code}`) ? 'stop' : 'retry';
}

/** Returns the longest pause after this many failures. */
function windowMs(failures: number, { baseMs, capMs }: Backoff): number {
  return Math.min(capMs, baseMs * 2 ** failures);
}

/**
 * Returns the pause before the next attempt.
 *
 * @param failures how many attempts have failed since the last good connection
 * @param random 0 to 1, which spreads the clients of one server over the whole window
 * @param retryAfterMs the server's wish; undefined if it has none
 */
export function pauseMs(next: Next, failures: number, random: number, backoff: Backoff, retryAfterMs?: number): number {
  const window = windowMs(failures, backoff);
  if (retryAfterMs !== undefined) return retryAfterMs + random * Math.max(window, 1_000);
  if (next === 'soon') return random * Math.max(window, SOON_MS);
  if (next === 'later') return LATER_MS + random * Math.max(window, LATER_SPREAD_MS);
  return random * window;
}

/** Returns the time that a header `Retry-After` asks for, at most an hour; undefined if it asks for none. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (!header) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return ms >= 0 ? Math.min(ms, RETRY_AFTER_MS_MAX) : undefined;
}
