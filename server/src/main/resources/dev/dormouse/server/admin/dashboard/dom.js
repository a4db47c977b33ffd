// Makes elements. Text only ever becomes text: nothing here, or elsewhere, parses markup.

/**
 * An element with attributes and children; a string is a text, null and undefined are left out. Attributes that begin
 * with "on" are listeners, a false one is left out, a true one is empty.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith('on')) element.addEventListener(attribute.slice(2), value);
    else if (value === true) element.setAttribute(attribute, '');
    else if (value !== false && value != null) element.setAttribute(attribute, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** An element of a picture. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}

/** Sets a text if it is another one, so that nothing is selected or read anew for no reason. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A table that follows a list: rows stay the same elements, and cells are made anew only where what they show has
 * changed, so that focus, selection and what is folded out stay.
 *
 * A column is {label, of, shows, className}: of(item) is what the cell depends on, shows(item) its content.
 */
export class LiveTable {
  #columns;
  #keyOf;
  #rows = new Map();
  #body = el('tbody');
  #empty;

  constructor(caption, columns, keyOf, emptyText) {
    this.#columns = columns;
    this.#keyOf = keyOf;
    this.#empty = el('p', { class: 'empty', hidden: true }, emptyText);
    const heads = columns.map(({ label, className, isQuiet }) =>
      el('th', { scope: 'col', class: className }, isQuiet ? el('span', { class: 'sr-only' }, label) : label));
    this.table = el('table', {}, el('caption', { class: 'sr-only' }, caption), el('thead', {}, el('tr', {}, heads)), this.#body);
    this.element = el('div', { class: 'scroll' }, this.table, this.#empty);
  }

  set emptyText(text) {
    setText(this.#empty, text);
  }

  update(items) {
    const kept = new Map();
    const rows = items.map((item) => {
      const key = this.#keyOf(item);
      const row = this.#rows.get(key) ?? this.#newRow();
      kept.set(key, row);
      this.#fill(row, item);
      return row.element;
    });
    this.#rows = kept;
    const isSame = rows.length === this.#body.children.length && rows.every((row, i) => row === this.#body.children[i]);
    if (!isSame) this.#body.replaceChildren(...rows);
    this.#empty.hidden = items.length > 0;
    this.table.hidden = items.length === 0;
  }

  #newRow() {
    const cells = this.#columns.map(({ className, isHead }) =>
      (isHead ? el('th', { scope: 'row', class: className }) : el('td', { class: className })));
    return { element: el('tr', {}, cells), cells, signs: [] };
  }

  #fill(row, item) {
    this.#columns.forEach((column, i) => {
      const sign = JSON.stringify(column.of(item)) ?? '';
      if (row.signs[i] === sign) return;
      row.signs[i] = sign;
      const content = column.shows ? column.shows(item) : String(column.of(item) ?? '');
      row.cells[i].replaceChildren(...[content].flat().filter((child) => child != null));
    });
  }
}
