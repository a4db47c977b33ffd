// What the client relies on, of the sockets of the tests as of real ones.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import type { Socket } from '../src/environment.js';
import { FakeSocket } from './fakes.js';

/** A socket, and its other side. */
interface Pair {
  socket: Socket;
  accept(): Promise<void>;
  say(text: string): void;
  heard(): Promise<any>;
  end(code: number): void;
  dispose(): void;
}

function fake(): Pair {
  const socket = new FakeSocket('ws://server/');
  return {
    socket,
    accept: async () => socket.accept(),
    say: (text) => socket.say(text),
    heard: async () => socket.sent.shift(),
    end: (code) => socket.end(code),
    dispose() {},
  };
}

async function real(): Promise<Pair> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [peer] = await once(server, 'connection') as [WebSocket];
  const heard: string[] = [];
  peer.on('message', (data) => heard.push(String(data)));
  return {
    socket: socket as unknown as Socket,
    accept: () => (socket.readyState === 1 ? Promise.resolve() : once(socket, 'open').then(() => {})),
    say: (text) => peer.send(text),
    async heard() {
      if (heard.length === 0) await once(peer, 'message');
      return heard.shift();
    },
    end: (code) => (code === 1006 ? peer.terminate() : peer.close(code)),
    dispose: () => { socket.terminate(); server.close(); },
  };
}

for (const [name, pair] of [['fake', fake], ['real', real]] as const) {
  const check = (what: string, run: (pair: Pair) => Promise<void>) => test(`a ${name} socket ${what}`, async () => {
    const made = await pair();
    made.socket.onerror = () => {};
    try {
      await run(made);
    } finally {
      made.dispose();
    }
  });
  const event = (socket: Socket, which: 'onopen' | 'onmessage' | 'onclose') =>
    new Promise<any>((resolve) => { socket[which] = resolve; });

  check('refuses messages until it is open', async ({ socket, accept, heard }) => {
    assert.equal(socket.readyState, 0);
    assert.throws(() => socket.send('too early'));
    const opened = event(socket, 'onopen');
    await accept();
    await opened;
    assert.equal(socket.readyState, 1);
    assert.equal(socket.bufferedAmount, 0);
    socket.send('hi');
    assert.equal(await heard(), 'hi');
  });

  check('tells texts, and how it was closed', async ({ socket, accept, say, end }) => {
    await accept();
    const message = event(socket, 'onmessage');
    say('hello');
    assert.equal((await message).data, 'hello');
    const closed = event(socket, 'onclose');
    end(1012);
    const { code, wasClean } = await closed;
    assert.deepEqual([code, wasClean], [1012, true]);
    assert.equal(socket.readyState, 3);
  });

  check('tells 1006 without a close frame', async ({ socket, accept, end }) => {
    await accept();
    const closed = event(socket, 'onclose');
    end(1006);
    assert.deepEqual(await closed.then(({ code, wasClean }) => [code, wasClean]), [1006, false]);
  });

  check('loses what is sent after close, without a word', async ({ socket, accept }) => {
    await accept();
    assert.throws(() => socket.close(1), 'a code that is not allowed');
    socket.close(1000, '');
    assert.equal(socket.readyState, 2);
    socket.send('lost');
    socket.close();
  });
}
