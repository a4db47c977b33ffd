const INTERVAL = 1_000;
const TIMEOUT = 4_000;

/**
 * Asks the server for its rooms about once a second while the tab is visible, and while the server is away, too: an
 * answer after a failure is the sign that it is back. Many pages that wait for it do not all ask in the same moment.
 */
export class RoomsPoll {
  #onRooms;
  #onStale;
  #onBack;
  #isAway = false;
  #timer = null;
  #busy = false;
  #heardAt = null;

  constructor({ onRooms, onStale, onBack }) {
    this.#onRooms = onRooms;
    this.#onStale = onStale;
    this.#onBack = onBack;
    document.addEventListener('visibilitychange', () => this.now());
    this.now();
  }

  async now() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#busy) return;
    this.#busy = true;
    const heard = await this.#ask();
    this.#busy = false;
    const isBack = heard && this.#isAway;
    this.#isAway = !heard;
    this.#timer = setTimeout(() => this.now(), heard ? INTERVAL : INTERVAL * (0.5 + Math.random() / 2));
    if (isBack) this.#onBack();
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
