import { avatar, el, plural, setText } from './dom.js';

const GROUP_GAP = 5 * 60_000;
const NEAR_END = 80;
const MOST_LINES = 600;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const longDay = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });

/** The scrolling conversation: groups messages, separates days, keeps to the end while the reader is there. */
export class MessageList {
  #list;
  #scroller;
  #jump;
  #welcome;
  #previous = null;
  #day = null;
  #missed = 0;
  #atEnd = true;

  constructor({ list, scroller, jump, welcome }) {
    this.#list = list;
    this.#scroller = scroller;
    this.#jump = jump;
    this.#welcome = welcome;
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    jump.addEventListener('click', () => this.#toEnd());
    // The phone's keyboard, a growing composer and a turned screen must not hide the newest message.
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(scroller);
  }

  clear() {
    this.#list.replaceChildren();
    this.#welcome.hidden = true;
    this.#previous = this.#day = null;
    this.#toEnd();
  }

  /** Replaces everything, without reading a hundred old messages aloud. */
  reset(history) {
    const offset = this.#scroller.scrollTop;
    const follow = this.#atEnd || this.#list.childElementCount === 0;
    this.#list.setAttribute('aria-live', 'off');
    this.#list.replaceChildren();
    this.#previous = this.#day = null;
    for (const entry of history) this.#append(entry);
    this.#welcome.hidden = history.length > 0;
    if (follow) this.#toEnd();
    else this.#scroller.scrollTop = offset;
    setTimeout(() => this.#list.setAttribute('aria-live', 'polite'), 500);
  }

  add(entry, { mine }) {
    this.#welcome.hidden = true;
    this.#append(entry);
    if (mine || this.#atEnd) this.#toEnd();
    else this.#showMissed(this.#missed + 1);
  }

  /** A quiet line; the parts are strings and elements. */
  note(parts, kind = 'presence') {
    this.#previous = null;
    this.#list.append(el('p', { class: `note ${kind}` }, ...parts));
    if (this.#atEnd) this.#toEnd();
  }

  #append(entry) {
    this.#separateDays(new Date(entry.at));
    const continues = this.#previous?.name === entry.name && entry.at - this.#previous.at < GROUP_GAP;
    this.#list.append(continues ? continuation(entry) : opening(entry));
    this.#previous = entry;
  }

  #separateDays(date) {
    const day = date.toDateString();
    if (day === this.#day) return;
    this.#day = day;
    this.#previous = null;
    this.#list.append(el('div', { class: 'day' }, el('time', { 'data-day': day })));
    for (const time of this.#list.querySelectorAll('.day time')) setText(time, dayName(new Date(time.dataset.day)));
  }

  #toEnd() {
    if (this.#list.childElementCount > MOST_LINES) this.#list.firstElementChild.remove();
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#atEnd = true;
    this.#showMissed(0);
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.#atEnd) this.#showMissed(0);
  }

  #showMissed(count) {
    this.#missed = count;
    this.#jump.hidden = count === 0;
    setText(this.#jump, plural(count, 'new message'));
  }
}

function opening(entry) {
  return message(entry, 'opens', avatar(entry.name),
    el('div', { class: 'byline' }, el('bdi', { class: 'author' }, entry.name), timeOf(entry)));
}

function continuation(entry) {
  return message(entry, 'continues', el('bdi', { class: 'visually-hidden' }, entry.name), timeOf(entry));
}

function message(entry, kind, ...head) {
  return el('div', { class: `message ${kind}`, 'data-testid': 'message', 'data-id': entry.id },
    ...head, el('p', { class: 'text', dir: 'auto' }, entry.text));
}

function timeOf({ at }) {
  const date = new Date(at);
  return el('time', { datetime: date.toISOString(), title: fullTime.format(date) }, clock.format(date));
}

function dayName(date) {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return 'Today';
  if (date.toDateString() === yesterday.toDateString()) return 'Yesterday';
  return longDay.format(date);
}
