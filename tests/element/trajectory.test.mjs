// What the page knows of a text: the tail that waits to be rewritten, and which chips changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributeOf, knobFrom } from '../../www/element/attributes.js';
import { Trajectory } from '../../www/element/trajectory.js';
import { Turns } from '../../www/element/turns.js';

/** @typedef {import('../../www/engine/types.js').Step} Step */

/** @param {number} position @param {number} id @returns {Step} */
const step = (position, id) =>
  /** @type {any} */ ({ id, position, finish: null, chosen: { id, text: String(id), partial: false, raw: 0.5, warped: 0.5 } });
const prompt = [0, 1].map((position) => ({ id: 90 + position, text: 'p', partial: false, special: false, kind: /** @type {const} */ ('prompt'), position, raw: null, warped: null }));

/** @param {number[]} ids */
function written(ids) {
  const trajectory = new Trajectory();
  trajectory.begin([...prompt]);
  ids.forEach((id, index) => trajectory.push(step(2 + index, id)));
  return trajectory;
}

test('a replay that cuts the text leaves the old tail until it is written anew', () => {
  const trajectory = written([1, 2, 3, 4]);
  trajectory.remember();
  trajectory.replace([step(2, 1), step(3, 7)]);
  assert.deepEqual(trajectory.tail.map(({ id, kind, position }) => [id, kind, position]), [[3, 'stale', 4], [4, 'stale', 5]]);
  trajectory.push(step(4, 3));
  assert.deepEqual(trajectory.tail.map(({ id }) => id), [4]);
  trajectory.settle();
  assert.deepEqual([trajectory.outputLength, trajectory.tail.length], [3, 0]);
});

test('changed are the tokens that differ from those before the knob moved', () => {
  const trajectory = written([1, 2, 3, 4]);
  assert.deepEqual([...trajectory.changed()], []);
  trajectory.remember();
  trajectory.replace([step(2, 1), step(3, 7)]);
  trajectory.push(step(4, 3));
  trajectory.push(step(5, 8));
  trajectory.push(step(6, 9));
  assert.deepEqual([...trajectory.changed()], [3, 5], 'an equal token and one that is merely further are not');
  trajectory.remember();
  assert.deepEqual([...trajectory.changed()], []);
});

test('a tail that is cut twice is remembered once', () => {
  const trajectory = written([1, 2, 3, 4]);
  trajectory.replace([step(2, 1), step(3, 2), step(4, 5)]);
  trajectory.replace([step(2, 6)]);
  assert.deepEqual(trajectory.tail.map(({ id }) => id), [2, 5, 4]);
});

test('attributes are knobs in kebab-case; a value that is none leaves the default', () => {
  assert.equal(attributeOf('repetitionPenalty'), 'repetition-penalty');
  assert.deepEqual(knobFrom('top-k', '40'), { topK: 40 });
  assert.deepEqual(knobFrom('temperature', '0.8'), { temperature: 0.8 });
  for (const text of [null, '', 'warm', '-1', '101']) assert.deepEqual(knobFrom('temperature', text), { temperature: 1 }, String(text));
  assert.deepEqual(knobFrom('top-k', '1.5'), { topK: 0 });
  assert.deepEqual([knobFrom('do-sample', 'false'), knobFrom('do-sample', '')], [{ doSample: false }, { doSample: true }]);
  assert.deepEqual(knobFrom('stop', '["\\n", "."]'), { stop: ['\n', '.'] });
  assert.deepEqual(knobFrom('stop', '. '), { stop: ['. '] });
  assert.deepEqual(knobFrom('class', 'x'), {});
});

test('newer work ends the older and waits for it', async () => {
  const turns = new Turns();
  /** @type {string[]} */
  const order = [];
  const work = (/** @type {string} */ name) => async (/** @type {AbortSignal} */ signal) => {
    order.push(name);
    await new Promise((done) => setTimeout(done, 5));
    order.push(`${name} ${signal.aborted ? 'aborted' : 'done'}`);
  };
  const fail = (/** @type {Error} */ error) => assert.fail(error);
  const results = await Promise.all([turns.run(work('a'), fail), turns.run(work('b'), fail), turns.run(work('c'), fail)]);
  assert.deepEqual(results, [false, false, true]);
  assert.deepEqual(order, ['c', 'c done'], 'what is overtaken before it began is never begun');
  const first = turns.run(work('d'), fail);
  await new Promise((done) => setTimeout(done, 1));
  const second = turns.run(work('e'), fail);
  assert.deepEqual([await first, await second], [false, true]);
  assert.deepEqual(order.slice(2), ['d', 'd aborted', 'e', 'e done']);
});
