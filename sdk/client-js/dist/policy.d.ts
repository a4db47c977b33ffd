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
export declare const SOON_MS = 2000;
export declare const LATER_MS = 5000;
export declare const LATER_SPREAD_MS = 10000;
export declare const RETRY_AFTER_MS_MAX = 3600000;
/** Returns the step after a close code. */
export declare function afterClose(code: number): Next;
/**
 * Returns the pause before the next attempt.
 *
 * @param failures how many attempts have failed since the last good connection
 * @param random 0 to 1, which spreads the clients of one server over the whole window
 * @param retryAfterMs the server's wish; undefined if it has none
 */
export declare function pauseMs(next: Next, failures: number, random: number, backoff: Backoff, retryAfterMs?: number): number;
/** Returns the time that a header `Retry-After` asks for, at most an hour; undefined if it asks for none. */
export declare function retryAfterMs(header: string | null, nowMs: number): number | undefined;
