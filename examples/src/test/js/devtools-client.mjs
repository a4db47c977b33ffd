// Inspects the server with a client that knows the protocol of DevTools: node devtools-client.mjs <check> <ws://server> <http://admin>
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import CDP from 'chrome-remote-interface';
import { Peer, within } from './shared.mjs';

const [name, server, admin] = process.argv.slice(2);
const { hostname: host, port } = new URL(admin);
// Not by import: the client changes what it has imported.
const { domains } = JSON.parse(readFileSync('node_modules/chrome-remote-interface/lib/protocol.json'));
const opened = [];

/** The faults of a value, by what Chromium says the domain Network is like. */
function faults(type, value, where) {
  if (type.$ref) {
    const [domain, id] = type.$ref.includes('.') ? type.$ref.split('.') : ['Network', type.$ref];
    return faults(domains.find((each) => each.domain === domain).types.find((each) => each.id === id), value, where);
  }
  if (type.type === 'integer') return Number.isInteger(value) ? [] : [`${where} is no integer: ${value}`];
  if (typeof value !== type.type) return [`${where} is no ${type.type}: ${JSON.stringify(value)}`];
  return type.properties ? faultsOfObject(type.properties, value, where) : [];
}

function faultsOfObject(properties, object, where) {
  const unknown = Object.keys(object).filter((key) => !properties.some((each) => each.name === key));
  return [
    ...unknown.map((key) => `${where} has ${key}`),
    ...properties.flatMap((each) => (each.name in object
      ? faults(each, object[each.name], `${where}.${each.name}`)
      : each.optional ? [] : [`${where} lacks ${each.name}`])),
  ];
}

/** An inspector that keeps what it is told until somebody asks. */
class Inspector {
  #heard = [];
  #asking = null;

  static async attach(options = {}) {
    const inspector = new Inspector();
    inspector.client = await within(CDP({ host, port, local: true, ...options }), 'attaching');
    opened.push(() => inspector.client.close());
    inspector.client.on('event', (message) => inspector.#hear(message));
    await inspector.client.send('Dormouse.enable');
    await inspector.client.Network.enable();
    await inspector.until('Dormouse.announced');
    return inspector;
  }

  #hear({ method, params }) {
    const [domain, event] = method.split('.');
    if (domain === 'Network') {
      const described = domains.find((each) => each.domain === domain).events.find((each) => each.name === event);
      assert.deepEqual(faultsOfObject(described.parameters, params, method), []);
    }
    const told = { method, params };
    if (this.#asking) this.#asking(told);
    else this.#heard.push(told);
    this.#asking = null;
  }

  #next() {
    return this.#heard.length
      ? Promise.resolve(this.#heard.shift())
      : new Promise((resolve) => { this.#asking = resolve; });
  }

  /** All it was told, and is told, up to that event. */
  async until(method, wanted = () => true) {
    const told = [];
    do told.push(await within(this.#next(), `${method} after ${told.map((each) => each.method)}`));
    while (told.at(-1).method !== method || !wanted(told.at(-1).params));
    this.told = [...(this.told ?? []), ...told];
    return told;
  }

  /** What it was told of the sockets so far: [method, the essential]. */
  network() {
    return this.told.filter(({ method }) => method.startsWith('Network.')).map(({ method, params }) => {
      const essential = params.response?.status ?? params.response?.payloadData;
      return [method.replace('Network.webSocket', ''), ...(essential === undefined ? [] : [essential])];
    });
  }

  ids() {
    return new Set(this.told.map(({ params }) => params.requestId).filter((id) => id));
  }
}

const hibernate = async (path) => {
  const answer = await fetch(`${admin}/actors/${path}/hibernate`, { method: 'POST' });
  assert.equal((await answer.json()).state, 'asleep');
};

async function open(path, options) {
  const peer = await Peer.open(server + path, options);
  opened.push(() => peer.close());
  return peer;
}

const HANDSHAKE = [['Created'], ['WillSendHandshakeRequest'], ['HandshakeResponseReceived', 101]];

const checks = {
  async life() {
    const inspector = await Inspector.attach();
    const peer = await open('/counter/life?token=s3cret', { headers: { Cookie: 'sid=s3cret' } });
    assert.equal(await peer.ask('hi'), '1 1');
    await hibernate('counter/life');
    await inspector.until('Dormouse.actorHibernated');

    // Who comes while the actor sleeps sees its socket, by the same id.
    const late = await Inspector.attach({ target: '/devtools/node?type=counter&key=life' });
    assert.deepEqual(late.network(), HANDSHAKE);
    assert.equal(await peer.ask('text again'), '2 2');
    peer.socket.close(1000, 'bye');
    assert.equal((await peer.next()).code, 1000);

    await inspector.until('Network.webSocketClosed');
    const code = Buffer.from([1000 >> 8, 1000 & 0xff]);
    const bye = Buffer.concat([code, Buffer.from('bye')]).toString('base64');
    assert.deepEqual(inspector.network(), [...HANDSHAKE,
      ['FrameReceived', 'hi'], ['FrameSent', '1 1'],
      ['FrameReceived', 'text again'], ['FrameSent', '2 2'],
      ['FrameReceived', bye], ['FrameSent', code.toString('base64')], ['Closed']]);
    const woken = inspector.told.filter(({ method }) => method === 'Dormouse.actorActivated');
    assert.deepEqual(woken.map(({ params }) => params.reason), ['upgrade', 'message']);
    assert.equal(JSON.stringify(inspector.told).includes('s3cret'), false);
    await late.until('Network.webSocketClosed');
    assert.deepEqual(inspector.ids(), late.ids());
    assert.equal(inspector.ids().size, 1);
  },

  async rejected() {
    const inspector = await Inspector.attach();
    const peer = new Peer(`${server}/echo/rejected`, { origin: 'https://evil.example' });
    await assert.rejects(within(peer.opened, 'opening'), /403/);
    await inspector.until('Network.webSocketClosed');
    assert.deepEqual(inspector.network(), [...HANDSHAKE.slice(0, 2), ['HandshakeResponseReceived', 403], ['Closed']]);
    assert.equal(inspector.ids().size, 1);
  },

  /** As DevTools find it: by the lists, and by what the server itself says of its protocol. */
  async discovery() {
    const version = await CDP.Version({ host, port });
    assert.match(version.webSocketDebuggerUrl, /^ws:\/\/127\.0\.0\.1:\d+\/devtools\/node$/);
    const targets = await CDP.List({ host, port });
    assert.equal(targets[0].id, 'node');
    assert.ok(targets.some(({ id }) => id === 'node-echo'));
    const inspector = await Inspector.attach({ local: false, target: 'node-echo' });
    const heard = new Promise((resolve) => { inspector.client.Network.webSocketCreated(resolve); });
    const peer = await open('/echo/discovery');
    assert.equal((await within(heard, 'the event')).url, `${server}/echo/discovery`);
    const actor = await inspector.client.Dormouse.getActor({ type: 'echo', key: 'discovery' });
    assert.equal(actor.state, 'awake');
    assert.equal(actor.connections, 1);
    await assert.rejects(inspector.client.send('Page.navigate', { url: 'x' }), /-32601|wasn't found/);
    await peer.ask('x');
  },
};

try {
  await checks[name]();
  console.log('ok');
} finally {
  for (const close of opened) await close();
}
process.exit();
