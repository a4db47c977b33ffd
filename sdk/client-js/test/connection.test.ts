import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallError, connect, type Connection, type Options } from '../src/index.js';
import { settled, World } from './fakes.js';

type In = { type: 'said'; text: string } | { type: 'left'; name: string };
type Out = { type: 'say'; text: string };

class Client {
  world = new World();
  events: [string, any][] = [];
  connection: Connection<In, Out>;

  constructor(options: Options = {}) {
    this.connection = connect<In, Out>('ws://server/chat/a', { environment: this.world.environment, ...options });
    for (const event of ['message', 'binary', 'open', 'close', 'state', 'drop', 'error'] as const) {
      this.connection.on(event, (value) => this.events.push([event, value]));
    }
  }

  static async open(options: Options = {}): Promise<Client> {
    const client = new Client(options);
    await settled();
    client.world.socket.accept();
    client.events.length = 0;
    return client;
  }

  get socket() { return this.world.socket; }
  get clock() { return this.world.clock; }
  told(event: string) { return this.events.filter(([name]) => name === event).map(([, value]) => value); }
}

const say = (text: string): Out => ({ type: 'say', text });
const json = (value: unknown) => JSON.stringify(value);

test('messages are JSON with a type, and bytes stay bytes', async () => {
  const client = await Client.open();
  const said: string[] = [];
  client.connection.onType('said', ({ text }) => said.push(text));
  assert.equal(client.connection.send(say('hi')), 'sent');
  assert.equal(client.connection.send(new Uint8Array([1, 2])), 'sent');
  assert.deepEqual(client.socket.sent, [json(say('hi')), new Uint8Array([1, 2])]);
  client.socket.say({ type: 'said', text: 'hi' });
  client.socket.say({ type: 'left', name: 'Bo' });
  client.socket.say(new ArrayBuffer(3));
  assert.deepEqual(said, ['hi']);
  assert.equal(client.told('message').length, 2);
  assert.equal(client.told('binary')[0].byteLength, 3);
  client.socket.say('{');
  assert.equal(client.told('error').length, 1);
});

test('a raw connection passes texts as they are', async () => {
  const world = new World();
  const connection = connect<string, string>('ws://server/echo/a', { raw: true, environment: world.environment });
  const heard: string[] = [];
  connection.on('message', (text) => heard.push(text));
  await settled();
  world.socket.accept();
  connection.send('{');
  world.socket.say('}');
  world.socket.say('{"$pong":1}');
  assert.deepEqual([world.socket.sent, heard], [['{'], ['}']]);
  assert.throws(() => connection.call('x'), TypeError);
});

test('a listener that is taken away hears nothing, and one that throws harms no other', async (t) => {
  const client = await Client.open();
  const thrown: unknown[] = [];
  t.mock.method(globalThis, 'setTimeout', (action: () => void) => { try { action(); } catch (error) { thrown.push(error); } });
  client.connection.on('message', () => assert.fail('taken away'))();
  client.connection.on('message', () => { throw new Error('bad listener'); });
  let heard = 0;
  client.connection.on('message', () => { heard += 1; });
  client.socket.say({ type: 'left', name: 'Bo' });
  assert.deepEqual([heard, thrown.map(String)], [1, ['Error: bad listener']]);
});

test('the address is asked for before each attempt', async () => {
  let asked = 0;
  const world = new World();
  connect(async () => `http://server/a?token=${++asked}`, { environment: world.environment });
  await settled();
  world.socket.end();
  await world.clock.pass(250);
  assert.deepEqual(world.sockets.map(({ url }) => url), ['ws://server/a?token=1', 'ws://server/a?token=2']);
  assert.throws(() => connect('no address', { environment: world.environment }), TypeError);
});

test('an address that cannot be told is a failed attempt, and one handshake takes 10 s at most', async () => {
  const world = new World();
  const errors: string[] = [];
  let fails = true;
  const connection = connect(() => { if (fails) throw new Error('no token'); return 'ws://server/a'; }, { environment: world.environment });
  connection.on('error', (error) => errors.push(error.message));
  await settled();
  assert.equal(connection.state, 'waiting');
  fails = false;
  await world.clock.pass(250);
  assert.equal(world.sockets.length, 1);
  await world.clock.pass(9_999);
  assert.equal(connection.state, 'connecting');
  await world.clock.pass(1);
  assert.equal(connection.state, 'waiting');
});

test('after a break it comes back, and what waited is sent once, in order', async () => {
  const client = await Client.open();
  client.connection.send(say('lost, perhaps'));
  client.socket.end();
  assert.equal(client.connection.state, 'waiting');
  assert.deepEqual(['b', 'c'].map((text) => client.connection.send(say(text))), ['queued', 'queued']);
  await client.clock.pass(250);
  client.connection.send(say('d'));
  client.socket.accept();
  assert.deepEqual(client.socket.sent, ['b', 'c', 'd'].map((text) => json(say(text))));
  assert.deepEqual(client.told('close').map(({ code, next, wasOpen }) => [code, next, wasOpen]), [[1006, 'retry', true]]);
  assert.deepEqual(client.told('state').map(({ state }) => state), ['waiting', 'connecting', 'open']);
});

test('what a closing socket would lose waits for the next one', async () => {
  const client = await Client.open();
  client.socket.readyState = 2;
  assert.equal(client.connection.send(say('x')), 'queued');
  client.socket.end(1012);
  await client.clock.pass(2_000);
  client.socket.accept();
  assert.deepEqual(client.socket.sent, [json(say('x'))]);
});

test('failures add up until a connection has been good for 5 s', async () => {
  const client = await Client.open();
  const pauses: (number | undefined)[] = [];
  const breakAfter = async (ms: number) => {
    await client.clock.pass(ms);
    client.socket.end();
    await settled();
    pauses.push(client.clock.nextMs);
    await client.clock.pass(client.clock.nextMs!);
    client.socket.accept();
  };
  for (const ms of [100, 100, 4_999, 5_000, 100]) await breakAfter(ms);
  assert.deepEqual(pauses, [250, 500, 1_000, 250, 500]);
});

test('it stays away after a code that forbids it, unless the application says otherwise', async () => {
  for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 4001]) {
    const client = await Client.open();
    client.socket.end(code);
    await client.clock.pass(1e9);
    assert.deepEqual([client.connection.state, client.world.sockets.length], ['closed', 1], `${code}`);
    assert.equal(client.world.window.listeners + client.world.document.listeners, 0);
  }
  const client = await Client.open({ afterClose: (code) => (code === 4001 ? 'retry' : undefined) });
  client.socket.end(4001);
  await client.clock.pass(250);
  assert.equal(client.world.sockets.length, 2);
});

test('1012 brings it back within 2 s, and 1013 not before 5 s, whatever the page does', async () => {
  const client = await Client.open();
  client.socket.end(1012);
  await settled();
  assert.equal(client.clock.nextMs, 2_000);
  await client.clock.pass(2_000);
  client.socket.accept();
  client.world.random = 0;
  await client.clock.pass(5_000);
  client.socket.end(1013);
  await client.clock.pass(4_999);
  client.world.window.fire('online');
  client.world.document.fire('visibilitychange');
  client.world.window.fire('offline');
  client.world.window.fire('online');
  await settled();
  assert.equal(client.world.sockets.length, 2);
  await client.clock.pass(1);
  assert.equal(client.world.sockets.length, 3);
});

test('after a refused upgrade it asks when to come back, and obeys', async () => {
  const client = new Client();
  await settled();
  client.world.random = 0;
  client.world.probe = [503, '7'];
  client.socket.end();
  await settled();
  assert.deepEqual(client.world.asked.map(({ url, init }) => [url, init.method]), [['http://server/chat/a', 'HEAD']]);
  assert.equal(client.told('state').at(-1).retryAtMs, client.clock.nowMs + 7_000);
  await client.clock.pass(6_999);
  client.world.window.fire('pageshow');
  await settled();
  assert.equal(client.world.sockets.length, 1);
  client.world.probe = [204, null];
  await client.clock.pass(1);
  client.socket.end();
  await settled();
  assert.equal(client.clock.nextMs, 0); // as if it had not asked
});

test('a silent network is noticed after 15 s, and each sign of life counts', async () => {
  const client = await Client.open();
  await client.clock.pass(9_000);
  client.socket.say({ type: 'left', name: 'Bo' });
  await client.clock.pass(9_999);
  assert.deepEqual(client.socket.sent, []);
  await client.clock.pass(1);
  assert.deepEqual(client.socket.sent, ['{"$ping":1}']);
  await client.clock.pass(4_999);
  client.socket.say('{"$pong":1}');
  assert.equal(client.told('message').length, 1);
  await client.clock.pass(10_000);
  assert.equal(client.socket.sent.length, 2);
  await client.clock.pass(4_999);
  assert.equal(client.connection.state, 'open');
  await client.clock.pass(1);
  assert.equal(client.connection.state, 'waiting');
  assert.equal(client.told('close')[0].reason, 'no answer to a heartbeat');
  assert.equal(client.socket.readyState, 2);
  client.socket.say({ type: 'left', name: 'too late' });
  assert.equal(client.told('message').length, 1);
});

test('a page that slept asks once more before it gives up', async () => {
  const client = await Client.open();
  await client.clock.pass(10_000);
  client.clock.sleep(60_000);
  await client.clock.pass(0);
  assert.deepEqual([client.connection.state, client.socket.sent.length], ['open', 2]);
  await client.clock.pass(5_000);
  assert.equal(client.connection.state, 'waiting');
});

test('a page that is seen again looks at once', async () => {
  const client = await Client.open();
  await client.clock.pass(2_000);
  client.world.document.visibilityState = 'hidden';
  client.world.document.fire('visibilitychange');
  assert.deepEqual(client.socket.sent, []);
  client.world.document.visibilityState = 'visible';
  client.world.document.fire('visibilitychange');
  client.world.window.fire('online');
  assert.deepEqual(client.socket.sent, ['{"$ping":1}']);
  await client.clock.pass(5_000);
  assert.equal(client.connection.state, 'waiting');
  client.socket.end();
});

test('without heartbeats nothing is sent, and own texts are possible', async () => {
  const silent = await Client.open({ heartbeat: false });
  await silent.clock.pass(1e6);
  assert.deepEqual([silent.socket.sent, silent.connection.state], [[], 'open']);
  const own = await Client.open({ heartbeat: { request: 'ping', reply: 'pong', idleMs: 1_000 } });
  await own.clock.pass(1_000);
  own.socket.say('pong');
  assert.deepEqual([own.socket.sent, own.told('error')], [['ping'], []]);
});

test('offline closes and waits, online comes back', async () => {
  const client = await Client.open();
  client.world.window.fire('offline');
  assert.deepEqual([client.connection.state, client.socket.readyState], ['offline', 2]);
  assert.equal(client.connection.send(say('kept')), 'queued');
  await client.clock.pass(20_000);
  assert.equal(client.world.sockets.length, 1);
  client.world.window.fire('online');
  await client.clock.pass(250);
  client.socket.accept();
  assert.deepEqual(client.socket.sent, [json(say('kept'))]);
});

test('a page that is wrongly told to be offline still tries each 30 s', async () => {
  const client = await Client.open();
  client.world.window.fire('offline');
  await client.clock.pass(30_000);
  assert.equal(client.world.sockets.length, 2);
});

test('a full queue drops the newest or the oldest, and says so', async () => {
  for (const [drop, kept, dropped] of [['newest', 'ab', 'cd'], ['oldest', 'cd', 'ab']] as const) {
    const client = new Client({ queue: { messages: 2, drop } });
    await settled();
    const fates = [...'abcd'].map((text) => client.connection.send(say(text)));
    assert.deepEqual(fates, drop === 'newest' ? ['queued', 'queued', 'dropped', 'dropped'] : Array(4).fill('queued'));
    assert.deepEqual(client.told('drop'), [...dropped].map((text) => ({ message: say(text), why: 'queue full' })));
    client.socket.accept();
    assert.deepEqual(client.socket.sent, [...kept].map((text) => json(say(text))));
  }
});

test('bytes count as UTF-8, and so does what an open socket has not sent', async () => {
  const client = await Client.open({ queue: { bytes: 100 } });
  client.socket.bufferedAmount = 1;
  assert.equal(client.connection.send(say('€'.repeat(30))), 'dropped');
  client.socket.bufferedAmount = 0;
  assert.equal(client.connection.send(say('€'.repeat(30))), 'sent');
  client.socket.end();
  assert.equal(client.connection.send(say('€'.repeat(30))), 'dropped');
  assert.equal(client.connection.send(say('e'.repeat(30))), 'queued');
  assert.equal(client.connection.send(say('e'.repeat(30))), 'dropped');
});

test('close ends it for good and drops what waits; reconnect begins anew', async () => {
  const client = await Client.open();
  client.socket.end();
  client.connection.send(say('x'));
  client.connection.close();
  assert.deepEqual(client.told('drop'), [{ message: say('x'), why: 'closed' }]);
  assert.equal(client.connection.send(say('y')), 'dropped');
  await client.clock.pass(1e9);
  assert.deepEqual([client.connection.state, client.world.sockets.length], ['closed', 1]);
  client.connection.reconnect();
  await settled();
  client.socket.accept();
  assert.equal(client.connection.state, 'open');
  client.connection.close(4000, 'enough');
  assert.deepEqual(client.socket.closedWith, [4000, 'enough']);
});

test('calls are answered by id, in any order, or fail with the server\'s words', async () => {
  const client = await Client.open();
  const first = client.connection.call<{ sum: number }>(say('1'));
  const second = client.connection.call(say('2'));
  const [a, b] = client.socket.sent.map((text) => JSON.parse(text).$id);
  client.socket.say({ $re: b, $error: { code: 'taken', message: 'somebody has it' } });
  client.socket.say({ $re: a, sum: 3 });
  assert.deepEqual(await first, { sum: 3 });
  await assert.rejects(second, { code: 'taken', message: 'somebody has it', outcome: 'failed' });
  client.socket.say({ $re: a, sum: 4 });
  assert.equal(client.told('drop')[0].why, 'late answer');
  assert.deepEqual(client.told('message'), []);
});

test('a call whose connection breaks has an unknown outcome, and is not sent again', async () => {
  const client = await Client.open();
  const call = client.connection.call(say('x'));
  client.socket.end();
  await assert.rejects(call, (error: CallError) => error instanceof CallError && error.outcome === 'unknown' && error.code === 'broken');
  await client.clock.pass(250);
  client.socket.accept();
  assert.deepEqual(client.socket.sent, []);
});

test('a call that may be repeated is sent over the next connection, before what waited', async () => {
  const client = await Client.open();
  const call = client.connection.call(say('x'), { repeat: true });
  client.socket.end();
  client.connection.send(say('later'));
  await client.clock.pass(250);
  client.socket.end();
  await client.clock.pass(500);
  client.socket.accept();
  const [again, later] = client.socket.sent.map((text) => JSON.parse(text));
  assert.deepEqual([again.text, later.text, client.socket.sent.length], ['x', 'later', 2]);
  client.socket.say({ $re: again.$id, ok: true });
  assert.deepEqual(await call, { ok: true });
});

test('a deadline ends a call: unsent if it waited, unknown if it had left', async () => {
  const client = await Client.open();
  const left = client.connection.call(say('x'), { deadline: 100 });
  const leftFails = assert.rejects(left, { code: 'deadline', outcome: 'unknown' });
  await client.clock.pass(100);
  await leftFails;
  const again = client.connection.call(say('z'), { deadline: 300, repeat: true });
  const againFails = assert.rejects(again, { code: 'deadline', outcome: 'unknown' });
  client.socket.end();
  const waits = client.connection.call(say('y'), { deadline: 100 });
  const waitsFails = assert.rejects(waits, { code: 'deadline', outcome: 'not sent' });
  await client.clock.pass(100);
  await waitsFails;
  await client.clock.pass(200);
  await againFails;
  client.socket.accept();
  assert.deepEqual(client.socket.sent, []);
});

test('calls fail when they are dropped, closed or too many', async () => {
  const none = new Client({ queue: { messages: 0 } });
  await assert.rejects(none.connection.call(say('x')), { code: 'full', outcome: 'not sent' });
  const client = await Client.open();
  const calls = Array.from({ length: 1_001 }, () => client.connection.call(say('x')).catch((error) => error));
  assert.deepEqual([(await calls[1_000]).code, client.socket.sent.length], ['full', 1_000]);
  client.connection.close();
  assert.equal((await calls[0]).outcome, 'unknown');
  await assert.rejects(client.connection.call(say('x')), { code: 'closed', outcome: 'not sent' });
});

test('the types know the messages', () => {
  const check = (connection: Connection<In, Out>) => {
    // @ts-expect-error: there is no such type
    connection.onType('saidd', () => {});
    // @ts-expect-error: a text is missing
    connection.send({ type: 'say' });
    connection.on('message', (message) => (message.type === 'left' ? message.name : message.text));
    connection.onType('left', ({ name }) => name.length);
  };
  assert.equal(typeof check, 'function');
});
