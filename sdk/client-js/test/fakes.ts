// A clock that tests move by hand, and sockets without a network.
import type { Environment, Listenable, Socket } from '../src/environment.js';

export class FakeClock {
  nowMs = 1_000_000;
  #timers: { due: number; action: () => void }[] = [];

  setTimeout = (action: () => void, ms: number) => {
    const timer = { due: this.nowMs + ms, action };
    this.#timers.push(timer);
    return timer;
  };

  clearTimeout = (timer: any) => {
    this.#timers = this.#timers.filter((one) => one !== timer);
  };

  /** Moves the clock, and runs the timers that are due, each at its time. */
  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    await settled();
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.nowMs = Math.max(this.nowMs, next.due);
      this.clearTimeout(next);
      next.action();
      await settled();
    }
    this.nowMs = end;
  }

  /** Moves the clock without running a timer, as when the machine sleeps. */
  sleep(ms: number): void {
    this.nowMs += ms;
  }

  /** The time until the next timer. */
  get nextMs(): number | undefined {
    const due = this.#timers.map((timer) => timer.due).sort((a, b) => a - b)[0];
    return due === undefined ? undefined : due - this.nowMs;
  }
}

/** Lets everything that waits for a promise go on. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await null;
}

/** A socket whose other side is the test. It keeps the rules of `socket-contract.test.ts`. */
export class FakeSocket implements Socket {
  static CONNECTING = 0;
  binaryType = 'blob';
  bufferedAmount = 0;
  readyState = 0;
  onopen: ((event: any) => void) | null = null;
  onmessage: ((event: any) => void) | null = null;
  onclose: ((event: any) => void) | null = null;
  onerror: ((event: any) => void) | null = null;
  sent: any[] = [];
  closedWith: [number | undefined, string | undefined] | undefined;

  constructor(readonly url: string) {}

  send(data: any): void {
    if (this.readyState === 0) throw new Error('InvalidStateError');
    if (this.readyState === 1) this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code < 5000)) throw new Error('InvalidAccessError');
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.closedWith = [code, reason];
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.({});
  }

  say(data: unknown): void {
    this.onmessage?.({ data: typeof data === 'string' || data instanceof ArrayBuffer ? data : JSON.stringify(data) });
  }

  end(code = 1006, reason = ''): void {
    this.readyState = 3;
    if (code === 1006) this.onerror?.({});
    this.onclose?.({ code, reason, wasClean: code !== 1006 });
  }
}

class FakeTarget implements Listenable {
  visibilityState = 'visible';
  #listeners = new Map<string, Set<() => void>>();

  addEventListener(type: string, listener: () => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: () => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  fire(type: string): void {
    [...this.#listeners.get(type) ?? []].forEach((listener) => listener());
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

/** Everything around a client. */
export class World {
  clock = new FakeClock();
  sockets: FakeSocket[] = [];
  window = new FakeTarget();
  document = new FakeTarget();
  random = 1;
  /** What the server answers to the question when to come back: status and Retry-After; undefined fails. */
  probe: [number, string | null] | undefined;
  asked: { url: string; init: any }[] = [];

  readonly environment: Environment;

  constructor() {
    const world = this;
    this.environment = {
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(url);
          world.sockets.push(this);
        }
      },
      fetch: async (url, init) => {
        this.asked.push({ url, init });
        if (!this.probe) throw new TypeError('fetch failed');
        const [status, after] = this.probe;
        return { status, headers: { get: (name: string) => (name === 'Retry-After' ? after : null) } };
      },
      now: () => this.clock.nowMs,
      random: () => this.random,
      setTimeout: this.clock.setTimeout,
      clearTimeout: this.clock.clearTimeout,
      window: this.window,
      document: this.document,
    };
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }
}
