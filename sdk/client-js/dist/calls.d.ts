import type { Environment } from './environment.js';
import type { Item } from './outbox.js';
/**
 * What is known about a call that failed: the server answered with an error (`failed`), the message never left
 * (`not sent`), or it left and nobody knows whether it took effect (`unknown`).
 */
export type Outcome = 'failed' | 'not sent' | 'unknown';
/** The failure of a call. Its code is the server's, or `deadline`, `broken`, `closed` or `full`. */
export declare class CallError extends Error {
    readonly code: string;
    readonly outcome: Outcome;
    constructor(code: string, message: string, outcome: Outcome);
}
export interface CallOptions {
    /** The time for the answer, in milliseconds, the time in the queue included; 10,000 by default. */
    deadline?: number;
    /** Sends the call again over the next connection, if its own breaks: for calls that may take effect twice. */
    repeat?: boolean;
}
/** The most calls that wait for an answer. */
export declare const CALLS_MAX = 1000;
/** The calls that wait for an answer, by the number that the answer names. */
export declare class Calls {
    #private;
    constructor(env: Environment);
    /** Returns the number of the next call. */
    number(): number;
    begin(item: Item, { deadline, repeat }: CallOptions, onLate: (call: number) => void): Promise<any>;
    /** Returns whether a call waits for its answer. */
    waits(call: number): boolean;
    sent(call: number): void;
    /** Hands an answer to its call, and returns whether there is one. */
    answer(call: number, error: {
        code?: string;
        message?: string;
    } | undefined, answer: unknown): boolean;
    /** Fails a call, whose outcome is unknown if its message has left. */
    fail(call: number, code: string, why: string): void;
    /** Fails the calls whose connection broke, and returns the messages of those that may be repeated. */
    broken(): Item[];
}
