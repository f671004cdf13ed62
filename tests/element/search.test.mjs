// Searches, branches, and the pictures of many steps, without an engine.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Branches } from '../../www/element/branches.js';
import { Rewriting } from '../../www/element/rewriting.js';
import { Search } from '../../www/element/search.js';
import { Timeline, prefixHash } from '../../www/element/timeline.js';
import { TokenTexts } from '../../www/element/token-texts.js';
import { Trajectory } from '../../www/element/trajectory.js';

const tick = (ms = 1) => new Promise((done) => setTimeout(done, ms));
const never = (/** @type {Error} */ error) => assert.fail(error);

/** Reports 1, 2, 3, … until it is aborted. @param {string} name @param {AbortSignal} signal */
async function* counting(name, signal) {
  for (let report = 1; ; report++) {
    await tick();
    if (signal.aborted) return;
    yield `${name}${report}`;
  }
}

test('a search reports until it is stopped; what it found stays', async () => {
  const search = new Search({ begin: counting, onChange: () => {}, onError: never });
  const running = search.start('a', 'key');
  while (search.report !== 'a3') await tick();
  search.stop();
  assert.deepEqual([search.running, search.report, search.key], [false, 'a3', 'key']);
  await running;
  await tick(10);
  assert.equal(search.report, 'a3', 'nothing comes after Stop');
});

test('a newer search takes the place of the older', async () => {
  const search = new Search({ begin: counting, onChange: () => {}, onError: never });
  const first = search.start('a', '1');
  while (search.report !== 'a2') await tick();
  const second = search.start('b', '2');
  assert.equal(search.report, null, 'the old result is gone at once');
  await first;
  while (search.report !== 'b2') await tick();
  assert.equal(search.running, true);
  search.clear();
  await second;
  assert.deepEqual([search.report, search.settings, search.running], [null, null, false]);
});

test('what goes wrong is told once, an abort is not', async () => {
  /** @type {string[]} */
  const told = [];
  const fail = (/** @type {Error} */ error) => async function* () { await tick(); throw error; yield ''; };
  for (const error of [new Error('broken'), new DOMException('', 'AbortError')]) {
    const search = new Search({ begin: fail(error), onChange: () => {}, onError: ({ message }) => void told.push(message) });
    await search.start('', '');
    assert.equal(search.running, false);
  }
  assert.deepEqual(told, ['broken']);
});

test('branches are a tree; dropping one hangs its children on its parent', () => {
  /** @type {string[]} */
  const closed = [];
  const branches = new Branches();
  const start = (/** @type {string} */ name, /** @type {number | null} */ at) => ({ session: /** @type {any} */ ({ close: () => closed.push(name) }), trajectory: new Trajectory(), at, writtenWith: null });
  branches.add(start('root', null));
  branches.add(start('child', 5));
  branches.add(start('grandchild', 7));
  assert.deepEqual(branches.tree().map(({ branch, depth }) => [branch.name, depth]), [['Text 1', 0], ['Text 2', 1], ['Text 3', 2]]);
  branches.drop(1);
  assert.deepEqual(branches.tree().map(({ branch, depth }) => [branch.name, depth]), [['Text 1', 0], ['Text 3', 1]]);
  assert.equal(branches.current?.name, 'Text 3');
  branches.drop(2);
  assert.equal(branches.current?.name, 'Text 1', 'whoever looked at it sees its parent');
  branches.drop(0);
  assert.equal(branches.tree().length, 1, 'the last one stays');
  branches.rename(0, 'mine');
  assert.equal(branches.current?.name, 'mine');
  branches.clear();
  assert.deepEqual(closed, ['child', 'grandchild', 'root']);
});

test('pictures are asked for once, and again under other knobs or after another text', async () => {
  /** @type {number[]} */
  const asked = [];
  const session = /** @type {any} */ ({ view: async (/** @type {number} */ position) => (asked.push(position), await tick(), { position }) });
  const source = { session, knobs: {}, ids: [1, 2, 3, 4, 5] };
  const timeline = new Timeline({ source: () => source, onView: () => {}, onError: never });
  timeline.want([1, 2]);
  await tick(20);
  timeline.want([1, 2, 3]);
  await tick(20);
  assert.deepEqual(asked, [1, 2, 3]);
  source.ids = [1, 2, 9, 4, 5];
  assert.deepEqual([1, 2, 3].map((position) => timeline.at(position)?.position), [1, undefined, undefined], 'a picture of another text is none');
  timeline.want([1, 2, 3]);
  await tick(20);
  assert.deepEqual(asked, [1, 2, 3, 2, 3]);
  source.knobs = {};
  assert.equal(timeline.at(1)?.position, 1, 'under older knobs it stands until the new one is there');
  timeline.want([1]);
  await tick(20);
  assert.deepEqual(asked.slice(5), [1]);
  assert.notEqual(prefixHash([1, 2, 3], 2), prefixHash([1, 3, 2], 2));
});

test('pictures out of sight are not asked for', async () => {
  /** @type {number[]} */
  const asked = [];
  const session = /** @type {any} */ ({ view: async (/** @type {number} */ position) => (asked.push(position), await tick(3), { position }) });
  const knobs = {};
  const timeline = new Timeline({ source: () => ({ session, knobs, ids: Array(50).fill(0) }), onView: () => {}, onError: never });
  timeline.want([0, 1, 2, 3, 4, 5]);
  await tick(1);
  timeline.want([40]);
  await tick(40);
  assert.deepEqual(asked.at(-1), 40);
  assert.ok(asked.length <= 3, `asked ${asked}`);
});

test('token texts are learnt from texts that contain them', async () => {
  const engine = /** @type {any} */ ({ tokenize: async (/** @type {string} */ text) => [...text].map((char) => ({ id: char.charCodeAt(0), text: char })) });
  const texts = new TokenTexts();
  assert.equal(await texts.learn(engine, [{ ids: [97, 98], text: 'ab' }]), true);
  assert.equal(texts.known.get(98), 'b');
  assert.equal(await texts.learn(engine, [{ ids: [98], text: 'b' }]), false, 'nothing new');
});

test('while a knob moves the text waits for a rest, or in a long drag for a picture', async () => {
  let rewrites = 0;
  const rewriting = new Rewriting(() => rewrites++);
  const drag = async (/** @type {number} */ ms) => {
    for (const end = performance.now() + ms; performance.now() < end; await tick(10)) {
      rewriting.schedule();
      rewriting.pictureShown();
    }
  };
  await drag(150);
  assert.equal(rewrites, 0, 'the bars alone follow the finger');
  await tick(100);
  assert.equal(rewrites, 1, 'after a rest the text follows');
  await drag(400);
  assert.equal(rewrites, 2, 'a long drag is followed now and then');
  await tick(100);
  assert.equal(rewrites, 3);
  rewriting.schedule();
  rewriting.cancel();
  await tick(100);
  assert.equal(rewrites, 3);
});
