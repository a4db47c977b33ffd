// What the scripts share: editors that are clients of y-websocket, and what they share with all other scripts.
import WebSocket from 'ws';
import * as Y from 'yjs';
import { WebsocketProvider } from 'y-websocket';
import { within } from '../js/shared.mjs';

export { test, within } from '../js/shared.mjs';

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
