// Actors, a page at a time, by type and by how their keys begin.
import { ApiError, Away, NotWanted, get, linkTo, repeat } from './api.js';
import { LiveTable, el, setText } from './dom.js';
import { away, dayAndTime, plural, whole } from './words.js';

const LIMIT = 50;
const REFRESH_MS = 2_000;
const TYPING_MS = 200;

/** A dot and a word. */
export function stateOf(state) {
  return el('span', { class: 'state', 'data-state': state }, state);
}

const WAKES_KEPT = 'Remembered of the actors that did something last';
const byName = (a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : a.key < b.key ? -1 : 1);
const wakeWords = (wake) => (wake ? `${away(wake.at)} · ${wake.reason}` : '–');

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

  constructor(root, onTrouble) {
    this.#root = root;
    this.#onTrouble = onTrouble;
    this.#form = root.querySelector('form');
    this.#found = root.querySelector('[data-testid=found]');
    this.#previous = root.querySelector('[data-testid=previous]');
    this.#next = root.querySelector('[data-testid=next]');
    this.#table = new LiveTable('Actors', [
      {
        label: 'Key', isHead: true, className: 'key', of: ({ type, key }) => [type, key],
        shows: ({ type, key }) => [el('a', { href: linkTo(type, key), title: key }, key), el('span', { class: 'under' }, type)],
      },
      { label: 'Type', className: 'nowrap wide', of: ({ type }) => type },
      {
        label: 'State', of: ({ state, wake }) => [state, wake && wakeWords(wake)],
        shows: ({ state, wake }) => [stateOf(state), wake && el('span', { class: 'under' }, wakeWords(wake))],
      },
      { label: 'Connections', className: 'num', of: ({ connections }) => whole(connections) },
      { label: 'Activations', className: 'num wide', of: ({ activation }) => whole(activation) },
      {
        label: 'Last wake', className: 'nowrap wide', of: ({ wake }) => wakeWords(wake),
        shows: ({ wake }) => el('span', wake ? { title: dayAndTime(wake.at) } : { class: 'muted', title: WAKES_KEPT }, wakeWords(wake)),
      },
      { label: 'Kept in memory by', className: 'muted widest', of: ({ pins }) => pins.join('; ') },
    ], ({ type, key }) => `${type}/${key}`, 'No actor is stored yet.');
    root.querySelector('[data-testid=actors]').replaceChildren(this.#table.element);
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#form.addEventListener('change', () => this.#chosen());
    this.#form.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#chosen(), TYPING_MS);
    });
    this.#previous.addEventListener('click', () => { this.#cursors.pop(); this.#restart(); });
    this.#next.addEventListener('click', () => { this.#cursors.push(this.#following); this.#restart(); });
  }

  /** Shows what the address asks for. */
  show(query) {
    this.#root.hidden = false;
    const wanted = `${query}`;
    if (this.#looking && wanted === this.#shown) return;
    this.#shown = wanted;
    this.#query = query;
    this.#form.elements.in.value = query.get('in') === 'memory' ? 'memory' : 'stored';
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

  /** The types there are, with how many of each are in memory. */
  types(types) {
    const select = this.#form.elements.type;
    types.forEach(({ type, active }) => {
      const option = [...select.options].find(({ value }) => value === type) ?? select.appendChild(el('option', { value: type }));
      setText(option, active ? `${type} (${whole(active)} in memory)` : type);
    });
  }

  #choose(type) {
    const select = this.#form.elements.type;
    if (![...select.options].some(({ value }) => value === type)) select.append(el('option', { value: type }, type));
    select.value = type;
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
    const [where, type, prefix] = ['in', 'type', 'prefix'].map((name) => this.#query.get(name));
    const actors = [];
    let after = this.#cursors.at(-1);
    let looked = 0;
    this.#root.setAttribute('aria-busy', `${isFirst}`);
    try {
      do {
        const page = await get('/api/actors', { in: where, type, prefix, after, limit: LIMIT - actors.length }, asking.signal);
        if (asking.signal.aborted) return;
        actors.push(...page.actors);
        looked += page.looked;
        after = page.next;
        if (isFirst && after && actors.length < LIMIT) {
          this.#table.emptyText = 'None so far…';
          this.#table.update([...actors].sort(byName));
          setText(this.#found, `Found ${whole(actors.length)} among ${whole(looked)}…`);
        }
      } while (after && actors.length < LIMIT);
      this.#following = after;
      this.#show(actors, Boolean(prefix || type), where === 'memory');
      this.#onTrouble(null);
    } catch (error) {
      if (error instanceof ApiError && !asking.signal.aborted) this.#onTrouble(error.message);
      else if (!(error instanceof ApiError || error instanceof Away || error instanceof NotWanted)) throw error;
    } finally {
      if (this.#asking === asking) this.#root.setAttribute('aria-busy', 'false');
    }
  }

  #show(actors, isFiltered, isMemory) {
    const before = (this.#cursors.length - 1) * LIMIT;
    this.#table.emptyText = before ? 'There are no more.'
      : isFiltered ? 'No actor is like that.'
        : isMemory ? 'No actor is in memory: those that are stored sleep.' : 'No actor is stored yet.';
    this.#table.update(actors.sort(byName));
    this.#previous.disabled = before === 0;
    this.#next.disabled = !this.#following;
    const range = before || this.#following ? `Actors ${whole(before + 1)} to ${whole(before + actors.length)}` : plural(actors.length, 'actor');
    setText(this.#found, actors.length ? `${range}${this.#following ? '; there may be more' : ''}` : '');
  }
}
