// The dashboard: the node at the top, below it the actors or one of them, as the address says.
import { ApiError, get, repeat } from './api.js';
import { ActorList } from './actor-list.js';
import { ActorView } from './actor-view.js';
import { setText } from './dom.js';
import { NodeStrip } from './node-strip.js';
import { serverTimeIs, span } from './words.js';

const NODE_MS = 1_000;
const find = (selector) => document.querySelector(selector);

const trouble = find('[data-testid=trouble]');
const live = find('[data-testid=live]');

function say(message) {
  trouble.hidden = !message;
  setText(trouble, message ?? '');
}

function isLive(state, text) {
  if (live.dataset.state === state) return;
  live.dataset.state = state;
  setText(live.querySelector('.live-text'), text);
}

const strip = new NodeStrip(find('[data-testid=strip]'));
const list = new ActorList(find('#list'), say);
const view = new ActorView(find('#actor'), say);

function route() {
  say(null);
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [name, type, key] = path.split('/');
  if (name === 'actor' && type && key) {
    list.hide();
    view.show(decodeURIComponent(type), decodeURIComponent(key));
    document.title = `${decodeURIComponent(key)} · Dormouse`;
  } else if (location.hash !== '#main') {
    view.hide();
    list.show(new URLSearchParams(query));
    document.title = 'Dormouse';
  }
}

addEventListener('hashchange', () => { route(); scrollTo(0, 0); });
route();

repeat(NODE_MS, async () => {
  try {
    const node = await get('/api/node');
    serverTimeIs(node.at);
    strip.update(node);
    list.types(node.types);
    setText(find('[data-testid=facts]'), `up ${span(node.upMs)} · durability ${node.durability} · Java ${node.java} · pid ${node.pid}`);
    isLive('live', 'live');
  } catch (error) {
    isLive('away', error instanceof ApiError ? error.message : 'the server does not answer');
  }
});
