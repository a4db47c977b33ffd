// Checks the client of sdk/client-js against the server: node client-js.mjs <check> <ws://server>
// Asks the test to do something to the server by printing it, and waits for "done" each time.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { connect } from '../../../../sdk/client-js/dist/dormouse.min.js';
import { test, within } from './shared.mjs';

const [name, server] = process.argv.slice(2);

/** A connection that keeps what it hears. */
class Client {
  heard = [];
  closes = [];
  states = [];

  constructor(path, options = {}) {
    this.connection = connect(server + path, { environment: { WebSocket }, ...options });
    this.connection.on('message', (message) => this.heard.push(message));
    this.connection.on('close', (close) => this.closes.push({ ...close, atMs: Date.now() }));
    this.connection.on('state', (state) => this.states.push(state));
  }

  static async open(path, options) {
    const client = new Client(path, options);
    await client.becomes('open');
    return client;
  }

  /** Waits for a state; returns at once if it is the present one. */
  becomes(state) {
    const reached = new Promise((resolve) => {
      this.connection.on('state', (event) => event.state === state && resolve(event));
      if (this.connection.state === state) resolve(this.states.at(-1));
    });
    return within(reached, `becoming ${state}`);
  }

  /** Waits for the next message. */
  next() {
    const message = new Promise((resolve) => {
      const end = this.connection.on('message', (heard) => { end(); resolve(heard); });
    });
    return within(message, 'the next message');
  }

  add(a, b, options) {
    return this.connection.call({ type: 'add', a, b }, options);
  }
}

const say = (text) => ({ type: 'say', text });

const checks = {
  async calls() {
    const client = await Client.open('/calls/a');
    const sums = await Promise.all([1, 2, 3].map((n) => client.add(n, n)));
    assert.deepEqual(sums, [{ sum: 2 }, { sum: 4 }, { sum: 6 }]);
    await assert.rejects(client.connection.call({ type: 'subtract' }), { code: 'unknown type', outcome: 'failed' });
    assert.deepEqual(client.heard, []);
    const bytes = await Client.open('/echo/a');
    const back = new Promise((resolve) => { bytes.connection.on('binary', resolve); });
    bytes.connection.send(new Uint8Array([1, 0, 255]));
    assert.deepEqual(new Uint8Array(await within(back, 'the bytes')), new Uint8Array([1, 0, 255]));
    const raw = await Client.open('/echo/a', { raw: true });
    raw.connection.send('{no JSON');
    assert.equal(await raw.next(), '{no JSON');
  },

  // An actor that echoes everything does not hear the heartbeats, and the page does not hear the answers.
  async heartbeat() {
    let pongs = 0;
    let enough;
    const answered = new Promise((resolve) => { enough = resolve; });
    class Watched extends WebSocket {
      constructor(...args) {
        super(...args);
        this.on('message', (data) => {
          assert.equal(String(data), '{"$pong":1}');
          if (++pongs === 3) enough();
        });
      }
    }
    const client = await Client.open('/echo/a', { heartbeat: { idleMs: 20 }, environment: { WebSocket: Watched } });
    await within(answered, 'three answers');
    client.connection.close();
    assert.deepEqual([client.heard, client.closes.length], [[], 1]);
  },

  // A server that is killed loses what was on its way; what was said while it was away arrives once, in order.
  async kill() {
    const client = await Client.open('/calls/a', { backoff: { capMs: 1_000 } });
    client.connection.send(say('before'));
    await client.next();
    await test('kill');
    await client.becomes('waiting');
    const texts = ['one', 'two', 'three'];
    assert.deepEqual(texts.map((text) => client.connection.send(say(text))), Array(3).fill('queued'));
    const sum = client.add(1, 2, { deadline: 30_000 });
    await test('start');
    assert.deepEqual(await sum, { sum: 3 });
    assert.deepEqual(client.heard.map(({ text }) => text), ['before', ...texts]);
  },

  async restart() {
    const client = await Client.open('/calls/a', { backoff: { capMs: 1_000 } });
    await test('restart');
    await client.becomes('open');
    assert.deepEqual(client.closes.slice(0, 1).map(({ code, next }) => [code, next]), [[1012, 'soon']]);
    assert.deepEqual(await client.add(1, 2), { sum: 3 });
  },

  async later() {
    const client = await Client.open('/calls/a');
    client.connection.send({ type: 'close', code: 1013 });
    const { retryAtMs } = await client.becomes('waiting');
    const [{ code, next, atMs }] = client.closes;
    assert.deepEqual([code, next], [1013, 'later']);
    assert.ok(retryAtMs - atMs >= 4_900 && retryAtMs - atMs <= 15_100, `${retryAtMs - atMs}`);
    client.connection.reconnect();
    await client.becomes('open');
    client.connection.send({ type: 'close', code: 4_001 });
    await client.becomes('closed');
  },

  // The server has room for one connection.
  async full() {
    const first = await Client.open('/echo/a');
    const startedMs = Date.now();
    const second = new Client('/echo/a');
    const { retryAtMs } = await second.becomes('waiting');
    assert.ok(retryAtMs - startedMs >= 1_000, `${retryAtMs - startedMs}`); // Retry-After: 1
    first.connection.close();
    await second.becomes('open');
    assert.ok(Date.now() - startedMs >= 1_000);
  },

  // A server that is stopped keeps its sockets, as a dead network does: nobody says anything.
  async silent() {
    const heartbeat = { idleMs: 200, answerMs: 1_000 };
    const client = await Client.open('/calls/a', { heartbeat });
    assert.deepEqual(await client.add(1, 2), { sum: 3 });
    await test('freeze');
    const lost = client.add(3, 4, { deadline: 30_000 });
    await assert.rejects(within(lost, 'the end of the call'), { code: 'broken', outcome: 'unknown' });
    assert.equal(client.closes.findLast(({ wasOpen }) => wasOpen).reason, 'no answer to a heartbeat');
    await test('thaw');
    await client.becomes('open');
    assert.deepEqual(await client.add(5, 6), { sum: 11 });
  },
};

await checks[name]();
console.log('ok');
process.exit();
