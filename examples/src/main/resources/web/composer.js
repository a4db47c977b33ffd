import { byId, setText } from './dom.js';

const LIMIT = 2_000;
const COUNT_FROM = 1_800;
const TALLEST = 168;

/** The text field: grows with its text, counts near the limit, keeps what could not be sent. */
export class Composer {
  #field = byId('composer');
  #phase = 'connecting';
  #asleep = false;
  #drafts = new Map();

  /** @param onSend takes the text, returns whether it went out */
  constructor({ onSend }) {
    this.#field.addEventListener('input', () => this.#update());
    this.#field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      byId('composer-form').requestSubmit();
    });
    byId('composer-form').addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#sendable() && onSend(this.#field.value.trim())) this.#write('');
    });
    this.#update();
  }

  focus() {
    this.#field.focus();
  }

  /** 'connecting' until the server is reached or fails for the first time, then 'online' or 'offline'. */
  set phase(phase) {
    this.#phase = phase;
    this.#update();
  }

  set asleep(asleep) {
    if (this.#asleep === asleep) return;
    this.#asleep = asleep;
    this.#update();
  }

  /** Puts texts that did not get through back in front of what is being written. */
  giveBack(texts) {
    if (texts.length) this.#write([...texts, this.#field.value].filter(Boolean).join('\n'));
  }

  changeRoom(from, to) {
    if (from) this.#drafts.set(from, this.#field.value);
    this.#write(this.#drafts.get(to) ?? '');
  }

  #write(text) {
    this.#field.value = text;
    this.#update();
  }

  #sendable() {
    const text = this.#field.value.trim();
    return this.#phase === 'online' && text.length > 0 && text.length <= LIMIT;
  }

  #update() {
    const length = this.#field.value.trim().length;
    byId('send').disabled = !this.#sendable();
    setText(byId('counter'), countText(length));
    byId('counter').classList.toggle('over', length > LIMIT);
    this.#field.placeholder = this.#asleep ? 'Say something to wake the room' : 'Say something';
    setText(byId('composer-hint'), this.#hint(length));
    byId('composer-form').classList.toggle('offline', this.#phase !== 'online');
    this.#grow();
  }

  #hint(length) {
    if (this.#phase === 'connecting') return 'Connecting';
    if (this.#phase === 'offline') return 'Offline, text is kept';
    if (length > LIMIT) return `At most ${LIMIT.toLocaleString('en')} characters`;
    return 'Enter to send, Shift+Enter for a new line';
  }

  #grow() {
    this.#field.style.height = 'auto';
    this.#field.style.height = `${Math.min(this.#field.scrollHeight, TALLEST)}px`;
  }
}

function countText(length) {
  if (length < COUNT_FROM) return '';
  return length > LIMIT ? `${(length - LIMIT).toLocaleString('en')} too many` : `${LIMIT - length} left`;
}
