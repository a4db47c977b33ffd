// One actor: what it is, what is stored of it, what it did last, and what one can have it do.
import { ApiError, get, pathOf, post, repeat } from './api.js';
import { stateOf } from './actor-list.js';
import { LiveTable, el, setText } from './dom.js';
import { valueTree } from './value-tree.js';
import { away, bytes, dayAndTime, ms, plural, time, whole } from './words.js';

const LIMIT = 50;
const REFRESH_MS = 1_000;
const SURE_MS = 4_000;
const TYPING_MS = 200;

/** A button that has to be pressed twice. */
function twiceButton(text, sureText, label, work) {
  let timer = null;
  const button = el('button', { type: 'button', class: 'danger', 'aria-label': label, onclick: press }, text);
  function calm() {
    clearTimeout(timer);
    timer = null;
    setText(button, text);
    button.classList.remove('sure');
    button.setAttribute('aria-label', label);
  }
  async function press() {
    if (timer === null) {
      timer = setTimeout(calm, SURE_MS);
      setText(button, sureText);
      button.classList.add('sure');
      button.setAttribute('aria-label', `${label}: press again to do it`);
      return;
    }
    calm();
    button.disabled = true;
    await work();
    button.disabled = false;
  }
  return button;
}

/** A part of the page that is read page by page: its table, and the way on. */
class Pages {
  #cursors = [null];
  #following = null;
  #previous;
  #next;
  #note = el('p', { class: 'muted', role: 'status' });

  constructor(name, onTurn) {
    const turn = (change) => () => { change(); onTurn(); };
    this.#previous = el('button', {
      type: 'button', class: 'quiet', disabled: true, 'aria-label': `Previous ${name}`, onclick: turn(() => this.#cursors.pop()),
    }, '← Previous');
    this.#next = el('button', {
      type: 'button', class: 'quiet', disabled: true, 'aria-label': `More ${name}`, onclick: turn(() => this.#cursors.push(this.#following)),
    }, 'More →');
    this.element = el('nav', { class: 'pager', 'aria-label': `Pages of ${name}`, hidden: true }, this.#note, this.#previous, this.#next);
  }

  get after() {
    return this.#cursors.at(-1);
  }

  restart() {
    this.#cursors = [null];
  }

  came(next) {
    this.#following = next;
    this.#previous.disabled = this.#cursors.length === 1;
    this.#next.disabled = !next;
    this.element.hidden = !next && this.#cursors.length === 1;
    setText(this.#note, `Page ${this.#cursors.length}`);
  }
}

export class ActorView {
  #root;
  #onTrouble;
  #stop = null;
  #shown = '';

  constructor(root, onTrouble) {
    this.#root = root;
    this.#onTrouble = onTrouble;
  }

  show(type, key) {
    this.#root.hidden = false;
    const wanted = JSON.stringify([type, key]);
    if (this.#stop && wanted === this.#shown) return;
    this.hide();
    this.#root.hidden = false;
    this.#shown = wanted;
    const sheet = new ActorSheet(type, key, this.#onTrouble);
    this.#root.replaceChildren(sheet.element);
    this.#stop = repeat(REFRESH_MS, () => sheet.refresh());
  }

  hide() {
    this.#root.hidden = true;
    this.#stop?.();
    this.#stop = null;
    this.#shown = '';
    this.#root.replaceChildren();
  }
}

class ActorSheet {
  #path;
  #onTrouble;
  #state = el('span', { 'data-testid': 'state' });
  #facts = el('p', { class: 'facts', 'data-testid': 'actor-facts' });
  #pins = el('p', { class: 'pins', 'data-testid': 'pins' });
  #reset = el('p', { class: 'warning', hidden: true });
  #answer = el('p', { class: 'answer', role: 'status', 'data-testid': 'answer' });
  #connections;
  #connectionPages = new Pages('connections', () => this.refresh());
  #values;
  #valuePages = new Pages('values', () => this.refresh());
  #prefix;
  #turns;
  #alarms;
  #isAsking = false;

  constructor(type, key, onTrouble) {
    this.#path = pathOf(type, key);
    this.#onTrouble = onTrouble;
    this.#connections = this.#connectionTable();
    this.#values = this.#valueTable();
    this.#turns = turnTable();
    this.#alarms = alarmTable();
    let typing = null;
    this.#prefix = el('input', {
      type: 'search', placeholder: 'Key begins with…', 'aria-label': 'Storage key begins with', autocomplete: 'off',
      spellcheck: 'false', 'data-testid': 'value-prefix',
      oninput: () => {
        clearTimeout(typing);
        typing = setTimeout(() => { this.#valuePages.restart(); this.refresh(); }, TYPING_MS);
      },
    });
    this.element = el('div', { class: 'actor' },
      el('nav', { class: 'crumbs', 'aria-label': 'Where this is' }, el('a', { href: '#/' }, 'Actors'), ' / ', el('a', { href: `#/?type=${encodeURIComponent(type)}` }, type)),
      el('div', { class: 'head' },
        el('div', { class: 'title' }, el('h1', { id: 'actor-title' }, key), this.#state),
        el('div', { class: 'orders' },
          el('button', {
            type: 'button', 'data-testid': 'hibernate', title: 'Leaves memory once the events that wait are handled; its sockets stay',
            onclick: () => this.#order('hibernate', 'Hibernated.', 'It is still busy, and will hibernate when it is done.'),
          }, 'Hibernate'),
          twiceButton('Reset', 'Really reset?', 'Reset the actor', () =>
            this.#order('reset', 'Reset: the next event makes a new object.', 'It is still busy.')))),
      this.#facts, this.#pins, this.#reset, this.#answer,
      el('div', { class: 'columns' },
        part('Connections', 'connections', 'full', [], this.#connections.element, this.#connectionPages.element),
        part('Storage', 'values', '', [el('div', { class: 'field' }, this.#prefix)], this.#values.element, this.#valuePages.element),
        el('div', { class: 'stack' },
          part('Last turns', 'turns', '', [], this.#turns.element),
          part('Alarms', 'alarms', '', [], this.#alarms.element))));
  }

  async refresh() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const [actor, connections, values] = await Promise.all([
        get(this.#path),
        get(`${this.#path}/connections`, { after: this.#connectionPages.after, limit: LIMIT }),
        get(`${this.#path}/values`, { prefix: this.#prefix.value, after: this.#valuePages.after, limit: LIMIT }),
      ]);
      this.#show(actor);
      this.#connections.update(connections.connections);
      this.#connectionPages.came(connections.next);
      this.#values.emptyText = this.#prefix.value ? 'No key begins like that.' : 'It has stored no values.';
      this.#values.update(values.values);
      this.#valuePages.came(values.next);
      this.#onTrouble(null);
    } catch (error) {
      if (error instanceof ApiError) this.#onTrouble(error.message);
    } finally {
      this.#isAsking = false;
    }
  }

  #show(actor) {
    if (this.#state.dataset.state !== actor.state) {
      this.#state.dataset.state = actor.state;
      this.#state.replaceChildren(stateOf(actor.state));
    }
    const facts = [plural(actor.connections, 'connection'), plural(actor.activation, 'activation')];
    if (actor.wake) facts.push(`woken ${away(actor.wake.at)} by ${actor.wake.reason}, in ${ms(actor.wake.tookMs)}`);
    if (actor.alarms) facts.push(plural(actor.alarms, 'alarm'));
    if (!actor.isHosted) facts.push('no such actor type is registered');
    setText(this.#facts, facts.join(' · '));
    setText(this.#pins, actor.pins.length ? `Kept in memory by ${actor.pins.join('; ')}` : '');
    this.#pins.hidden = actor.pins.length === 0;
    this.#reset.hidden = !actor.reset;
    if (actor.reset) setText(this.#reset, `Reset ${away(actor.reset.at)}: ${actor.reset.cause}`);
    this.#turns.update(actor.turns.map((turn, i) => ({ ...turn, place: `${turn.at} ${actor.turns.length - i}` })));
    this.#alarms.update(actor.nextAlarms);
  }

  async #order(name, done, later) {
    try {
      const isDone = await post(`${this.#path}/${name}`);
      setText(this.#answer, isDone ? done : later);
    } catch (error) {
      setText(this.#answer, error instanceof ApiError ? error.message : 'The server does not answer.');
    }
    await this.refresh();
  }

  #connectionTable() {
    return new LiveTable('Connections', [
      { label: 'Connection', isHead: true, className: 'mono', of: ({ id }) => id },
      {
        label: 'Accepted', className: 'wide', of: ({ acceptedAt }) => acceptedAt && [away(acceptedAt)],
        shows: ({ acceptedAt }) => acceptedAt && el('span', { title: dayAndTime(acceptedAt) }, away(acceptedAt)),
      },
      {
        label: 'Last heard', className: 'wide', of: ({ isHere, lastSeen }) => [isHere, lastSeen && away(lastSeen)],
        shows: ({ isHere, lastSeen }) => (isHere ? (lastSeen ? away(lastSeen) : '–') : el('span', { class: 'muted' }, 'no socket here')),
      },
      { label: 'Unread', className: 'num wide', of: ({ waitingBytes }) => (waitingBytes == null ? '' : bytes(waitingBytes)) },
      {
        label: 'Tags', of: ({ tags }) => tags ?? [],
        shows: ({ tags }) => (tags ?? []).map((tag) => el('span', { class: 'tag' }, tag)),
      },
      {
        label: 'Attachment', className: 'grow', of: ({ attachment, attachmentBytes, isCut, fault }) => [attachment, attachmentBytes, isCut, fault],
        shows: (connection) => fault(connection)
          ?? (connection.attachmentBytes == null ? el('span', { class: 'muted' }, 'none') : valueTree(connection.attachment, connection.isCut)),
      },
      {
        label: 'Close', isQuiet: true, className: 'act', of: ({ id }) => id,
        shows: ({ id }) => twiceButton('Close', 'Really?', `Close connection ${id}`, () =>
          this.#order(`connections/${encodeURIComponent(id)}/close`, `Connection ${id} is being closed with 1000.`, '')),
      },
    ], ({ id }) => id, 'Nobody is connected.');
  }

  #valueTable() {
    return new LiveTable('Storage', [
      { label: 'Key', isHead: true, className: 'mono value-key', of: ({ key }) => key },
      { label: 'Size', className: 'num', of: (value) => (value.bytes == null ? '' : bytes(value.bytes)) },
      {
        label: 'Value', className: 'grow', of: ({ id, value, isCut, bytes: size, fault: wrong }) => [id, value, isCut, size, wrong],
        shows: (row) => fault(row) ?? (row.value === undefined ? this.#fetched(row) : valueTree(row.value, row.isCut)),
      },
    ], ({ id }) => id, 'It has stored no values.');
  }

  /** A value that is too large to come by itself. */
  #fetched({ id, key }) {
    const place = el('span', {});
    place.append(el('button', {
      type: 'button', class: 'quiet', 'aria-label': `Show the value of ${key}`,
      onclick: async () => {
        try {
          const { value, isCut } = await get(`${this.#path}/value`, { key: id });
          const tree = valueTree(value, isCut);
          tree.open = true;
          place.replaceChildren(tree);
        } catch (error) {
          place.replaceChildren(el('span', { class: 'muted' }, error.message));
        }
      },
    }, 'Show'));
    return place;
  }
}

function part(title, id, className, tools, ...content) {
  return el('section', { class: `part ${className}`, 'aria-labelledby': `${id}-title`, 'data-testid': id },
    el('div', { class: 'part-head' }, el('h2', { id: `${id}-title` }, title), tools), el('div', { class: 'sheet' }, content));
}

const fault = ({ fault: words }) => (words ? el('span', { class: 'problem' }, `cannot be read: ${words}`) : null);

function turnTable() {
  return new LiveTable('Last turns', [
    {
      label: 'Turn', isHead: true, of: ({ event, connection }) => [event, connection],
      shows: ({ event, connection }) => [event, connection ? el('span', { class: 'under-mono' }, connection) : null],
    },
    { label: 'At', className: 'mono wide', of: ({ at }) => time(at) },
    { label: 'Waited', className: 'num', of: ({ queuedMs }) => ms(queuedMs) },
    { label: 'Ran', className: 'num', of: ({ ranMs }) => ms(ranMs) },
    { label: 'Commit', className: 'num', of: ({ commitMs }) => (commitMs > 0 ? ms(commitMs) : '–') },
    { label: 'Stored', className: 'num wide', of: ({ storedBytes }) => (storedBytes > 0 ? bytes(storedBytes) : '–') },
    {
      label: 'Outcome', of: ({ outcome }) => outcome,
      shows: ({ outcome }) => el('span', { class: outcome === 'committed' ? 'muted' : 'problem' }, outcome === 'committed' ? 'kept' : outcome),
    },
  ], ({ place }) => place, 'Nothing is remembered of its turns: others did more since.');
}

function alarmTable() {
  return new LiveTable('Alarms', [
    { label: 'Name', isHead: true, className: 'mono', of: ({ name }) => name },
    {
      label: 'Due', of: ({ due }) => away(due), shows: ({ due }) => el('span', { title: dayAndTime(due) }, away(due)),
    },
    { label: 'Attempt', className: 'num', of: ({ attempt }) => whole(attempt) },
  ], ({ name }) => name, 'No alarm is set.');
}
