// Actors, a page at a time: all that are stored, those awake or those failing, by type, and by how their keys begin.
import { ApiError, Away, NotWanted, get, linkTo, repeat } from './api.js';
import { LiveTable, el, setText } from './dom.js';
import { away, dayAndTime, plural, shortCause, whole } from './words.js';

const LIMIT = 50;
const REFRESH_MS = 2_000;
const TYPING_MS = 200;

/** The server has no order but its own: this page sorts what it has read, which is no more than so many actors. */
const SORTED_MAX = 2_000;
const READ_AT_ONCE = 500;

/** A mark and a word: what sleeps has a crescent. */
export function stateOf(state) {
  return el('span', { class: 'state', 'data-state': state }, state);
}

const WAKES_KEPT = 'Remembered of the actors that did something last';
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a, b) => compare(a.type, b.type) || compare(a.key, b.key);
const STATES = ['unreadable', 'awake', 'asleep', 'inactive'];
const time = (happened) => (happened ? Date.parse(happened.at) : 0);

/** What actors can be sorted by, the first first; those of which nothing is known come last. */
const ORDERS = {
  key: (a, b) => compare(a.key, b.key),
  type: (a, b) => compare(a.type, b.type),
  state: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state),
  connections: (a, b) => b.connections - a.connections,
  wakes: (a, b) => b.wakes - a.wakes,
  wake: (a, b) => time(b.wake) - time(a.wake),
  failures: (a, b) => time(b.failures) - time(a.failures),
};

const WORDS = {
  key: ['key', 'A to Z', 'Z to A'],
  type: ['type', 'A to Z', 'Z to A'],
  state: ['state', 'awake first', 'inactive first'],
  connections: ['connections', 'most first', 'fewest first'],
  wakes: ['wakes', 'most first', 'fewest first'],
  wake: ['last wake', 'latest first', 'oldest first'],
  failures: ['failures', 'latest first', 'none first'],
};

/** By which columns a first press has the largest first. */
const isLargestFirst = (sort) => ['connections', 'wakes', 'wake', 'failures'].includes(sort);

function sorted(actors, sort) {
  const isReversed = sort.startsWith('-');
  const order = ORDERS[isReversed ? sort.slice(1) : sort];
  return actors.sort((a, b) => (isReversed ? order(b, a) : order(a, b)) || byName(a, b));
}

const EMPTY = {
  stored: 'No actor is stored yet.',
  awake: 'No actor is awake.',
  failing: 'No actor has failed during the last five minutes.',
};

const wakeWords = (wake) => (wake ? `${away(wake.at)} · ${wake.reason}` : '–');
const failureWords = ({ number, at }) => `${away(at)} · ${number === 1 ? 'once' : `${whole(number)} times`}`;

const failed = (failures, className) => failures && el('span', {
  class: `failed ${className}`, title: `${plural(failures.number, 'failure')}, the last on ${dayAndTime(failures.at)}: ${failures.cause}`,
}, failureWords(failures), el('span', { class: 'cause' }, shortCause(failures.cause)));

export class ActorList {
  #root;
  #form;
  #found;
  #previous;
  #next;
  #onTrouble;
  #table;
  #cursors = [null];
  #following = null;
  #asking = null;
  #looking = null;
  #typing = null;
  #shown = '';
  #query = new URLSearchParams();
  #sort = '';

  constructor(root, onTrouble) {
    this.#root = root;
    this.#onTrouble = onTrouble;
    this.#form = root.querySelector('form');
    this.#found = root.querySelector('[data-testid=found]');
    this.#previous = root.querySelector('[data-testid=previous]');
    this.#next = root.querySelector('[data-testid=next]');
    this.#table = new LiveTable('Actors', [
      {
        label: 'Key', isHead: true, className: 'key', sort: 'key', of: ({ type, key }) => [type, key],
        shows: ({ type, key }) => [el('a', { href: linkTo(type, key), title: key }, key), el('span', { class: 'under' }, type)],
      },
      { label: 'Type', className: 'nowrap wide', sort: 'type', of: ({ type }) => type },
      {
        label: 'State', sort: 'state', of: ({ state, wake, failures }) => [state, wake && wakeWords(wake), failures && failureWords(failures)],
        shows: ({ state, wake, failures }) => [
          stateOf(state), wake && el('span', { class: 'under' }, wakeWords(wake)), failed(failures, 'under'),
        ],
      },
      { label: 'Connections', className: 'num', sort: 'connections', of: ({ connections }) => whole(connections) },
      { label: 'Wakes', className: 'num wide', sort: 'wakes', of: ({ wakes }) => whole(wakes) },
      {
        label: 'Last wake', className: 'nowrap wide', sort: 'wake', of: ({ wake }) => wakeWords(wake),
        shows: ({ wake }) => el('span', wake ? { title: dayAndTime(wake.at) } : { class: 'muted', title: WAKES_KEPT }, wakeWords(wake)),
      },
      {
        label: 'Failures', className: 'failures wide', sort: 'failures',
        of: ({ failures }) => failures && [failureWords(failures), failures.cause], shows: ({ failures }) => failed(failures, ''),
      },
      { label: 'Kept awake by', className: 'muted widest', of: ({ keptAwakeBy }) => keptAwakeBy.join('; ') },
    ], ({ type, key }) => `${type}/${key}`, 'No actor is stored yet.', { className: 'actors', onSort: (sort) => this.#sortBy(sort) });
    root.querySelector('[data-testid=actors]').replaceChildren(this.#table.element);
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#form.addEventListener('change', () => this.#chosen());
    this.#form.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#chosen(), TYPING_MS);
    });
    this.#previous.addEventListener('click', () => { this.#cursors.pop(); this.#restart(); });
    this.#next.addEventListener('click', () => { this.#cursors.push(this.#following); this.#restart(); });
    this.#form.elements.sort.append(...Object.entries(WORDS).flatMap(([sort, [name, first, last]]) => [
      el('option', { value: sort }, `By ${name}, ${first}`), el('option', { value: `-${sort}` }, `By ${name}, ${last}`)]));
  }

  /** Shows what the address asks for. */
  show(query) {
    this.#root.hidden = false;
    const wanted = `${query}`;
    if (this.#looking && wanted === this.#shown) return;
    this.#shown = wanted;
    this.#query = query;
    this.#form.elements.in.value = ['awake', 'failing'].includes(query.get('in')) ? query.get('in') : 'stored';
    const sort = (query.get('sort') ?? '').replace(/^-/, '');
    this.#sort = Object.hasOwn(ORDERS, sort) ? query.get('sort') : '';
    this.#form.elements.sort.value = this.#sort;
    this.#table.sortedBy(this.#sort ? sort : null, isLargestFirst(sort) !== this.#sort.startsWith('-'));
    this.#choose(query.get('type') ?? '');
    if (document.activeElement !== this.#form.elements.prefix) this.#form.elements.prefix.value = query.get('prefix') ?? '';
    this.#cursors = [null];
    this.#restart();
  }

  hide() {
    this.#root.hidden = true;
    this.#shown = '';
    this.#looking?.end();
    this.#looking = null;
    this.#asking?.abort();
  }

  /** Asks again at once, if it is shown. */
  refresh() {
    this.#looking?.soon();
  }

  /** What the node tells of all actors: the types there are, and how many are awake, asleep, or failing. */
  tell({ types, awake, failing }) {
    setText(this.#root.querySelector('[data-testid=awake]'), whole(awake));
    const count = this.#root.querySelector('[data-testid=failing]');
    setText(count, whole(failing));
    count.classList.toggle('problem-count', failing > 0);
    const select = this.#form.elements.type;
    types.forEach(({ type, awake: ofType }) => {
      const option = [...select.options].find(({ value }) => value === type) ?? select.appendChild(el('option', { value: type }));
      setText(option, ofType ? `${type} (${whole(ofType)} awake)` : type);
    });
  }

  #choose(type) {
    const select = this.#form.elements.type;
    if (![...select.options].some(({ value }) => value === type)) select.append(el('option', { value: type }, type));
    select.value = type;
  }

  /** A first press sorts by a column, a second one the other way round, and a third one not at all. */
  #sortBy(sort) {
    this.#form.elements.sort.value = this.#sort === sort ? `-${sort}` : this.#sort === `-${sort}` ? '' : sort;
    this.#chosen();
  }

  #chosen() {
    clearTimeout(this.#typing);
    const query = new URLSearchParams([...new FormData(this.#form)].filter(([name, value]) => value && !(name === 'in' && value === 'stored')));
    if (`${query}` === this.#shown) return;
    history.replaceState(null, '', `#/${query.size ? `?${query}` : ''}`);
    this.show(query);
  }

  #restart() {
    this.#looking?.end();
    this.#asking?.abort();
    this.#previous.disabled = true;
    this.#next.disabled = true;
    let isFirst = true;
    this.#looking = repeat(REFRESH_MS, async () => {
      await this.#look(isFirst);
      isFirst = false;
    });
  }

  /** Asks until a page is full, or there is no more: the server looks at so many for each answer. */
  async #look(isFirst) {
    const asking = new AbortController();
    this.#asking = asking;
    this.#root.setAttribute('aria-busy', `${isFirst}`);
    try {
      await (this.#sort ? this.#lookAtAll(asking.signal, isFirst) : this.#lookAtPage(asking.signal, isFirst));
      if (!asking.signal.aborted) this.#onTrouble(null);
    } catch (error) {
      if (error instanceof ApiError && !asking.signal.aborted) this.#onTrouble(error.message);
      else if (!(error instanceof ApiError || error instanceof Away || error instanceof NotWanted)) throw error;
    } finally {
      if (this.#asking === asking) this.#root.setAttribute('aria-busy', 'false');
    }
  }

  async #lookAtPage(signal, isFirst) {
    const { actors, next } = await this.#read(this.#cursors.at(-1), LIMIT, LIMIT, signal, isFirst);
    if (signal.aborted) return;
    this.#following = next;
    const before = (this.#cursors.length - 1) * LIMIT;
    this.#show(actors.sort(byName), before, next ? '; there may be more' : '');
  }

  async #lookAtAll(signal, isFirst) {
    const { actors, next } = await this.#read(null, SORTED_MAX, READ_AT_ONCE, signal, isFirst);
    if (signal.aborted) return;
    const before = Math.min((this.#cursors.length - 1) * LIMIT, Math.max(0, actors.length - 1));
    const end = Math.min(actors.length, before + LIMIT);
    this.#following = end < actors.length ? end : null;
    const of = actors.length > LIMIT ? ` of ${whole(actors.length)}` : '';
    this.#show(sorted(actors, this.#sort).slice(before, end), before,
      next ? `${of}, sorted among the first ${whole(actors.length)} that were found: narrow the search to sort all` : of);
  }

  /** Reads so many actors, if there are. */
  async #read(from, limit, atOnce, signal, isFirst) {
    const [where, type, prefix] = ['in', 'type', 'prefix'].map((name) => this.#query.get(name));
    const actors = [];
    let next = from;
    let looked = 0;
    do {
      const page = await get('/api/actors', { in: where, type, prefix, after: next, limit: Math.min(atOnce, limit - actors.length) }, signal);
      actors.push(...page.actors);
      looked += page.looked;
      next = page.next;
      if (signal.aborted) break;
      if (isFirst && next && actors.length < limit) {
        this.#table.emptyText = 'None so far…';
        this.#table.update([...actors].sort(byName).slice(0, LIMIT));
        setText(this.#found, `Found ${whole(actors.length)} among ${whole(looked)}…`);
      }
    } while (next && actors.length < limit);
    return { actors, next };
  }

  /** Shows a page of actors, before which there are so many. */
  #show(actors, before, more) {
    const isFiltered = this.#query.get('prefix') || this.#query.get('type');
    this.#table.emptyText = before ? 'There are no more.' : isFiltered ? 'No actor is like that.' : EMPTY[this.#form.elements.in.value];
    this.#table.update(actors);
    this.#previous.disabled = this.#cursors.length === 1;
    this.#next.disabled = !this.#following;
    const range = before || this.#following ? `Actors ${whole(before + 1)} to ${whole(before + actors.length)}` : plural(actors.length, 'actor');
    setText(this.#found, actors.length ? `${range}${more}` : '');
  }
}
