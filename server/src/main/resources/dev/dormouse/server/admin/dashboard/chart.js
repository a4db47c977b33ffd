// A small chart of the last minutes: one or two lines from zero, and their values where a pointer or the keyboard is.
import { el, setText, svg } from './dom.js';

const WIDTH = 300;
const HEIGHT = 44;
const HEADROOM = 4;
const USUAL = 0.95;
const SPIKE = 3;
const SPIKE_SHOWN = 1.5;
const SAMPLES_MIN = 20;
const PAGE = 10;

/**
 * The value at the top of a chart. Values far above the usual ones are cut off there, so that one spike does not flatten
 * everything else; a rise that lasts is not a spike.
 */
export function topOf(series) {
  const values = series.flat().filter((value) => value > 0).sort((a, b) => a - b);
  if (!values.length) return 1;
  const most = values.at(-1);
  const usual = values[Math.floor(USUAL * (values.length - 1))];
  return values.length >= SAMPLES_MIN && most > SPIKE * usual ? SPIKE_SHOWN * usual : most;
}

const heightOf = (value, top) => HEIGHT - 1 - Math.min(1, value / top) * (HEIGHT - 1 - HEADROOM);

/** Where the values are drawn, which end at the right: lists of [x, y], one for each stretch without a null. */
function stretches(values, top, room) {
  const all = [[]];
  values.forEach((value, i) => {
    if (value === null) all.push([]);
    else all.at(-1).push([xOf(room - values.length + i, room), heightOf(value, top)].map((part) => part.toFixed(1)));
  });
  return all.filter((points) => points.length);
}

const xOf = (at, room) => (at / (room - 1)) * WIDTH;

/** A point that stands alone is drawn from the ground, or it would not be seen. */
const line = (points) => (points.length === 1
  ? `M${points[0][0]} ${HEIGHT}V${points[0][1]}`
  : `M${points.map(([x, y]) => `${x} ${y}`).join('L')}`);

const area = (points) => `M${points[0][0]} ${HEIGHT}L${points.map(([x, y]) => `${x} ${y}`).join('L')}L${points.at(-1)[0]} ${HEIGHT}Z`;

/** A line of no length with round ends is a dot, however the picture is stretched. */
const dot = ([x, y]) => `M${x} ${y}h0`;

const drawn = (all, shape) => all.map(shape).join('');

/** A sample of a line, as a legend has it. */
const swatch = (i) => el('span', { class: `swatch swatch-${i}`, 'aria-hidden': 'true' });

export class Chart {
  #label;
  #format;
  #names;
  #number = el('span', { class: 'number' });
  #unit = el('span', { class: 'unit' });
  #note = el('p', { class: 'note' });
  #noteText = el('span', {}, '');
  #most = el('span', { class: 'most', 'aria-hidden': 'true' });
  #lines;
  #area = svg('path', { class: 'area' });
  #cut = svg('path', { class: 'cut' });
  #mark = svg('path', { class: 'mark', visibility: 'hidden' });
  #dots;
  #picture;
  #plot;
  #tip = el('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  #series = [];
  #top = 1;
  #room = 60;
  #stepMs = 1000;
  #pointed = null;

  /** names are those of the lines, [''] for a single one; format makes a number readable. */
  constructor(id, label, names, format) {
    this.#label = label;
    this.#names = names;
    this.#format = format;
    this.#lines = names.map((name, i) => svg('path', { class: `line line-${i}` }));
    this.#dots = names.map((name, i) => svg('path', { class: `at at-${i}`, visibility: 'hidden' }));
    this.#picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      this.#area, ...this.#lines, this.#cut, this.#mark, ...this.#dots);
    this.#plot = el('div', {
      class: 'plot', role: 'slider', tabindex: '0', 'aria-label': `${label}, in the last minutes`, 'aria-valuemax': '0',
      onpointermove: (event) => this.#point(event), onpointerdown: (event) => this.#point(event),
      onpointerleave: () => this.#at(null), onpointercancel: () => this.#at(null),
      onkeydown: (event) => this.#key(event), onblur: () => this.#at(null),
    }, this.#picture);
    const isLegend = names.length > 1;
    this.#note.append(...(isLegend ? [swatch(1)] : []), this.#noteText);
    this.element = el('div', { class: 'cell', 'data-testid': `cell-${id}`, 'data-chart': id },
      el('div', { class: 'cell-head' }, el('h2', {}, label), this.#most),
      el('p', { class: 'now' }, this.#number, ' ', isLegend ? swatch(0) : null, this.#unit), this.#plot, this.#note, this.#tip);
  }

  /** series has a list of numbers for each line; null is what is not known. */
  update({ number, unit = '', note = '', series, room, stepMs }) {
    setText(this.#number, number);
    setText(this.#unit, unit);
    setText(this.#noteText, note);
    this.#series = series;
    this.#room = room;
    this.#stepMs = stepMs;
    const most = Math.max(...series.map((values) => Math.max(0, ...values)));
    this.#top = topOf(series);
    const isCut = most > this.#top;
    setText(this.#most, most > 0 ? `max ${this.#format(most)}` : '');
    this.#most.classList.toggle('is-cut', isCut);
    this.#most.title = isCut ? 'Higher than the chart: its dot is at the edge.' : '';
    const placed = series.map((values) => stretches(values, this.#top, room));
    placed.forEach((all, i) => this.#lines[i].setAttribute('d', drawn(all, line)));
    this.#area.setAttribute('d', drawn(placed[0], area));
    this.#cut.setAttribute('d', drawn(series.flatMap((values) => values.flatMap((value, i) =>
      (value > this.#top ? [[xOf(room - values.length + i, room).toFixed(1), HEADROOM]] : []))), dot));
    this.#say();
  }

  #point(event) {
    const box = this.#plot.getBoundingClientRect();
    this.#at(Math.round(((event.clientX - box.left) / box.width) * (this.#room - 1)));
  }

  #key(event) {
    const last = this.#room - 1;
    const first = this.#room - this.#longest();
    const now = this.#pointed ?? last;
    const to = {
      ArrowLeft: now - 1, ArrowRight: now + 1, ArrowDown: now - 1, ArrowUp: now + 1,
      PageDown: now - PAGE, PageUp: now + PAGE, Home: first, End: last, Escape: null,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#at(to === null ? null : Math.min(last, Math.max(first, to)));
  }

  #longest() {
    return Math.max(1, ...this.#series.map((values) => values.length));
  }

  #at(pointed) {
    this.#pointed = pointed;
    this.#say();
  }

  /** Shows the values where one points, and tells them to screen readers. */
  #say() {
    const last = this.#room - 1;
    const at = (this.#pointed ?? last) - (this.#room - this.#longest());
    const agoS = Math.round(((last - (this.#pointed ?? last)) * this.#stepMs) / 1000);
    const when = agoS ? `${agoS} s ago` : 'now';
    const told = this.#series.map((values, i) => {
      const value = values[at];
      return [this.#names[i], value == null ? '–' : this.#format(value), value];
    });
    this.#plot.setAttribute('aria-valuemin', `${-Math.round(((this.#longest() - 1) * this.#stepMs) / 1000)}`);
    this.#plot.setAttribute('aria-valuenow', `${-agoS}`);
    this.#plot.setAttribute('aria-valuetext', `${told.map(([name, words]) => `${name} ${words}`.trim()).join(', ')}, ${when}`);
    const isThere = this.#pointed !== null && at >= 0 && at < this.#longest();
    [this.#mark, ...this.#dots].forEach((shape) => shape.setAttribute('visibility', isThere ? 'visible' : 'hidden'));
    this.#tip.hidden = !isThere;
    if (!isThere) return;
    const x = xOf(this.#pointed, this.#room);
    this.#mark.setAttribute('d', `M${x.toFixed(1)} 0V${HEIGHT}`);
    told.forEach(([, , value], i) =>
      this.#dots[i].setAttribute('d', value == null ? '' : dot([x.toFixed(1), heightOf(value, this.#top).toFixed(1)])));
    this.#tip.replaceChildren(...told.map(([name, words], i) =>
      el('p', {}, told.length > 1 ? swatch(i) : null, el('b', {}, words), name ? ` ${name}` : null)), el('p', { class: 'when' }, when));
    this.#tip.style.setProperty('--at', `${((x / WIDTH) * 100).toFixed(1)}%`);
    this.#tip.dataset.side = x > WIDTH / 2 ? 'left' : 'right';
  }
}
