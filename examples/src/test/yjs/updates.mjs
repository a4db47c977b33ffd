// Compares Java's merging of updates with that of yjs: node updates.mjs <seed> <documents> <java> <arguments of java...>
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as Y from 'yjs';

const [seed, documents, command, ...args] = process.argv.slice(2);

/** Mulberry32: small, and the same everywhere. */
let state = Number(seed) >>> 0;
function random(below) {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const one = (list) => list[random(list.length)];

const java = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface({ input: java.stdout })[Symbol.asyncIterator]();
async function ask(order, ...updates) {
  java.stdin.write(`${[order, ...updates.map((bytes) => Buffer.from(bytes).toString('base64'))].join(' ')}\n`);
  const { value } = await answers.next();
  assert.ok(value && !value.startsWith('!'), `java answered ${value} to ${order}`);
  return new Uint8Array(Buffer.from(value, 'base64'));
}

const WORDS = ['a', 'dormouse', '睡鼠', '🐿️🐭', 'Siebenschläfer ', '\n', '"{}"'];
// Without surrogate pairs: where yjs cuts a pair, what it shows depends on the order of updates.
const TEXTS = ['a', 'dormouse', '睡鼠', 'Siebenschläfer ', '\n'];
const VALUES = [1, -70000, 1.5, 1e300, true, null, 'text', { none: undefined }, { a: [1, { b: 'c' }] }, [1, 2, 'x'], new Uint8Array([1, 2, 3])];
const EDITS = [
  (doc) => doc.getText('t').insert(random(doc.getText('t').length + 1), one(TEXTS)),
  (doc) => { // typing
    const text = doc.getText('t');
    const at = random(text.length + 1);
    [...'typed'].forEach((letter, i) => text.insert(at + i, letter));
  },
  (doc) => {
    const text = doc.getText('t');
    const at = random(text.length + 1);
    text.delete(at, random(Math.min(9, text.length - at) + 1));
  },
  (doc) => {
    const text = doc.getText('t');
    if (text.length > 2) text.format(random(text.length - 1), 1, { bold: one([true, null]) });
  },
  (doc) => doc.getText('t').insertEmbed(random(doc.getText('t').length + 1), { image: one(WORDS) }),
  (doc) => doc.getArray('a').insert(random(doc.getArray('a').length + 1), [one(VALUES), one(VALUES), one(VALUES)]),
  (doc) => {
    const array = doc.getArray('a');
    if (array.length > 2) array.delete(random(array.length - 1), 2);
  },
  (doc) => doc.getMap('m').set(one(WORDS), one(VALUES)),
  (doc) => doc.getMap('m').delete(one(WORDS)),
  (doc) => doc.getMap('m').set('nested', new Y.Map([[one(WORDS), one(VALUES)]])),
  (doc) => {
    const element = new Y.XmlElement(one(['p', 'b']));
    element.setAttribute('id', one(WORDS));
    element.insert(0, [new Y.XmlText(one(WORDS))]);
    doc.getXmlFragment('x').insert(random(doc.getXmlFragment('x').length + 1), [element]);
  },
  (doc) => {
    const fragment = doc.getXmlFragment('x');
    if (fragment.length > 1) fragment.delete(random(fragment.length), 1);
  },
  (doc) => doc.getMap('m').set('sub', new Y.Doc({ guid: `sub${random(9)}` })),
];

function shown(doc) {
  const [text, array, map, xml] = [doc.getText('t'), doc.getArray('a'), doc.getMap('m'), doc.getXmlFragment('x')];
  return {
    delta: text.toDelta(),
    array: array.toJSON(),
    map: Object.fromEntries([...map.entries()].filter(([key]) => key !== 'sub').map(([key, value]) => [key, value instanceof Y.Map ? value.toJSON() : value])),
    sub: map.get('sub')?.guid,
    xml: xml.toString(),
  };
}

function documentOf(...updates) {
  const doc = new Y.Doc();
  updates.forEach((update) => Y.applyUpdate(doc, update));
  return doc;
}

function assertSame(actual, expected) {
  assert.deepEqual(shown(actual), shown(expected));
  assert.deepEqual(stateOf(Y.encodeStateVector(actual)), stateOf(Y.encodeStateVector(expected)));
  assert.ok(Y.equalSnapshots(Y.snapshot(actual), Y.snapshot(expected)));
}
const stateOf = (bytes) => Object.fromEntries(Y.decodeStateVector(bytes));

function shuffled(list) {
  const rest = [...list];
  return list.map(() => rest.splice(random(rest.length), 1)[0]);
}

for (let n = 0; n < Number(documents); n += 1) {
  const updates = [];
  const docs = Array.from({ length: 1 + random(4) }, () => {
    const doc = new Y.Doc();
    doc.clientID = random(2 ** 32);
    doc.gc = random(4) > 0;
    doc.on('update', (update, origin) => { if (origin !== 'other') updates.push(update); });
    return doc;
  });
  for (let i = random(60); i > 0; i -= 1) {
    const doc = one(docs);
    doc.transact(() => { for (let j = random(3); j >= 0; j -= 1) one(EDITS)(doc); });
    if (random(5) === 0) Y.applyUpdate(one(docs), Y.encodeStateAsUpdate(doc), 'other');
  }
  const whole = documentOf(...updates);
  const all = shuffled([...updates, ...updates.slice(0, random(5))]);
  const part = all.filter(() => random(4) > 0);
  const merged = await ask('merge', ...all);
  assertSame(documentOf(merged), whole);
  // Merging what was merged before, as compaction does.
  const halves = [await ask('merge', ...part), await ask('merge', ...all.slice(0, all.length / 2)), merged];
  assertSame(documentOf(await ask('merge', ...shuffled(halves))), whole);
  // A part has gaps, and what is missing can come later.
  const some = await ask('merge', ...part);
  // (Yjs finds some structs whose gaps were filled only at the next update.)
  assertSame(documentOf(some), documentOf(...part, ...part));
  assertSame(documentOf(some, merged), whole);
  const theirs = part.length ? Y.mergeUpdates(part) : some;
  for (const update of [merged, some, ...updates.slice(0, 3)]) {
    assert.deepEqual(stateOf(await ask('state', update)), stateOf(Y.encodeStateVectorFromUpdate(update)));
  }
  if (part.length) assert.deepEqual(stateOf(await ask('state', some)), stateOf(Y.encodeStateVectorFromUpdate(theirs)));
  // A client gets what it does not have, in one message or in several.
  for (const doc of [...docs, documentOf(...part)]) {
    const vector = Y.encodeStateVector(doc);
    const missing = await ask('diff', merged, vector);
    assert.ok(missing.length <= Y.diffUpdate(Y.mergeUpdates([new Uint8Array([0, 0]), ...all]), vector).length);
    const known = Y.encodeStateAsUpdate(doc);
    assertSame(documentOf(known, missing), whole);
  }
  const pieces = [];
  for (let rest = Buffer.from(await ask('split', merged)); rest.length; rest = rest.subarray(4 + rest.readUInt32BE(0))) {
    pieces.push(new Uint8Array(rest.subarray(4, 4 + rest.readUInt32BE(0))));
  }
  assertSame(documentOf(...pieces), whole);
  assertSame(documentOf(...shuffled(pieces)), whole);
}
java.stdin.end();
console.log('ok');
process.exit();
