// One actor: what it is, what is stored of it, what it did last, and what one can have it do.
import { ApiError, Away, NotWanted, get, pathOf, post, repeat } from './api.js';
import { stateOf } from './actor-list.js';
import { LiveTable, askFirst, el, setText } from './dom.js';
import { valueTree } from './value-tree.js';
import { away, bytes, dayAndTime, ms, shortCause, time, whole } from './words.js';

const LIMIT = 50;
const REFRESH_MS = 1_000;
const TYPING_MS = 200;
const NORMAL_CLOSURE = 1000;

/** Whether there is nobody to tell it: the server is away, or the page is left; what else went wrong is not ours. */
const isGone = (error) => error instanceof Away || error instanceof NotWanted;

/** A part of the page that is read page by page: its table, and the way on. */
class Pages {
  #cursors = [null];
  #following = null;
  #previous;
  #next;
  #note = el('p', { class: 'muted', role: 'status' });

  constructor(name, onTurn) {
    const turn = (change) => () => {
      change();
      this.#previous.disabled = true;
      this.#next.disabled = true;
      onTurn();
    };
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

  /** The page after that cursor has come, and where the next one begins. */
  came(after, next) {
    if (after !== this.after) return;
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
  #looking = null;
  #sheet = null;
  #shown = '';

  constructor(root, onTrouble) {
    this.#root = root;
    this.#onTrouble = onTrouble;
  }

  show(type, key) {
    const wanted = JSON.stringify([type, key]);
    if (this.#looking && wanted === this.#shown) return;
    this.hide();
    this.#root.hidden = false;
    this.#shown = wanted;
    this.#sheet = new ActorSheet(type, key, this.#onTrouble, () => this.refresh());
    this.#root.replaceChildren(this.#sheet.element);
    this.#looking = repeat(REFRESH_MS, () => this.#sheet.look());
  }

  hide() {
    this.#root.hidden = true;
    this.#looking?.end();
    this.#looking = null;
    this.#sheet?.end();
    this.#shown = '';
    this.#root.replaceChildren();
  }

  /** Asks again at once, if it is shown. */
  refresh() {
    this.#looking?.soon();
  }
}

class ActorSheet {
  #path;
  #name;
  #onTrouble;
  #refresh;
  #over = new AbortController();
  #about = {
    state: fact('State'),
    owner: fact('Owner'),
    connections: fact('Connections'),
    wakes: fact('Wakes'),
    wake: fact('Last wake'),
    keptAwakeBy: fact('Kept awake by'),
    failures: fact('Failures'),
    reset: fact('Last reset'),
  };
  #unhosted = el('p', { class: 'trouble', hidden: true },
    'No actor type of this name is registered: what is stored is shown, and nothing wakes it.');
  #missing = el('p', { class: 'sheet empty', hidden: true, 'data-testid': 'missing' });
  #answer = el('p', { class: 'answer', role: 'status', 'data-testid': 'answer' });
  #hibernate;
  #orders;
  #body;
  #connections;
  #connectionPages = new Pages('connections', () => this.#refresh());
  #values;
  #valuePages = new Pages('values', () => this.#refresh());
  #prefix;
  #prefixAsked = '';
  #turns;
  #turnsNote = note();
  #alarms;
  #alarmsNote = note();

  constructor(type, key, onTrouble, refresh) {
    this.#path = pathOf(type, key);
    this.#name = `${type}/${key}`;
    this.#onTrouble = onTrouble;
    this.#refresh = refresh;
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
        typing = setTimeout(() => {
          this.#prefixAsked = this.#prefix.value;
          this.#valuePages.restart();
          this.#refresh();
        }, TYPING_MS);
      },
    });
    this.#hibernate = el('button', {
      type: 'button', hidden: true, 'data-testid': 'hibernate',
      title: 'It falls asleep when the events that wait are handled. Its sockets stay open.',
      onclick: () => this.#order('hibernate', {}, 'It has fallen asleep.'),
    }, 'Put to sleep');
    this.#orders = el('div', { class: 'orders', hidden: true }, this.#hibernate,
      el('button', { type: 'button', class: 'danger', 'data-testid': 'reset', onclick: () => this.#reset() }, 'Reset…'));
    this.#missing.append(el('b', {}, 'There is no such actor. '), 'An actor comes into being with its first event. ',
      el('a', { href: `#/?type=${encodeURIComponent(type)}` }, `All actors of type ${type}`));
    this.#body = el('div', { hidden: true },
      el('dl', { class: 'about' }, Object.values(this.#about).map(({ element }) => element)),
      choiceOfParts(),
      el('div', { class: 'columns' },
        part('Connections', 'connections', 'full', null, this.#connections.element, this.#connectionPages.element),
        part('Storage', 'values', '', this.#prefix, this.#values.element, this.#valuePages.element),
        el('div', { class: 'stack' },
          part('Last turns', 'turns', '', null, this.#turns.element, this.#turnsNote),
          part('Alarms', 'alarms', '', null, this.#alarms.element, this.#alarmsNote))));
    this.element = el('div', {},
      el('nav', { class: 'crumbs', 'aria-label': 'Where this is' },
        el('a', { href: '#/' }, 'Actors'), ' / ', el('a', { href: `#/?type=${encodeURIComponent(type)}` }, type)),
      el('div', { class: 'head' },
        el('div', { class: 'title' }, el('h1', { id: 'actor-title' }, key)), this.#orders),
      this.#unhosted, this.#answer, this.#missing, this.#body);
  }

  /** Asks for all of it, one part after the other, and shows each. */
  async look() {
    const { signal } = this.#over;
    try {
      this.#show(await get(this.#path, {}, signal));
      await this.#lookAtConnections(signal);
      await this.#lookAtValues(signal);
      this.#onTrouble(null);
    } catch (error) {
      if (error instanceof ApiError && !signal.aborted) {
        const isMissing = error.status === 404;
        if (isMissing) this.#isThere(false);
        this.#missing.hidden = !isMissing;
        this.#onTrouble(isMissing ? null : error.message);
      } else if (!(error instanceof ApiError || isGone(error))) throw error;
    }
  }

  async #lookAtConnections(signal) {
    const { after } = this.#connectionPages;
    const { connections, next } = await get(`${this.#path}/connections`, { after, limit: LIMIT }, signal);
    this.#connections.update(connections);
    this.#connectionPages.came(after, next);
  }

  async #lookAtValues(signal) {
    const { after } = this.#valuePages;
    const prefix = this.#prefixAsked;
    const { values, next } = await get(`${this.#path}/values`, { prefix, after, limit: LIMIT }, signal);
    if (prefix !== this.#prefixAsked) return;
    this.#values.emptyText = prefix ? 'No key begins like that.' : 'It has stored nothing.';
    this.#values.update(values);
    this.#valuePages.came(after, next);
  }

  end() {
    this.#over.abort();
  }

  #isThere(isThere, isHosted = false) {
    this.#body.hidden = !isThere;
    this.#orders.hidden = !isHosted;
    if (isThere) this.#missing.hidden = true;
  }

  #show(actor) {
    const { state, owner, connections, wakes, wake, keptAwakeBy, failures, reset } = this.#about;
    state.show(actor.state, () => stateOf(actor.state));
    owner.show(ownerOf(actor));
    connections.show(whole(actor.connections));
    wakes.show(whole(actor.wakes));
    wake.show(actor.wake ? `${away(actor.wake.at)} by ${actor.wake.reason}, in ${ms(actor.wake.tookMs)}` : 'not remembered');
    keptAwakeBy.show(actor.keptAwakeBy.join('; '));
    failures.show(actor.failures ? failureText(actor.failures) : '', () => el('span', { class: 'problem', title: actor.failures.cause }, failureText(actor.failures)));
    reset.show(actor.reset ? `${away(actor.reset.at)}: ${actor.reset.cause}` : '');
    this.#unhosted.hidden = actor.isHosted;
    this.#hibernate.hidden = actor.state !== 'awake';
    this.#isThere(true, actor.isHosted);
    this.#turns.update(actor.turns.map((turn, i) => ({ ...turn, place: `${turn.at} ${actor.turns.length - i}` })));
    setText(this.#turnsNote, `The last few since ${time(actor.turnsSince)}: turns are remembered while somebody looks at the dashboard.`);
    this.#alarms.update(actor.nextAlarms);
    const isMore = actor.alarms > actor.nextAlarms.length;
    setText(this.#alarmsNote, isMore ? `The first ${whole(actor.nextAlarms.length)} of ${whole(actor.alarms)}.` : '');
  }

  async #order(order, parameters, done) {
    this.#say('');
    try {
      const reason = await post(`${this.#path}/${order}`, parameters);
      this.#say(reason ? `Not done: ${reason}` : done, reason ? 'problem' : '');
    } catch (error) {
      if (!(error instanceof ApiError || isGone(error))) throw error;
      this.#say(error.message, 'problem');
    }
    this.#refresh();
  }

  #say(text, tone = '') {
    this.#answer.dataset.tone = tone;
    setText(this.#answer, text);
  }

  async #reset() {
    const isSure = await askFirst('Reset this actor?', 'Reset', el('p', {}, el('bdi', {}, this.#name),
      ' is dropped from memory without onHibernate; a turn that is open is given up, and nothing of it is kept. What is '
      + 'stored and its connections stay; the next event makes a new object.'));
    if (isSure) await this.#order('reset', {}, 'Reset: the next event makes a new object.');
  }

  async #close(id) {
    const typed = await askFirst('Close this connection?', 'Close it',
      el('p', {}, 'The client of ', el('span', { class: 'mono' }, id),
        ' hears the code and the reason; the actor’s onClose follows.'),
      el('label', {}, 'Close code', el('input', {
        name: 'code', type: 'number', min: 1000, max: 4999, value: NORMAL_CLOSURE, required: true, 'data-testid': 'close-code',
      })),
      el('label', {}, 'Reason, if any', el('input', { name: 'reason', autocomplete: 'off', 'data-testid': 'close-reason' })));
    if (typed) await this.#order(`connections/${encodeURIComponent(id)}/close`, typed, `Connection ${id} is being closed with ${typed.code}.`);
  }

  #connectionTable() {
    return new LiveTable('Connections', [
      { label: 'Connection', isHead: true, className: 'mono nowrap', of: ({ id }) => id },
      {
        label: 'Accepted', className: 'nowrap wide', of: ({ acceptedAt }) => acceptedAt && away(acceptedAt),
        shows: ({ acceptedAt }) => acceptedAt && el('span', { title: dayAndTime(acceptedAt) }, away(acceptedAt)),
      },
      {
        label: 'Last seen', className: 'nowrap wide', of: ({ isHere, lastSeen }) => [isHere, lastSeen && away(lastSeen)],
        shows: ({ isHere, lastSeen }) => (isHere ? (lastSeen ? away(lastSeen) : '–') : el('span', { class: 'muted' }, 'no socket here')),
      },
      { label: 'Unsent', className: 'num wide', of: ({ waitingBytes }) => (waitingBytes == null ? '' : bytes(waitingBytes)) },
      {
        label: 'Tags', className: 'tags below', of: ({ tags }) => tags ?? [],
        shows: ({ tags }) => (tags ?? []).map((tag) => el('span', { class: 'tag' }, tag)),
      },
      {
        label: 'Attachment', className: 'grow below',
        of: ({ attachment, attachmentBytes, isCut, fault: wrong }) => [attachment, attachmentBytes, isCut, wrong],
        shows: (connection) => fault(connection) ?? attached(connection),
      },
      {
        label: 'Close', isQuiet: true, className: 'act', of: ({ id }) => id,
        shows: ({ id }) => el('button', {
          type: 'button', class: 'quiet danger', 'aria-label': `Close connection ${id}`, 'data-testid': 'close', onclick: () => this.#close(id),
        }, 'Close…'),
      },
    ], ({ id }) => id, 'Nobody is connected.', { className: 'stacked', isBounded: true });
  }

  #valueTable() {
    return new LiveTable('Storage', [
      { label: 'Key', isHead: true, className: 'mono value-key', of: ({ key }) => key },
      { label: 'Size', className: 'num act', of: (value) => (value.bytes == null ? '' : bytes(value.bytes)) },
      {
        label: 'Value', className: 'grow below', of: ({ id, value, isCut, bytes: size, fault: wrong }) => [id, value, isCut, size, wrong],
        shows: (row) => fault(row) ?? (row.value === undefined ? this.#fetched(row) : valueTree(row.value, row.isCut)),
      },
    ], ({ id }) => id, 'It has stored nothing.', { className: 'stacked', isBounded: true });
  }

  /** A value that is too large to come by itself. */
  #fetched({ id, key }) {
    const place = el('span', {});
    place.append(el('button', {
      type: 'button', class: 'quiet', 'aria-label': `Show the value of ${key}`,
      onclick: async () => {
        try {
          const { value, isCut } = await get(`${this.#path}/value`, { key: id }, this.#over.signal);
          const tree = valueTree(value, isCut);
          tree.open = true;
          place.replaceChildren(tree);
        } catch (error) {
          if (!(error instanceof ApiError || isGone(error))) throw error;
          place.replaceChildren(el('span', { class: 'problem' }, error.message));
        }
      },
    }, 'Show'));
    return place;
  }
}

/** In a cluster, the node that runs the actor. Nothing on a server that is alone. */
function ownerOf({ owner }) {
  if (owner === undefined) return '';
  return owner === null ? 'no node leads its group' : `node ${owner}, which alone knows whether the actor is awake`;
}

/** One fact of a list of them; it is not there while there is nothing to show. */
function fact(label) {
  const shown = el('dd', {});
  const element = el('div', { hidden: true }, el('dt', {}, label), shown);
  element.dataset.testid = `about-${label.toLowerCase().replaceAll(' ', '-')}`;
  let sign = '';
  return {
    element,
    show(text, content = () => text) {
      if (text === sign) return;
      sign = text;
      element.hidden = text === '';
      shown.replaceChildren(content());
    },
  };
}

/** Where there is no room for all parts, one of them is chosen. */
function choiceOfParts() {
  const parts = [['connections', 'Connections'], ['values', 'Storage'], ['turns', 'Turns'], ['alarms', 'Alarms']];
  return el('fieldset', { class: 'segments parts' }, el('legend', { class: 'sr-only' }, 'Which part'),
    parts.map(([id, label], i) => el('label', {},
      el('input', { type: 'radio', name: 'part', value: id, checked: i === 0 }), el('span', {}, label))));
}

const note = () => el('p', { class: 'note-line' });

function part(title, id, className, tool, table, ...below) {
  return el('section', { class: `part ${className}`, 'aria-labelledby': `${id}-title`, 'data-testid': id },
    el('div', { class: 'part-head' }, el('h2', { id: `${id}-title` }, title), tool), el('div', { class: 'sheet' }, table), below);
}

const fault = ({ fault: words }) => (words ? el('span', { class: 'problem' }, `cannot be read: ${words}`) : null);

function attached({ attachment, attachmentBytes, isCut }) {
  if (attachmentBytes == null) return el('span', { class: 'muted' }, 'none');
  if (attachment === undefined) return el('span', { class: 'muted' }, `${bytes(attachmentBytes)}: too large to be shown`);
  return valueTree(attachment, isCut);
}

/** The events that are not of a client, in the words of the page. */
const EVENTS = { activate: 'wake', hibernate: 'fall asleep' };

const failureText = ({ number, at, cause }) => `${whole(number)}, the last ${away(at)}: ${shortCause(cause)}`;

function stored({ commitMs, storedBytes }) {
  if (commitMs <= 0) return el('span', { class: 'muted' }, 'nothing to store');
  return storedBytes > 0 ? `stored ${bytes(storedBytes)} in ${ms(commitMs)}` : `stored in ${ms(commitMs)}`;
}

/** What a turn has come to of which nothing is kept; the reason can be long. */
function discarded({ outcome, cause }) {
  return el('span', { class: 'problem', title: cause ?? '' }, outcome === 'failed' ? 'handler failed' : 'commit failed',
    cause ? el('span', { class: 'cause' }, shortCause(cause)) : null);
}

function turnTable() {
  return new LiveTable('Last turns', [
    {
      label: 'Turn', isHead: true, of: ({ event, connection }) => [event, connection],
      shows: ({ event, connection }) => [EVENTS[event] ?? event, connection ? el('span', { class: 'under-mono' }, connection) : null],
    },
    { label: 'Ended', className: 'nowrap', of: ({ at }) => time(at) },
    { label: 'Waited', className: 'num wide', of: ({ queuedMs }) => ms(queuedMs) },
    { label: 'Ran', className: 'num', of: ({ ranMs }) => ms(ranMs) },
    {
      label: 'Outcome', className: 'outcome', of: ({ outcome, cause, commitMs, storedBytes }) => [outcome, cause, commitMs, storedBytes],
      shows: (turn) => (turn.outcome === 'committed' ? stored(turn) : discarded(turn)),
    },
  ], ({ place }) => place, 'No turn of it is remembered.', { isBounded: true });
}

function alarmTable() {
  return new LiveTable('Alarms', [
    { label: 'Name', isHead: true, className: 'mono alarm-name grow', of: ({ name }) => name },
    {
      label: 'Due', className: 'nowrap', of: ({ due }) => away(due), shows: ({ due }) => el('span', { title: dayAndTime(due) }, away(due)),
    },
    { label: 'Attempt', className: 'num', of: ({ attempt }) => whole(attempt) },
  ], ({ name }) => name, 'No alarm is set.', { isBounded: true });
}
