// A small chart of the last minutes: one or two lines from zero, and what they were where one points.
import { el, setText, svg } from './dom.js';

const WIDTH = 300;
const HEIGHT = 40;

/** Where the values are drawn, which end at the right: lists of [x, y], one for each stretch without a null. */
function stretches(values, most, room) {
  const left = room - values.length;
  const all = [[]];
  values.forEach((value, i) => {
    if (value === null) all.push([]);
    else all.at(-1).push([((left + i) / (room - 1)) * WIDTH, HEIGHT - 1 - (value / most) * (HEIGHT - 3)].map((part) => part.toFixed(1)));
  });
  return all.filter((points) => points.length);
}

/** One that stands alone is drawn from the ground, or it would not be seen. */
const line = (points) => (points.length === 1
  ? `M${points[0][0]} ${HEIGHT}V${points[0][1]}`
  : `M${points.map(([x, y]) => `${x} ${y}`).join('L')}`);

const area = (points) => `M${points[0][0]} ${HEIGHT}L${points.map(([x, y]) => `${x} ${y}`).join('L')}L${points.at(-1)[0]} ${HEIGHT}Z`;

const drawn = (all, shape) => all.map(shape).join('');

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
      el('div', { class: 'cell-head' }, el('h2', {}, label), this.#most), el('p', { class: 'now' }, this.#number, ' ', this.#unit),
      el('div', { class: 'plot' }, this.#picture), this.#note);
  }

  /** series has a list of numbers for each line; null is what is not known. */
  update({ number, unit = '', note = '', series, room, stepMs }) {
    setText(this.#number, number);
    setText(this.#unit, unit);
    this.#noteText = note;
    this.#series = series;
    this.#room = room;
    this.#stepMs = stepMs;
    const most = Math.max(...series.map((values) => Math.max(0, ...values)));
    setText(this.#most, most > 0 ? `max ${this.#format(most)}` : '');
    const placed = series.map((values) => stretches(values, most || 1, room));
    placed.forEach((all, i) => this.#lines[i].setAttribute('d', drawn(all, line)));
    this.#area.setAttribute('d', drawn(placed[0], area));
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
    const told = (value) => (value === null ? 'not known' : this.#format(value));
    const all = this.#series.map((values, i) => `${this.#names[i]} ${told(values[at])}`.trim()).join(' · ');
    setText(this.#note, `${all}, ${Math.round(((this.#room - 1 - this.#pointed) * this.#stepMs) / 1000)} s ago`);
  }
}
