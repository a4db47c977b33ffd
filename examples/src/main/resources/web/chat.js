import { Composer } from './composer.js';
import { Connection } from './connection.js';
import { byId, el, setText, stored, storedInTab } from './dom.js';
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
let status = { phase: 'connecting', failures: 0 };
let unread = 0;

/** How often the server told its rooms since this page came into one; the first answer may be older than that. */
let heardInside = 0;

setUpDrawers();
setUpTheme();
setUpName();
setUpRooms();
setUpBanner();
enterRoom(roomInHash() ?? stored.get('room') ?? DEFAULT_ROOM);
const poll = new RoomsPoll({ onRooms: roomsHeard, onStale: showStale, onBack: () => connection.serverIsBack() });
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
  connection = new Connection({ url: chatUrl, onMessage: received, onStatus: statusChanged });
}

function chatUrl() {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${location.host}/chat/${encodeURIComponent(room.name)}?name=${encodeURIComponent(name)}`;
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
  const sent = connection.send({ type: 'say', text });
  if (sent) room.sent(text);
  return sent;
}

function showTitle() {
  document.title = `${unread ? `(${unread}) ` : ''}${room.name} · Dormouse`;
}

// ── Connection banner ───────────────────────────────────────────────

function setUpBanner() {
  byId('try-now').addEventListener('click', () => connection.retryNow());
  window.addEventListener('online', () => connection.retryNow());
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    unread = 0;
    showTitle();
    connection.retryNow();
  });
  setInterval(showBanner, 250);
}

function statusChanged(next) {
  status = next;
  if (status.phase !== 'online') heardInside = 0;
  composer.phase = status.phase === 'online' ? 'online' : isConnecting() ? 'connecting' : 'offline';
  if (status.phase === 'online') poll.now();
  const away = status.failures > 0;
  setText(byId('connection-status'), away ? 'The server is away; trying again.' : '');
  showBanner();
}

function showBanner() {
  byId('banner').hidden = status.failures === 0;
  if (status.failures === 0) return;
  const seconds = Math.max(1, Math.ceil((status.until - Date.now()) / 1000));
  const waiting = status.phase === 'waiting';
  setText(byId('banner-text'), `The server is away; trying again ${waiting ? `in ${seconds} s` : 'now…'}`);
  byId('try-now').disabled = !waiting;
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
  if (status.phase === 'online') heardInside += 1;
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
  return status.phase === 'connecting' && status.failures === 0;
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
  if (!connection.send({ type: 'rename', name: wanted })) rememberName(wanted);
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
