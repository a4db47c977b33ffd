// A small chart of the last minutes: one or two lines from zero, and what they were where one points.
import { el, setText, svg } from './dom.js';

const WIDTH = 300;
const HEIGHT = 40;

/** A line through the values, which end at the right; the newest is the last. */
function pathOf(values, most, room) {
  const left = room - values.length;
  return values
    .map((value, i) => `${i ? 'L' : 'M'}${(((left + i) / (room - 1)) * WIDTH).toFixed(1)} ${(HEIGHT - 1 - (value / most) * (HEIGHT - 3)).toFixed(1)}`)
    .join('');
}

export class Chart {
  #label;
  #format;
  #names;
  #number = el('span', { class: 'number' });
  #unit = el('span', { class: 'unit' });
  #note = el('p', { class: 'note' });
  #most = el('span', { class: 'most', 'aria-hidden': 'true' });
  #lines;
  #area = svg('path', { class: 'area' });
  #mark = svg('line', { class: 'mark', y1: 0, y2: HEIGHT, visibility: 'hidden' });
  #picture;
  #series = [];
  #room = 0;
  #stepMs = 1000;
  #noteText = '';
  #pointed = null;

  /** names are those of the lines; format makes a number readable. */
  constructor(id, label, names, format) {
    this.#label = label;
    this.#names = names;
    this.#format = format;
    this.#lines = names.map((name, i) => svg('path', { class: `line line-${i}` }));
    this.#picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
      this.#area, ...this.#lines, this.#mark);
    this.#picture.addEventListener('pointermove', (event) => this.#point(event));
    this.#picture.addEventListener('pointerleave', () => this.#point(null));
    this.element = el('div', { class: 'cell', 'data-testid': `cell-${id}` },
      el('h2', {}, label), el('p', { class: 'now' }, this.#number, ' ', this.#unit),
      el('div', { class: 'plot' }, this.#picture, this.#most), this.#note);
  }

  /** series has a list of numbers for each line. */
  update({ number, unit = '', note = '', series, room, stepMs }) {
    setText(this.#number, number);
    setText(this.#unit, unit);
    this.#noteText = note;
    this.#series = series;
    this.#room = room;
    this.#stepMs = stepMs;
    const most = Math.max(...series.map((values) => Math.max(0, ...values)));
    setText(this.#most, most > 0 ? `max ${this.#format(most)}` : '');
    series.forEach((values, i) => this.#lines[i].setAttribute('d', pathOf(values, most || 1, room)));
    const first = series[0].length;
    this.#area.setAttribute('d', first > 1
      ? `${pathOf(series[0], most || 1, room)}L${WIDTH} ${HEIGHT}L${(((room - first) / (room - 1)) * WIDTH).toFixed(1)} ${HEIGHT}Z`
      : '');
    this.#picture.setAttribute('aria-label', `${this.#label}: ${number} ${unit}; at most ${this.#format(most)} in the last minutes`);
    this.#say();
  }

  #point(event) {
    const box = this.#picture.getBoundingClientRect();
    this.#pointed = event && Math.round(((event.clientX - box.left) / box.width) * (this.#room - 1));
    this.#say();
  }

  /** The note, or what was where one points. */
  #say() {
    const at = this.#pointed === null ? -1 : this.#pointed - (this.#room - this.#series[0].length);
    const isThere = at >= 0 && at < this.#series[0].length;
    this.#mark.setAttribute('visibility', isThere ? 'visible' : 'hidden');
    if (!isThere) {
      setText(this.#note, this.#noteText);
      return;
    }
    const x = ((this.#pointed / (this.#room - 1)) * WIDTH).toFixed(1);
    this.#mark.setAttribute('x1', x);
    this.#mark.setAttribute('x2', x);
    const values = this.#series.map((values, i) => `${this.#names[i]} ${this.#format(values[at])}`.trim()).join(' · ');
    setText(this.#note, `${values}, ${Math.round(((this.#room - 1 - this.#pointed) * this.#stepMs) / 1000)} s ago`);
  }
}
