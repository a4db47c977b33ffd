// Shows stored values, which may hold anything: short ones in a line, longer ones folded.
import { el } from './dom.js';

const LINE_MAX = 96;
const SUMMARY_MAX = 72;
const CLASS = '@class';

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** The class's own name, of a.b.C$D: D. */
const shortName = (name) => String(name).split(/[.$]/).pop();

function named(value) {
  return isObject(value) && typeof value[CLASS] === 'string' ? value[CLASS] : null;
}

const fieldsOf = (value) => Object.entries(value).filter(([field]) => field !== CLASS);

/** In one line, as text. */
export function inWords(value) {
  if (Array.isArray(value)) return `[${value.map(inWords).join(', ')}]`;
  if (isObject(value)) {
    const fields = fieldsOf(value).map(([field, of]) => `${field}: ${inWords(of)}`).join(', ');
    const name = named(value);
    return `${name ? `${shortName(name)} ` : ''}{${fields && ` ${fields} `}}`;
  }
  return JSON.stringify(value) ?? 'nothing';
}

function scalar(value) {
  const kind = value === null ? 'null' : typeof value;
  return el('span', { class: `v-${kind}` }, JSON.stringify(value));
}

/** In one line, as elements. */
function inLine(value) {
  if (Array.isArray(value)) {
    return ['[', ...value.flatMap((element, i) => [i ? ', ' : null, ...inLine(element)]), ']'];
  }
  if (!isObject(value)) return [scalar(value)];
  const name = named(value);
  const fields = fieldsOf(value).flatMap(([field, of], i) =>
    [i ? ', ' : ' ', el('span', { class: 'v-field' }, `${field}: `), ...inLine(of)]);
  return [name ? el('span', { class: 'v-class', title: name }, `${shortName(name)} `) : null, '{', ...fields, fields.length ? ' }' : '}'];
}

function inLines(value) {
  const parts = Array.isArray(value) ? value.map((of, i) => [i, of]) : fieldsOf(value);
  return el('ul', { class: 'v-lines' }, parts.map(([field, of]) =>
    el('li', {}, el('span', { class: 'v-field' }, `${field}: `),
      inWords(of).length > LINE_MAX && of !== null && typeof of === 'object' ? inLines(of) : inLine(of))));
}

/** A value as elements; isCut tells that the server has left out some of it. */
export function valueTree(value, isCut = false) {
  const words = inWords(value);
  const cut = isCut ? el('span', { class: 'v-cut' }, ' … more is stored than is shown') : null;
  if (words.length <= LINE_MAX) return el('span', { class: 'value' }, inLine(value), cut);
  const summary = `${words.slice(0, SUMMARY_MAX)}…`;
  const all = value !== null && typeof value === 'object'
    ? inLines(value)
    : el('p', { class: 'v-lines v-string' }, String(value));
  return el('details', { class: 'value' }, el('summary', {}, summary), all, cut);
}
