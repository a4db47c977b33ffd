const INTERVAL = 1_000;
const INTERVAL_AFTER_FAILURE = 3_000;
const TIMEOUT = 4_000;

/** Asks the server for its rooms once a second while the tab is visible. */
export class RoomsPoll {
  #onRooms;
  #onStale;
  #timer = null;
  #busy = false;
  #heardAt = null;

  constructor({ onRooms, onStale }) {
    this.#onRooms = onRooms;
    this.#onStale = onStale;
    document.addEventListener('visibilitychange', () => this.now());
    this.now();
  }

  async now() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#busy) return;
    this.#busy = true;
    const heard = await this.#ask();
    this.#busy = false;
    this.#timer = setTimeout(() => this.now(), heard ? INTERVAL : INTERVAL_AFTER_FAILURE);
  }

  async #ask() {
    try {
      const response = await fetch('/rooms', { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const { rooms } = await response.json();
      this.#heardAt = Date.now();
      this.#onRooms(rooms);
      return true;
    } catch {
      this.#onStale(this.#heardAt);
      return false;
    }
  }
}
