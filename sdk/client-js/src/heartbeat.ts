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

/** A timer that is later than this was suspended with its page or its machine. */
const LATE_MS = 1_000;

/**
 * Notices a network that is dead without saying so. After a silence it asks once; without an answer in time the
 * connection is dead. Whatever comes is a sign of life. One timer runs while a connection is open.
 */
export class Heartbeat {
  #env: Environment;
  #times: HeartbeatOptions;
  #ask: () => void;
  #dead: () => void;
  #timer: unknown;
  #heardAt = 0;
  /** The time at which the question was asked; undefined while none is open. */
  #askedAt: number | undefined;

  constructor(env: Environment, times: HeartbeatOptions, ask: () => void, dead: () => void) {
    this.#env = env;
    this.#times = times;
    this.#ask = ask;
    this.#dead = dead;
  }

  start(): void {
    this.heard();
    this.#wait(this.#times.idleMs);
  }

  stop(): void {
    this.#env.clearTimeout(this.#timer);
    this.#askedAt = undefined;
  }

  heard(): void {
    this.#heardAt = this.#env.now();
    this.#askedAt = undefined;
  }

  /** Asks at once, unless something was heard just now or a question is open. */
  check(): void {
    if (this.#askedAt === undefined && this.#env.now() - this.#heardAt >= LATE_MS) this.#question();
  }

  #wait(ms: number): void {
    this.#env.clearTimeout(this.#timer);
    const due = this.#env.now() + ms;
    this.#timer = this.#env.setTimeout(() => this.#ring(due), ms);
  }

  #ring(due: number): void {
    const now = this.#env.now();
    const silent = now - this.#heardAt;
    const { idleMs } = this.#times;
    if (this.#askedAt !== undefined) {
      // A page that was suspended may not have been given the answer yet: it asks once more.
      if (now - due > LATE_MS) this.#question();
      else this.#dead();
    } else if (silent >= idleMs) {
      this.#question();
    } else {
      this.#wait(Math.min(idleMs, idleMs - silent));
    }
  }

  #question(): void {
    this.#askedAt = this.#env.now();
    this.#wait(this.#times.answerMs);
    this.#ask();
  }
}
