import { avatar, byId, el, plural, setText } from './dom.js';

const IDLE = /^idle ([\d.]+) s of ([\d.]+) s$/;

/** Where nothing is said to keep a room awake. */
const KEPT_BY_NOTHING = { awake: 'nothing, about to sleep', connecting: '–', unknown: '–' };

const NOTES = {
  connecting: 'The room says how it is as soon as it is reached.',
  awake: 'Stay quiet and the room falls asleep. The sockets stay open.',
  asleep: 'Its actor has left memory. The next message wakes it.',
  inactive: 'Nobody is connected. The first to arrive wakes it.',
};

function describe({ state, connections }) {
  if (state === 'connecting') return ['Connecting', 'to the server'];
  if (state === 'awake') return ['Awake', `${plural(connections, 'connection')} open`];
  if (state === 'asleep') return ['Asleep', `${plural(connections, 'connection')} still open`];
  return ['Inactive', 'no connections'];
}

/** Updates the list in place, so that keyboard focus on a room survives the next poll. */
export function showRooms(rooms, current) {
  const list = byId('rooms');
  const items = new Map([...list.children].map((item) => [item.dataset.room, item]));
  const sorted = [...rooms].sort((a, b) => a.room.localeCompare(b.room));
  sorted.forEach((room, index) => {
    const item = items.get(room.room) ?? roomItem(room.room);
    items.delete(room.room);
    updateRoom(item, room, current);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  for (const gone of items.values()) gone.remove();
}

function roomItem(name) {
  const link = el('a', { href: `#${encodeURIComponent(name)}`, 'data-testid': `room-${name}` },
    el('span', { class: 'dot', 'aria-hidden': 'true' }), el('bdi', { class: 'room-name' }, name),
    el('span', { class: 'room-count', 'aria-hidden': 'true' }), el('span', { class: 'visually-hidden room-state' }));
  return el('li', { 'data-room': name }, link);
}

function updateRoom(item, room, current) {
  item.dataset.state = room.state;
  const link = item.firstElementChild;
  if (room.room === current) link.setAttribute('aria-current', 'page');
  else link.removeAttribute('aria-current');
  setText(link.querySelector('.room-count'), room.connections ? String(room.connections) : '');
  setText(link.querySelector('.room-state'), `, ${describe(room).join(', ')}`);
}

export function showMembers(people) {
  byId('members').replaceChildren(...people.map(memberItem));
  setText(byId('people-count'), String(people.length));
  setText(byId('people-heading'), people.length ? `Here now (${people.length})` : 'Here now');
}

function memberItem({ name, you, connections }) {
  const item = el('li', { 'data-testid': 'member' }, avatar(name), el('bdi', { class: 'member-name', title: name }, name));
  if (you) item.append(el('span', { class: 'you' }, 'you'));
  if (connections > 1) item.append(el('span', { class: 'connections', title: plural(connections, 'connection') }, `×${connections}`));
  return item;
}

export function showActor(room) {
  document.documentElement.dataset.roomState = room.state;
  byId('actor-state').dataset.state = room.state;
  const [word, detail] = describe(room);
  showState(word, detail, room.state === 'connecting' ? detail : `${room.connections} connected`);
  setText(byId('actor-note'), NOTES[room.state] ?? '');
  setText(byId('wakes'), room.wakes ? String(room.wakes) : '–');
  showKeptAwakeBy(room);
  showFavicon(room.state);
}

/** The card beside the conversation says it in full, the line under the room's name in brief. */
function showState(word, detail, brief) {
  for (const [id, text] of [['actor-state', detail], ['state-line', brief]]) {
    setText(byId(id).querySelector('.state-word'), word);
    setText(byId(id).querySelector('.state-detail'), text);
  }
}

/** On one line, whatever it is: the card below it must not move. */
function showKeptAwakeBy({ state, keptAwakeBy = [] }) {
  const [, idle, limit] = keptAwakeBy.map((reason) => IDLE.exec(reason)).find(Boolean) ?? [];
  const words = limit ? `idle ${Math.floor(idle)} of ${Number(limit)} s` : keptAwakeBy.join(', ') || (KEPT_BY_NOTHING[state] ?? 'nothing');
  setText(byId('kept-awake-by'), words);
  byId('kept-awake-by').title = keptAwakeBy.join(', ');
  const left = limit && state === 'awake' ? Math.max(0, 1 - idle / limit) : 0;
  byId('idle-bar').style.transform = `scaleX(${left})`;
  if (limit) setText(byId('idle-limit'), `${Number(limit)} s`);
}

/** Says plainly that the picture is old, instead of showing it as if it were live. */
export function showStale(heardAt) {
  document.documentElement.toggleAttribute('data-stale', heardAt !== undefined);
  if (heardAt === undefined) return setText(byId('poll-note'), '');
  const since = heardAt ? `last heard ${Math.round((Date.now() - heardAt) / 1000)} s ago` : 'not heard from yet';
  setText(byId('poll-note'), `Server ${since}`);
  showState('Unknown', since, 'no answer');
  setText(byId('actor-note'), 'The server does not answer, so what you see may be old.');
  showKeptAwakeBy({ state: 'unknown' });
}

let shownFavicon = null;

function showFavicon(state) {
  const awake = state === 'awake';
  if (shownFavicon === awake) return;
  shownFavicon = awake;
  const hidden = awake ? '.eyes-shut,.zzz' : '.eyes-open';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><style>${hidden}{display:none}</style>${byId('dormouse').innerHTML}</svg>`;
  byId('favicon').href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
