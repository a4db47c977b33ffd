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
 * A column is {label, of, shows, className, isHead, isQuiet, sort}: of(item) is what the cell depends on, shows(item) its
 * content; sort is the name of an order, which onSort is called with when its head is pressed.
 */
export class LiveTable {
  #columns;
  #heads;
  #keyOf;
  #rows = new Map();
  #body = el('tbody', { role: 'rowgroup' });
  #empty;

  /** Roles are named since a table that is laid out as something else would lose them. */
  constructor(caption, columns, keyOf, emptyText, { className, onSort, isBounded } = {}) {
    this.#columns = columns;
    this.#keyOf = keyOf;
    this.#empty = el('p', { class: 'empty', hidden: true }, emptyText);
    this.#heads = columns.map(({ label, className, isQuiet, sort }) =>
      el('th', { scope: 'col', role: 'columnheader', class: className },
        isQuiet ? el('span', { class: 'sr-only' }, label)
          : sort ? el('button', { type: 'button', class: 'sort', onclick: () => onSort(sort) }, label) : label));
    this.table = el('table', { class: className, role: 'table' }, el('caption', { class: 'sr-only' }, caption),
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, this.#heads)), this.#body);
    this.element = el('div', {
      class: 'scroll', ...(isBounded && { tabindex: '0', role: 'group', 'aria-label': caption }),
    }, this.table, this.#empty);
  }

  set emptyText(text) {
    setText(this.#empty, text);
  }

  /** Marks the column of an order, null for none. */
  sortedBy(sort, isDown) {
    this.#columns.forEach((column, i) => {
      if (column.sort && column.sort === sort) this.#heads[i].setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
      else this.#heads[i].removeAttribute('aria-sort');
    });
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
    if (!isSame) this.#replace(rows);
    this.#empty.hidden = items.length > 0;
    this.table.hidden = items.length === 0;
  }

  /** Rows that move lose the focus, which is given back. */
  #replace(rows) {
    const focused = document.activeElement;
    const isOurs = this.#body.contains(focused);
    this.#body.replaceChildren(...rows);
    if (isOurs && focused.isConnected) focused.focus({ preventScroll: true });
  }

  #newRow() {
    const cells = this.#columns.map(({ className, isHead }) =>
      (isHead ? el('th', { scope: 'row', role: 'rowheader', class: className }) : el('td', { role: 'cell', class: className })));
    return { element: el('tr', { role: 'row' }, cells), cells, signs: [] };
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

/**
 * Asks before something is done that cannot be undone. content is shown above the answers; what the person typed into
 * its fields is returned, by their names, or null if the answer is no.
 */
export function askFirst(title, yes, ...content) {
  const dialog = el('dialog', { 'aria-labelledby': 'ask-title', 'data-testid': 'ask' },
    el('form', { method: 'dialog' },
      el('h2', { id: 'ask-title' }, title), content,
      el('div', { class: 'answers' },
        el('button', { type: 'button', 'data-testid': 'ask-no', autofocus: true, onclick: () => dialog.close() }, 'Cancel'),
        el('button', { class: 'danger main', value: 'yes', 'data-testid': 'ask-yes' }, yes))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      const typed = Object.fromEntries(new FormData(dialog.querySelector('form')));
      dialog.remove();
      resolve(dialog.returnValue === 'yes' ? typed : null);
    });
  });
}
