import type { Environment } from './environment.js';
import type { Item } from './outbox.js';

/**
 * What is known about a call that failed: the server answered with an error (`failed`), the message never left
 * (`not sent`), or it left and nobody knows whether it took effect (`unknown`).
 */
export type Outcome = 'failed' | 'not sent' | 'unknown';

/** The failure of a call. Its code is the server's, or `deadline`, `broken`, `closed` or `full`. */
export class CallError extends Error {
  readonly code: string;
  readonly outcome: Outcome;

  constructor(code: string, message: string, outcome: Outcome) {
    super(message);
    this.name = 'CallError';
    this.code = code;
    this.outcome = outcome;
  }
}

export interface CallOptions {
  /** The time for the answer, in milliseconds, the time in the queue included; 10,000 by default. */
  deadline?: number;
  /** Sends the call again over the next connection, if its own breaks: for calls that may take effect twice. */
  repeat?: boolean;
}

/** The most calls that wait for an answer. */
export const CALLS_MAX = 1_000;

interface Pending {
  item: Item;
  /** True once the message has left, over whichever connection. */
  wasSent: boolean;
  /** True while its answer may come over the connection that is open. */
  isOut: boolean;
  repeat: boolean;
  timer: unknown;
  resolve(answer: any): void;
  reject(error: CallError): void;
}

/** The calls that wait for an answer, by the number that the answer names. */
export class Calls {
  #env: Environment;
  #pending = new Map<number, Pending>();
  #last = 0;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** Returns the number of the next call. */
  number(): number {
    return ++this.#last;
  }

  begin(item: Item, { deadline = 10_000, repeat = false }: CallOptions, onLate: (call: number) => void): Promise<any> {
    const call = item.call!;
    if (this.#pending.size >= CALLS_MAX) {
      return Promise.reject(new CallError('full', `${CALLS_MAX} calls wait for an answer already`, 'not sent'));
    }
    return new Promise((resolve, reject) => {
      const timer = this.#env.setTimeout(() => {
        onLate(call);
        this.fail(call, 'deadline', `no answer within ${deadline} ms`);
      }, deadline);
      this.#pending.set(call, { item, wasSent: false, isOut: false, repeat, timer, resolve, reject });
    });
  }

  /** Returns whether a call waits for its answer. */
  waits(call: number): boolean {
    return this.#pending.has(call);
  }

  sent(call: number): void {
    const pending = this.#pending.get(call);
    if (pending) pending.wasSent = pending.isOut = true;
  }

  /** Hands an answer to its call, and returns whether there is one. */
  answer(call: number, error: { code?: string; message?: string } | undefined, answer: unknown): boolean {
    const pending = this.#end(call);
    if (error) pending?.reject(new CallError(`${error.code}`, `${error.message}`, 'failed'));
    else pending?.resolve(answer);
    return !!pending;
  }

  /** Fails a call, whose outcome is unknown if its message has left. */
  fail(call: number, code: string, why: string): void {
    const pending = this.#end(call);
    pending?.reject(new CallError(code, why, pending.wasSent ? 'unknown' : 'not sent'));
  }

  /** Fails the calls whose connection broke, and returns the messages of those that may be repeated. */
  broken(): Item[] {
    const again: Item[] = [];
    for (const [call, pending] of [...this.#pending]) {
      if (pending.isOut && pending.repeat) {
        pending.isOut = false;
        again.push(pending.item);
      } else if (pending.isOut) {
        this.fail(call, 'broken', 'the connection broke before the answer came');
      }
    }
    return again;
  }

  #end(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    this.#pending.delete(call);
    this.#env.clearTimeout(pending?.timer);
    return pending;
  }
}
