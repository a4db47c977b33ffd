// Checks the server with another client than the JDK's: node node-client.mjs <check> <ws://server> <http://admin>
import assert from 'node:assert/strict';
import { Peer } from './shared.mjs';

const [name, server, admin] = process.argv.slice(2);
const MESSAGE_MAX = 1 << 20;
const peers = [];

async function open(path, options) {
  const peer = await Peer.open(server + path, options);
  peers.push(peer);
  return peer;
}

const checks = {
  async text() {
    const peer = await open('/echo/node');
    for (const text of ['x', '', 'Siebenschläfer 睡鼠 🐿️']) assert.equal(await peer.ask(text), text);
  },

  async binary() {
    const peer = await open('/echo/node');
    for (const bytes of [Buffer.from([0, 255, 128]), Buffer.alloc(0)]) assert.deepEqual(await peer.ask(bytes), bytes);
  },

  async fragments() {
    const peer = await open('/echo/node');
    peer.socket.send('one ', { fin: false });
    peer.socket.ping('in between');
    peer.socket.send('', { fin: false });
    peer.socket.send('message', { fin: true });
    assert.deepEqual(await peer.next(), { pong: 'in between' });
    assert.deepEqual(await peer.next(), { data: 'one message' });
    peer.socket.send(Buffer.from([1]), { fin: false });
    assert.deepEqual(await peer.ask(Buffer.from([2]), { fin: true }), Buffer.from([1, 2]));
  },

  async ping() {
    const peer = await open('/echo/node');
    for (const payload of ['', 'x'.repeat(125)]) {
      peer.socket.ping(payload);
      assert.deepEqual(await peer.next(), { pong: payload });
    }
  },

  async close() {
    const peer = await open('/echo/node');
    peer.socket.close(4001, 'enough, 睡鼠');
    assert.equal((await peer.next()).code, 4001);
  },

  async largest() {
    const peer = await open('/echo/node');
    const text = 'a'.repeat(MESSAGE_MAX);
    assert.equal(await peer.ask(text), text);
  },

  async 'too-large'() {
    const peer = await open('/bench/echo/node');
    peer.socket.send('a'.repeat(MESSAGE_MAX + 1));
    assert.equal((await peer.next()).code, 1009);
  },

  async 'too-large-in-fragments'() {
    const peer = await open('/bench/echo/node');
    peer.socket.send('a'.repeat(MESSAGE_MAX), { fin: false });
    peer.socket.send('a', { fin: true });
    assert.equal((await peer.next()).code, 1009);
  },

  async hibernation() {
    const peer = await open('/bench/attach/node');
    assert.equal(await peer.ask('x'), 'x');
    const response = await fetch(`${admin}/actors/bench-attach/node/hibernate`, { method: 'POST' });
    assert.deepEqual(await response.json(), {
      type: 'bench-attach', key: 'node', state: 'asleep', connections: 1, wakes: 1, keptAwakeBy: [],
      alarms: 0, nextAlarms: [],
    });
    peer.socket.ping('who sleeps does not mind');
    assert.deepEqual(await peer.next(), { pong: 'who sleeps does not mind' });
    assert.deepEqual(JSON.parse(await peer.ask('D')), { activation: 2, count: 1, connections: 1 });
  },

  async parallel() {
    const all = await Promise.all(Array.from({ length: 200 }, () => open('/echo/parallel')));
    await Promise.all(all.map(async (peer, i) => {
      for (let n = 0; n < 10; n++) assert.equal(await peer.ask(`${i} ${n}`), `${i} ${n}`);
    }));
  },

  async deflate() {
    const peer = await open('/echo/node', { perMessageDeflate: true });
    assert.equal(peer.socket.extensions, '');
    const text = 'aaaaaaaaaa'.repeat(1_000);
    assert.equal(await peer.ask(text), text);
  },
};

try {
  await checks[name]();
  console.log('ok');
} finally {
  peers.forEach((peer) => peer.close());
}
process.exit();
