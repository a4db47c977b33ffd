// What the scripts share: bounded waits, sockets that keep what they hear, talk with the test that runs the script.
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

export const LIMIT_MS = 30_000;

/** Fails if it takes too long. */
export async function within(promise, what, limitMs = LIMIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A WebSocket that keeps what it hears until somebody asks. */
export class Peer {
  #heard = [];
  #asking = null;

  constructor(url, options) {
    this.socket = new WebSocket(url, options);
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', () => resolve(this));
      this.socket.once('error', reject);
    });
    // An error is always followed by a close, which is what is looked at.
    this.socket.on('error', () => {});
    this.socket.on('message', (data, isBinary) => this.#hear({ data: isBinary ? data : data.toString() }));
    this.socket.on('pong', (data) => this.#hear({ pong: data.toString() }));
    this.socket.on('close', (code, reason) => this.#hear({ code, reason: reason.toString() }));
  }

  static open(url, options) {
    return within(new Peer(url, options).opened, `opening ${url}`);
  }

  #hear(event) {
    if (this.#asking) this.#asking(event);
    else this.#heard.push(event);
    this.#asking = null;
  }

  /** What came next: {data}, {pong} or {code, reason}. */
  next() {
    const event = this.#heard.length
      ? Promise.resolve(this.#heard.shift())
      : new Promise((resolve) => { this.#asking = resolve; });
    return within(event, 'waiting for what comes next');
  }

  async ask(message, options) {
    this.socket.send(message, options);
    return (await this.next()).data;
  }

  close() {
    this.socket.terminate();
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the test for something, and waits until it says that it is done. */
export async function test(request) {
  console.log(request);
  const { value } = await within(lines.next(), `the test was asked to ${request}`);
  if (value !== 'done') throw new Error(`the test answered ${value}`);
}
