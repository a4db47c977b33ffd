import type { Environment } from './environment.js';
/** Times and texts of the heartbeat. */
export interface HeartbeatOptions {
    /** The text that is sent; the server's option `heartbeat` must name it. `{"$ping":1}` by default. */
    request: string;
    /** The text that answers it. `{"$pong":1}` by default. */
    reply: string;
    /** The silence after which the client asks, in milliseconds; 10,000 by default. */
    idleMs: number;
    /** The time for the answer, in milliseconds; 5,000 by default. */
    answerMs: number;
}
/**
 * Notices a network that is dead without saying so. After a silence it asks once; without an answer in time the
 * connection is dead. Whatever comes is a sign of life. One timer runs while a connection is open.
 */
export declare class Heartbeat {
    #private;
    constructor(env: Environment, times: HeartbeatOptions, ask: () => void, dead: () => void);
    start(): void;
    stop(): void;
    heard(): void;
    /** Asks at once, unless something was heard just now or a question is open. */
    check(): void;
}
