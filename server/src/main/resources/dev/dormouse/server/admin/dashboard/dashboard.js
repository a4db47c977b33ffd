// The dashboard: the node at the top, below it the actors or one of them, as the address says.
import { ApiError, Away, get, repeat } from './api.js';
import { ActorList } from './actor-list.js';
import { ActorView } from './actor-view.js';
import { setText } from './dom.js';
import { NodeStrip } from './node-strip.js';
import { plural, serverTimeIs, span, time, whole } from './words.js';

const NODE_MS = 1_000;
const byTestId = (id) => document.querySelector(`[data-testid=${id}]`);
const main = document.querySelector('main');
const live = byTestId('live');
const logout = document.querySelector('.logout');

/** What went wrong with what is shown below it; null if nothing did. */
function say(element, message) {
  element.hidden = !message;
  setText(element, message ?? '');
}
const onTrouble = (message) => say(byTestId('trouble'), message);

const strip = new NodeStrip(byTestId('strip'));
const list = new ActorList(document.querySelector('#list'), onTrouble);
const view = new ActorView(document.querySelector('#actor'), onTrouble);

/** What the address names: {type, key} or {query}. */
function place() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [name, type, key] = path.split('/');
  try {
    if (name === 'actor' && type && key) return { type: decodeURIComponent(type), key: decodeURIComponent(key) };
  } catch (error) {
    if (!(error instanceof URIError)) throw error; // An address that nobody could mean: the list is shown.
  }
  return { query: new URLSearchParams(query) };
}

function route() {
  onTrouble(null);
  const { type, key, query } = place();
  document.body.dataset.view = query ? 'list' : 'actor';
  document.title = query ? 'Actors · Dormouse' : `${key} · Dormouse`;
  if (query) {
    view.hide();
    list.show(query);
  } else {
    list.hide();
    view.show(type, key);
  }
}

addEventListener('hashchange', () => {
  route();
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
});
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
route();

/** When the server answered last, in its own time. */
let answered = null;

function isAnswering(node) {
  const wasAway = document.body.dataset.live === 'away';
  answered = node.at;
  document.body.dataset.live = 'live';
  live.dataset.state = 'live';
  setText(live.querySelector('.live-text'), 'live');
  say(byTestId('away'), null);
  if (wasAway) [list, view].forEach((shown) => shown.refresh());
}

function isAway(error) {
  document.body.dataset.live = 'away';
  live.dataset.state = 'away';
  setText(live.querySelector('.live-text'), 'not live');
  const since = answered ? `What is shown is of ${time(answered)}. ` : '';
  say(byTestId('away'), `${error.message} ${since}This page tries again by itself.`);
}

/** What a node of a cluster knows of the cluster; nothing of a server that is alone. */
function clusterFacts({ cluster }) {
  say(byTestId('cluster-trouble'), cluster?.missing.length ? `The cluster is not whole: ${cluster.missing.join('; ')}.` : null);
  if (!cluster) return '';
  const leads = `leads ${whole(cluster.groupsLed)} of ${plural(cluster.groups, 'group')}`;
  const lag = cluster.lag ? ` · lag ${whole(cluster.lag)}` : '';
  return `node ${cluster.node} · ${whole(cluster.nodesUp)} of ${plural(cluster.nodes, 'node')} up · ${leads} · `
    + `${plural(cluster.takeovers, 'takeover')}${lag} · `;
}

repeat(NODE_MS, async () => {
  try {
    const node = await get('/api/node');
    serverTimeIs(node.at);
    strip.update(node);
    list.tell(node);
    setText(byTestId('facts'), `${clusterFacts(node)}up ${span(node.upMs)} · durability ${node.durability} · Java ${node.java} · pid ${node.pid}`);
    isAnswering(node);
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof Away)) throw error;
    isAway(error);
  }
});

// Where no token is asked for, the form for it leads elsewhere, and there is nothing to log out of.
fetch('/login', { redirect: 'manual' }).then((form) => { logout.hidden = !form.ok; }, () => {});
