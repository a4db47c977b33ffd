// Twenty clients type until the server is killed; then every edit that another client had shown must be there:
// node typing.mjs <ws://server> <number of edits to be shown before the server is killed>
import assert from 'node:assert/strict';
import { Editor, test } from './editors.mjs';

const [server, enough] = process.argv.slice(2);
const CLIENTS = 20;
const PAUSE_MS = 25;

const editors = await Promise.all(Array.from({ length: CLIENTS }, () => Editor.open(server, 'typing')));
/** The edits that a client other than the author has shown. */
const shown = new Set();
let hasEnough;
const isEnough = new Promise((resolve) => { hasEnough = resolve; });
editors.forEach((editor, me) => {
  editor.doc.getArray('edits').observe((event) => {
    for (const { insert } of event.changes.delta) {
      for (const edit of insert ?? []) if (edit.author !== me) shown.add(`${edit.author}.${edit.number}`);
    }
    if (shown.size >= Number(enough)) hasEnough();
  });
});
const typing = editors.map((editor, author) => {
  let number = 0;
  return setInterval(() => editor.doc.transact(() => {
    // A letter, and with it the mark by which it is found again.
    editor.text.insert(Math.floor(Math.random() * (editor.text.length + 1)), 'x');
    editor.doc.getArray('edits').push([{ author, number: number++ }]);
  }), PAUSE_MS);
});
await isEnough;
await test('kill');
typing.forEach(clearInterval);
// The memory of the clients is not asked.
editors.forEach((editor) => editor.close());

await test('start');
const reader = await Editor.open(server, 'typing');
const kept = reader.doc.getArray('edits').toArray().map((edit) => `${edit.author}.${edit.number}`);
const keptSet = new Set(kept);
const lost = [...shown].filter((edit) => !keptSet.has(edit));
assert.deepEqual(lost, []);
assert.equal(keptSet.size, kept.length);
assert.equal(reader.text.length, kept.length);
assert.ok(shown.size >= Number(enough));
console.log(`${shown.size} edits were shown, ${kept.length} were kept`);
console.log('ok');
process.exit();
