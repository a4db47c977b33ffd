const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;
const CONNECT_TIMEOUT = 10_000;

/**
 * A WebSocket that comes back: it reconnects with exponential backoff and jitter until closed. Who learns otherwise that
 * the server is back says so, and it begins anew.
 * Status: {phase: 'connecting' | 'online' | 'waiting', failures, until}.
 */
export class Connection {
  #url;
  #onMessage;
  #onStatus;
  #socket = null;
  #timer = null;
  #failures = 0;
  #failuresInRow = 0;
  #phase = 'connecting';

  /** @param url a function, because the name in it may change between attempts */
  constructor({ url, onMessage, onStatus }) {
    this.#url = url;
    this.#onMessage = onMessage;
    this.#onStatus = onStatus;
    this.#connect();
  }

  get online() {
    return this.#phase === 'online' && this.#socket.readyState === WebSocket.OPEN;
  }

  send(message) {
    if (!this.online) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  retryNow() {
    if (this.#phase === 'waiting') this.#connect();
  }

  /** The server answers again: it is tried at once, and again within a second if that fails. */
  serverIsBack() {
    this.#failuresInRow = 0;
    this.retryNow();
  }

  close() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#report('connecting');
    const socket = new WebSocket(this.#url());
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(socket), CONNECT_TIMEOUT);
    socket.onmessage = (event) => this.#received(socket, event.data);
    socket.onclose = () => this.#lost(socket);
  }

  #received(socket, data) {
    if (socket !== this.#socket) return;
    // An open socket alone proves little: only a server that speaks is back.
    if (this.#phase !== 'online') {
      clearTimeout(this.#timer);
      this.#failures = 0;
      this.#failuresInRow = 0;
      this.#report('online');
    }
    this.#onMessage(JSON.parse(data));
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.close();
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failuresInRow) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#failuresInRow += 1;
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#report('waiting', Date.now() + delay);
  }

  #report(phase, until = null) {
    this.#phase = phase;
    this.#onStatus({ phase, failures: this.#failures, until });
  }
}
