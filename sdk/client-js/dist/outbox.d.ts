/** A message on its way: its bytes as the socket takes them. */
export interface Item {
    data: string | ArrayBuffer | ArrayBufferView;
    bytes: number;
    /** The message as the caller gave it. */
    message: unknown;
    /** The number of the call that waits for an answer; undefined for other messages. */
    call?: number;
}
/** The limit of messages that wait while there is no connection. */
export interface QueueOptions {
    /** The number of messages; 100 by default, 0 to keep none. */
    messages: number;
    /** Their bytes, also those that an open socket has not sent; 1 MiB by default. */
    bytes: number;
    /** The messages that give way when the queue is full: the `oldest`, or the `newest` (the default). */
    drop: 'oldest' | 'newest';
}
/** Messages that wait for a connection, in order and within a limit. */
export declare class Outbox {
    #private;
    constructor(limit: QueueOptions);
    get length(): number;
    /** Adds a message, and returns those that give way, itself perhaps. */
    add(item: Item): Item[];
    /** Puts messages that were accepted before back in front, over the limit if need be. */
    putBack(items: Item[]): void;
    /** Removes and returns the first message; undefined if there is none. */
    next(): Item | undefined;
    /** Removes the message of a call, and returns whether it was here. */
    remove(call: number): boolean;
}
/** Returns the length of a message, texts in UTF-8. */
export declare function bytesOf(data: string | ArrayBuffer | ArrayBufferView): number;
