import { type CallOptions } from './calls.js';
import { type Environment } from './environment.js';
import { type HeartbeatOptions } from './heartbeat.js';
import { type QueueOptions } from './outbox.js';
import { type Backoff, type Next } from './policy.js';
/**
 * The life of a connection:
 *
 *     connecting ──► open ──► waiting ──► connecting …
 *                      └────► closed (by close(), or by a code after which there is no use in trying again)
 *     any of the first three ──► offline (the page has no network) ──► connecting …
 */
export type State = 'connecting' | 'open' | 'waiting' | 'offline' | 'closed';
export interface StateEvent {
    state: State;
    /** How many attempts have failed since the last good connection. */
    failures: number;
    /** The time of the next attempt, as Date.now() tells it; undefined unless one is due. */
    retryAtMs?: number;
}
export interface CloseEvent {
    code: number;
    reason: string;
    wasClean: boolean;
    /** False if the connection had not been opened: the server is away or has refused. */
    wasOpen: boolean;
    /** What follows. */
    next: Next;
}
export interface DropEvent {
    /** The message, or the answer of a call that has ended. */
    message: unknown;
    why: 'queue full' | 'closed' | 'late answer';
}
/** Raw bytes, which are never JSON. */
export type Bytes = ArrayBuffer | ArrayBufferView;
/** What became of a message: handed to an open socket, kept until one is open, or dropped, which an event tells too. */
export type Sent = 'sent' | 'queued' | 'dropped';
export interface Events<In> {
    message: In;
    binary: ArrayBuffer;
    open: undefined;
    close: CloseEvent;
    state: StateEvent;
    drop: DropEvent;
    error: Error;
}
export interface Options {
    /** Subprotocols to offer. */
    protocols?: string | string[];
    /** Passes texts as they are instead of JSON; there are no calls then. */
    raw?: boolean;
    /** False sends no heartbeats. */
    heartbeat?: Partial<HeartbeatOptions> | false;
    queue?: Partial<QueueOptions>;
    backoff?: Partial<Backoff>;
    /** How long a connection must last until earlier failures are forgotten; 5,000 ms by default. */
    goodMs?: number;
    /** The time for a handshake; 10,000 ms by default. */
    handshakeMs?: number;
    /** Overrules what follows a close code, such as one of the application from 4000 on; undefined leaves it. */
    afterClose?(code: number, reason: string): Next | undefined;
    /** False does not ask the server by HTTP when to come back after it has refused an upgrade. */
    probe?: boolean;
    /** Replaces parts of the platform, such as `WebSocket` on Node 20. */
    environment?: Partial<Environment>;
}
/** The address of the server: a URL, also a relative one in pages, or a function that is asked before each attempt. */
export type Address = string | URL | (() => string | URL | Promise<string | URL>);
/** A WebSocket that comes back. */
export interface Connection<In, Out> {
    readonly state: State;
    /** Calls the listener whenever the event happens, and returns a function that ends this. */
    on<E extends keyof Events<In>>(event: E, listener: (value: Events<In>[E]) => void): () => void;
    /** Calls the listener for each message whose field `type` is this. */
    onType<T extends TypeOf<In>>(type: T, listener: (message: Extract<In, {
        type: T;
    }>) => void): () => void;
    send(message: Out | Bytes): Sent;
    /** Sends a message with an id, and waits for the answer with that id. Fails with a {@link CallError}. */
    call<Answer = In>(message: Out, options?: CallOptions): Promise<Answer>;
    /** Tries at once, and forgets earlier failures; nothing happens while a connection is open or on its way. */
    reconnect(): void;
    /** Ends the connection for good, unless reconnect() is called. What still waits is dropped. */
    close(code?: number, reason?: string): void;
}
export type TypeOf<In> = In extends {
    type: infer T;
} ? T : never;
/**
 * Opens a connection and keeps it open.
 *
 * @throws TypeError or SyntaxError if the address is not a URL
 */
export declare function connect<In = any, Out = any>(address: Address, options?: Options): Connection<In, Out>;
