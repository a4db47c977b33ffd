// Actors, a page at a time, by type and by how their keys begin.
import { ApiError, get, linkTo, repeat } from './api.js';
import { LiveTable, el, setText } from './dom.js';
import { away, dayAndTime, plural, whole } from './words.js';

const LIMIT = 50;
const REFRESH_MS = 2_000;
const TYPING_MS = 200;

/** A dot and a word. */
export function stateOf(state) {
  return el('span', { class: 'state', 'data-state': state }, state);
}

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
  #stop = null;
  #typing = null;
  #shown = '';

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
      { label: 'Type', className: 'type wide', of: ({ type }) => type },
      { label: 'State', of: ({ state }) => state, shows: ({ state }) => stateOf(state) },
      { label: 'Connections', className: 'num', of: ({ connections }) => whole(connections) },
      { label: 'Activations', className: 'num wide', of: ({ activation }) => whole(activation) },
      {
        label: 'Last wake', className: 'wide', of: ({ wake }) => wakeWords(wake),
        shows: ({ wake }) => el('span', wake ? { title: dayAndTime(wake.at) } : { class: 'muted' }, wakeWords(wake)),
      },
      { label: 'Kept in memory by', className: 'widest muted', of: ({ pins }) => pins.join('; ') },
    ], ({ type, key }) => `${type}/${key}`, 'Nothing is stored yet.');
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
    if (this.#stop && wanted === this.#shown) return;
    this.#shown = wanted;
    this.#form.elements.in.value = query.get('in') === 'memory' ? 'memory' : 'stored';
    this.#choose(query.get('type') ?? '');
    if (document.activeElement !== this.#form.elements.prefix) this.#form.elements.prefix.value = query.get('prefix') ?? '';
    this.#cursors = [null];
    this.#restart();
  }

  hide() {
    this.#root.hidden = true;
    this.#shown = '';
    this.#stop?.();
    this.#stop = null;
    this.#asking?.abort();
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
    const query = new URLSearchParams([...new FormData(this.#form)].filter(([name, value]) => value && value !== 'stored'));
    if (`${query}` === this.#shown) return;
    history.replaceState(null, '', `#/${query.size ? `?${query}` : ''}`);
    this.show(query);
  }

  #restart() {
    this.#stop?.();
    this.#asking?.abort();
    this.#previous.disabled = true;
    this.#next.disabled = true;
    let isFirst = true;
    this.#stop = repeat(REFRESH_MS, async () => {
      await this.#look(isFirst);
      isFirst = false;
    });
  }

  /** Asks until a page is full, or there is no more: the server looks at so many for each answer. */
  async #look(isFirst) {
    const asking = new AbortController();
    this.#asking = asking;
    const { in: where, type, prefix } = Object.fromEntries(new FormData(this.#form));
    const actors = [];
    let after = this.#cursors.at(-1);
    let looked = 0;
    this.#root.setAttribute('aria-busy', `${isFirst}`);
    try {
      do {
        const page = await get('/api/actors', { in: where, type, prefix, after, limit: LIMIT - actors.length }, asking.signal);
        actors.push(...page.actors);
        looked += page.looked;
        after = page.next;
        if (isFirst && after && actors.length < LIMIT) {
          this.#table.update(actors);
          setText(this.#found, `${plural(actors.length, 'actor')} so far; ${whole(looked)} looked at…`);
        }
      } while (after && actors.length < LIMIT);
      this.#following = after;
      this.#show(actors, Boolean(prefix || type), where === 'memory');
      this.#onTrouble(null);
    } catch (error) {
      if (asking.signal.aborted) return;
      if (error instanceof ApiError) this.#onTrouble(error.message);
    } finally {
      if (this.#asking === asking) this.#root.setAttribute('aria-busy', 'false');
    }
  }

  #show(actors, isFiltered, isMemory) {
    const page = this.#cursors.length;
    this.#table.emptyText = page > 1 ? 'That was the last page.'
      : isFiltered ? 'No actor is like that.'
        : isMemory ? 'No actor is in memory: those that are stored sleep.' : 'Nothing is stored yet.';
    this.#table.update(actors);
    this.#previous.disabled = page === 1;
    this.#next.disabled = !this.#following;
    const more = this.#following ? ', and there may be more' : '';
    setText(this.#found, page > 1 ? `Page ${page}: ${plural(actors.length, 'actor')}${more}` : `${plural(actors.length, 'actor')}${more}`);
  }
}
