// Checks documents with unchanged clients: node documents.mjs <check> <ws://server> <http://admin>
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import * as Y from 'yjs';
import { Editor, test, within } from './editors.mjs';

const [name, server, admin] = process.argv.slice(2);
const editors = [];

async function open(document, options) {
  const editor = await Editor.open(server, document, options);
  editors.push(editor);
  return editor;
}

/** Lets the document fall asleep, which may be woken by what clients send on. */
async function sleep(document) {
  const url = `${admin}/actors/yjs/${encodeURIComponent(document)}/hibernate`;
  const asleep = async () => (await (await fetch(url, { method: 'POST' })).json()).state === 'asleep';
  await within((async () => { while (!(await asleep())); })(), 'falling asleep');
}

/** Sends bytes that no client of Yjs would send, and returns the close. */
async function garbage(document, bytes) {
  const socket = new WebSocket(`${server}/yjs/${document}`);
  socket.on('error', () => {});
  await within(new Promise((resolve) => { socket.once('open', resolve); }), 'opening');
  socket.send(bytes);
  return within(new Promise((resolve) => {
    socket.once('close', (code, reason) => resolve(`${code} ${reason}`));
  }), 'being closed');
}

const checks = {
  async converge() {
    const [ada, bob] = [await open('team/notes'), await open('team/notes')];
    ada.text.insert(0, 'hello');
    bob.text.insert(0, 'world ');
    for (const editor of [ada, bob]) await editor.until(() => editor.text.length === 11, 'both edits');
    assert.equal(ada.text.toString(), bob.text.toString());
    await sleep('team/notes');
    bob.text.delete(0, bob.text.length);
    await ada.until(() => ada.text.length === 0, 'the deletion');
    const other = await open('team');
    assert.equal(other.text.length, 0);
  },

  async 'late-joiner'() {
    const ada = await open('late');
    for (let i = 0; i < 300; i += 1) ada.text.insert(ada.text.length, `${i} `);
    const expected = ada.text.toString();
    const bob = await open('late');
    await bob.until(() => bob.text.toString() === expected, 'all edits');
    await sleep('late');
    const eve = await open('late');
    assert.equal(eve.text.toString(), expected);
    // Rows were merged: there are fewer than edits.
    const { values } = await (await fetch(`${admin}/api/actors/yjs/late/values?prefix=update&limit=200`)).json();
    assert.ok(values.length < 100, `${values.length} rows`);
  },

  async offline() {
    const [ada, bob] = [await open('offline'), await open('offline')];
    ada.text.insert(0, 'before ');
    await bob.until(() => bob.text.length === 7, 'the first edit');
    ada.provider.disconnect();
    ada.text.insert(7, 'offline');
    bob.text.insert(0, 'meanwhile ');
    ada.provider.connect();
    for (const editor of [ada, bob]) await editor.until(() => editor.text.toString() === 'meanwhile before offline', 'all edits');
  },

  async killed() {
    const [ada, bob] = [await open('killed'), await open('killed')];
    ada.provider.awareness.setLocalStateField('name', 'ada');
    bob.provider.awareness.setLocalStateField('name', 'bob');
    await bob.until(() => bob.names().length === 2, 'both names');
    ada.text.insert(0, 'before');
    await bob.until(() => bob.text.length === 6, 'the edit');
    await test('kill');
    ada.text.insert(6, ' meanwhile');
    await test('start');
    await bob.until(() => bob.text.toString() === 'before meanwhile', 'the edit of meanwhile');
    // The state of a client is shown again with its next announcement.
    ada.provider.awareness.setLocalStateField('name', 'ada again');
    bob.provider.awareness.setLocalStateField('name', 'bob again');
    await ada.until(() => ada.names().join() === 'ada again,bob again', 'both names again');
    await bob.until(() => bob.names().join() === 'ada again,bob again', 'both names again');
  },

  async presence() {
    const [ada, bob] = [await open('presence'), await open('presence')];
    ada.provider.awareness.setLocalStateField('name', 'ada');
    bob.provider.awareness.setLocalStateField('name', 'bob');
    for (const editor of [ada, bob]) await editor.until(() => editor.names().join() === 'ada,bob', 'both names');
    await sleep('presence');
    const eve = await open('presence');
    await eve.until(() => eve.names().join() === 'ada,bob', 'both names from before the sleep');
    eve.provider.awareness.setLocalStateField('name', 'eve');
    await ada.until(() => ada.names().join() === 'ada,bob,eve', 'three names');
    await sleep('presence');
    bob.provider.ws.terminate(); // no farewell
    bob.provider.shouldConnect = false;
    for (const editor of [ada, eve]) await editor.until(() => editor.names().join() === 'ada,eve', 'bob to be gone');
    const late = await open('presence');
    await late.until(() => late.names().join() === 'ada,eve', 'who is left');
  },

  async large() {
    const ada = await open('large');
    const words = Array.from({ length: 400_000 }, (_, i) => `word${i} `).join('');
    ada.text.insert(0, words);
    const bob = await open('large');
    await bob.until(() => bob.text.length === words.length, 'the large text');
    ada.text.insert(words.length / 2, '!');
    for (let i = 0; i < 200; i += 1) bob.text.insert(0, '?');
    await ada.until(() => ada.text.length === words.length + 201, 'the edits of the large text');
    await bob.until(() => bob.text.length === words.length + 201, 'the edits of the large text');
    await sleep('large');
    const eve = await open('large');
    assert.equal(eve.text.toString(), ada.text.toString());
  },

  async garbage() {
    const ada = await open('garbage');
    const update = Y.encodeStateAsUpdate(ada.doc);
    assert.equal(update.length, 2);
    const cases = {
      'the message ends too early': [[], [0], [0, 2, 9, 1], [1, 4, 1, 1, 1, 5]],
      'the message is of the unknown kind 7': [[7]],
      'the message of kind 0 is of the unknown kind 3': [[0, 3]],
      'a number is greater than 9007199254740991': [[0, 2, 10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]],
      'a text is not UTF-8': [[0, 2, 11, 1, 1, 1, 0, 4, 1, 1, 116, 1, 0xc3, 0]],
      'a struct is of the unknown kind 31': [[0, 2, 8, 1, 1, 1, 0, 31, 1, 1, 116]],
      'a struct refers to one that comes after it': [[0, 2, 10, 1, 1, 1, 0, 0x84, 1, 5, 1, 97, 0]],
      'a text is not JSON': [[1, 5, 1, 1, 1, 1, 123], [0, 2, 12, 1, 1, 1, 0, 5, 1, 1, 116, 1, 123, 0, 0]],
      'an update has bytes after its end': [[0, 2, 3, 0, 0, 0]],
    };
    for (const [reason, messages] of Object.entries(cases)) {
      for (const message of messages) assert.equal(await garbage('garbage', Buffer.from(message)), `4400 not a message of Yjs: ${reason}`);
    }
    ada.text.insert(0, 'unharmed');
    const bob = await open('garbage');
    await bob.until(() => bob.text.toString() === 'unharmed', 'the edit');
    assert.equal(ada.provider.wsUnsuccessfulReconnects, 0);
  },
};

try {
  await checks[name]();
  console.log('ok');
} finally {
  editors.forEach((editor) => editor.close());
}
process.exit();
