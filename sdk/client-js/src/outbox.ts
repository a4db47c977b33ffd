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
export class Outbox {
  #limit: QueueOptions;
  #items: Item[] = [];
  #bytes = 0;

  constructor(limit: QueueOptions) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Adds a message, and returns those that give way, itself perhaps. */
  add(item: Item): Item[] {
    const { messages, bytes, drop } = this.#limit;
    const isFull = () => this.#items.length >= messages || this.#bytes + item.bytes > bytes;
    const dropped: Item[] = [];
    if (messages < 1 || item.bytes > bytes || (drop === 'newest' && isFull())) return [item];
    while (isFull()) dropped.push(...this.#take(0));
    this.#items.push(item);
    this.#bytes += item.bytes;
    return dropped;
  }

  /** Puts messages that were accepted before back in front, over the limit if need be. */
  putBack(items: Item[]): void {
    this.#items.unshift(...items);
    items.forEach((item) => { this.#bytes += item.bytes; });
  }

  /** Removes and returns the first message; undefined if there is none. */
  next(): Item | undefined {
    return this.#take(0)[0];
  }

  /** Removes the message of a call, and returns whether it was here. */
  remove(call: number): boolean {
    const at = this.#items.findIndex((item) => item.call === call);
    return at >= 0 && this.#take(at).length > 0;
  }

  #take(at: number): Item[] {
    const taken = this.#items.splice(at, 1);
    taken.forEach((item) => { this.#bytes -= item.bytes; });
    return taken;
  }
}

const utf8 = new TextEncoder();

/** Returns the length of a message, texts in UTF-8. */
export function bytesOf(data: string | ArrayBuffer | ArrayBufferView): number {
  return typeof data === 'string' ? utf8.encode(data).length : data.byteLength;
}
