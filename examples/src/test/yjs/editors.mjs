// What the scripts share: bounded waits, editors that are clients of y-websocket, talk with the test that runs the script.
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import * as Y from 'yjs';
import { WebsocketProvider } from 'y-websocket';

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

/** A document that is open in an unchanged client. */
export class Editor {
  constructor(server, name, options = {}) {
    this.doc = new Y.Doc();
    this.text = this.doc.getText('text');
    // The channel between tabs of a browser would go around the server.
    this.provider = new WebsocketProvider(`${server}/yjs`, name, this.doc, { WebSocketPolyfill: WebSocket, disableBc: true, ...options });
    this.synced = within(new Promise((resolve) => { this.provider.on('sync', (isSynced) => isSynced && resolve()); }), `synchronizing ${name}`);
    this.synced.catch(() => {});
  }

  static async open(server, name, options) {
    const editor = new Editor(server, name, options);
    await editor.synced;
    return editor;
  }

  /** Waits until the document, or who is here, makes this true. */
  until(isTrue, what) {
    return within(new Promise((resolve) => {
      const look = () => isTrue() && resolve();
      this.doc.on('update', look);
      this.provider.awareness.on('change', look);
      look();
    }), what);
  }

  /** The names of those who are here, as this editor shows them. */
  names() {
    return [...this.provider.awareness.getStates().values()].map((state) => state.name).filter(Boolean).sort();
  }

  close() {
    this.provider.destroy();
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the test for something, and waits until it says that it is done. */
export async function test(request) {
  console.log(request);
  const { value } = await within(lines.next(), `the test was asked to ${request}`);
  if (value !== 'done') throw new Error(`the test answered ${value}`);
}
