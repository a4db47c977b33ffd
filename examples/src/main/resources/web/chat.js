import { Composer } from './composer.js';
import { byId, el, setText, stored, storedInTab } from './dom.js';
import { connect } from './dormouse.min.js';
import { closeDrawer, setUpDrawers } from './drawers.js';
import { MessageList } from './message-list.js';
import { showActor, showMembers, showRooms, showStale } from './panels.js';
import { Room } from './room.js';
import { RoomsPoll } from './rooms-poll.js';

const DEFAULT_ROOM = 'lobby';
const ADJECTIVES = ['Quiet', 'Drowsy', 'Gentle', 'Mossy', 'Amber', 'Curious', 'Snug', 'Misty', 'Merry', 'Russet'];
const NOUNS = ['Hazel', 'Acorn', 'Bramble', 'Fern', 'Willow', 'Clover', 'Thistle', 'Beech', 'Sorrel', 'Rowan'];

const messages = new MessageList({ list: byId('messages'), scroller: byId('scroller'), jump: byId('jump'), welcome: byId('welcome') });
const composer = new Composer({ onSend: say });
const nameField = byId('name');

let name = storedInTab.get('name') ?? stored.get('name') ?? guestName();
let room = null;
let connection = null;
let rooms = null;
let status = { state: 'connecting', failures: 0 };

/** Whether the room has welcomed this connection. An open socket alone proves little. */
let isIn = false;
let unread = 0;

/** How often the server told its rooms since this page came into one; the first answer may be older than that. */
let heardInside = 0;

setUpDrawers();
setUpTheme();
setUpName();
setUpRooms();
setUpBanner();
enterRoom(roomInHash() ?? stored.get('room') ?? DEFAULT_ROOM);
const poll = new RoomsPoll({ onRooms: roomsHeard, onStale: showStale, onBack: () => status.state === 'waiting' && connection.reconnect() });
if (matchMedia('(pointer: fine)').matches) composer.focus();

// ── The room in view ────────────────────────────────────────────────

function enterRoom(roomName) {
  if (room?.name === roomName) return;
  connection?.close();
  composer.changeRoom(room?.name, roomName);
  room = new Room(roomName);
  stored.set('room', roomName);
  history.replaceState(null, '', `#${encodeURIComponent(roomName)}`);
  setText(byId('room-title'), roomName);
  unread = 0;
  showTitle();
  messages.clear();
  showMembers([]);
  heardInside = 0;
  showRoomStates();
  statusChanged({ state: 'connecting', failures: 0 });
  connection = connect(chatUrl, { queue: { messages: 0 } }); // the composer keeps what cannot be sent
  connection.on('message', received);
  connection.on('state', statusChanged);
  connection.on('drop', () => {});
}

/** Asked for before each attempt, because the name may have changed. */
function chatUrl() {
  return `/chat/${encodeURIComponent(room.name)}?name=${encodeURIComponent(name)}`;
}

function roomInHash() {
  try {
    return decodeURIComponent(location.hash.slice(1)).trim() || null;
  } catch {
    return null;
  }
}

const handlers = {
  welcome(message) {
    const lost = room.welcome(message);
    messages.reset(message.history);
    composer.giveBack(lost);
    showName(message.you.name);
    isIn = true;
    showStatus();
    poll.now();
  },
  said(entry) {
    if (!room.said(entry)) return;
    messages.add(entry, { mine: entry.member === room.you?.id });
    if (document.hidden) unread += 1;
    showTitle();
    // A message has just woken the room: show it at once rather than at the next poll.
    if (document.documentElement.dataset.roomState !== 'awake') poll.now();
  },
  joined({ member }) {
    if (room.joined(member)) messages.note([person(member.name), ' joined']);
  },
  left({ member }) {
    if (room.left(member)) messages.note([person(member.name), ' left']);
  },
  renamed({ member, was }) {
    if (room.renamed(member)) rememberName(member.name);
    messages.note([person(was), ' is now ', person(member.name)]);
  },
  error({ message }) {
    composer.giveBack([room.refused()].filter(Boolean));
    if (room.you) showName(room.you.name);
    messages.note([message], 'problem');
  },
};

function received(message) {
  handlers[message.type]?.(message);
  showMembers(room.people());
}

function person(personName) {
  return el('bdi', {}, personName);
}

function say(text) {
  const isSent = connection.send({ type: 'say', text }) === 'sent';
  if (isSent) room.sent(text);
  return isSent;
}

function showTitle() {
  document.title = `${unread ? `(${unread}) ` : ''}${room.name} · Dormouse`;
}

// ── Connection banner ───────────────────────────────────────────────

function setUpBanner() {
  byId('try-now').addEventListener('click', () => connection.reconnect());
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    unread = 0;
    showTitle();
  });
  setInterval(showBanner, 250);
}

function statusChanged(next) {
  status = next;
  isIn &&= status.state === 'open';
  if (!isIn) heardInside = 0;
  showStatus();
}

function showStatus() {
  composer.phase = isIn ? 'online' : isConnecting() ? 'connecting' : 'offline';
  setText(byId('connection-status'), isAway() ? 'The server is away; trying again.' : '');
  showBanner();
}

function showBanner() {
  byId('banner').hidden = !isAway();
  if (!isAway()) return;
  const seconds = Math.max(1, Math.ceil((status.retryAtMs - Date.now()) / 1000));
  setText(byId('banner-text'), {
    closed: 'The server has closed the connection',
    offline: `This device is offline; trying again in ${seconds} s`,
    waiting: `The server is away; trying again in ${seconds} s`,
  }[status.state] ?? 'The server is away; trying again now…');
  byId('try-now').disabled = ['connecting', 'open'].includes(status.state);
}

/** Whether the server was lost or could not be reached. */
function isAway() {
  return !isIn && !isConnecting();
}

// ── Rooms ───────────────────────────────────────────────────────────

function setUpRooms() {
  window.addEventListener('hashchange', () => {
    enterRoom(roomInHash() ?? DEFAULT_ROOM);
    closeDrawer();
  });
  byId('rooms').addEventListener('click', (event) => event.target.closest('a') && closeDrawer());
  byId('new-room-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const wanted = byId('new-room').value.trim();
    if (!wanted) return;
    byId('new-room').value = '';
    location.hash = encodeURIComponent(wanted);
    closeDrawer();
    composer.focus();
  });
}

function roomsHeard(heard) {
  rooms = heard;
  if (isIn) heardInside += 1;
  showStale(undefined);
  showRoomStates();
}

function showRoomStates() {
  const listed = rooms?.find((one) => one.room === room.name);
  const nothing = { room: room.name, state: 'inactive', connections: 0, wakes: 0, keptAwakeBy: [] };
  // Nothing is said of a room before it was asked for, nor that nobody is in it while this page comes in.
  const isTold = (listed ?? nothing).state !== 'inactive' || heardInside > 1 || (rooms && status.failures > 0);
  const current = isTold ? listed ?? nothing : { ...nothing, state: 'connecting' };
  showRooms([...(rooms ?? []).filter((one) => one !== listed), current], room.name);
  showActor(current);
  composer.asleep = current.state === 'asleep';
}

/** Whether the server is being reached for the first time, or for the first time after it was there. */
function isConnecting() {
  return status.failures === 0 && (status.state === 'connecting' || status.state === 'open');
}

// ── Your name ───────────────────────────────────────────────────────

function setUpName() {
  rememberName(name);
  nameField.addEventListener('change', rename);
  nameField.addEventListener('input', sizeName);
  nameField.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Escape') showName(name);
    if (event.key === 'Enter' || event.key === 'Escape') composer.focus();
    if (event.key === 'Enter') event.preventDefault();
  });
}

function rename() {
  const wanted = nameField.value.trim();
  if (!wanted || wanted === name) return showName(name);
  // Offline, the new name goes along with the next connection.
  if (connection.send({ type: 'rename', name: wanted }) !== 'sent') rememberName(wanted);
}

/** Kept for the next visit, and for this tab, so that two tabs can be two people. */
function rememberName(newName) {
  stored.set('name', newName);
  storedInTab.set('name', newName);
  showName(newName);
}

function showName(shown) {
  name = shown;
  nameField.value = shown;
  sizeName();
}

function sizeName() {
  nameField.size = Math.max(4, nameField.value.length);
}

function guestName() {
  const pick = (words) => words[Math.floor(Math.random() * words.length)];
  return `${pick(ADJECTIVES)} ${pick(NOUNS)} ${10 + Math.floor(Math.random() * 90)}`;
}

// ── Theme ───────────────────────────────────────────────────────────

function setUpTheme() {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const label = () => byId('theme-toggle').setAttribute('aria-label', isDark() ? 'Use light theme' : 'Use dark theme');
  byId('theme-toggle').addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    stored.set('theme', root.dataset.theme);
    label();
  });
  system.addEventListener('change', label);
  label();
}
