// Beams: where candidates stand, the way to a text, and the ranking by another length penalty.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beamLayout, pathTo } from '../../www/views/beam-layout.js';
import { normalised, ranked } from '../../www/views/beam-rank.js';

/** @typedef {import('../../www/views/types.js').BeamStepData} Step */

/** @param {number} parent @param {number} id @param {number} score @param {'kept' | 'pruned' | 'finished'} fate @param {number | null} [beam] */
const candidate = (parent, id, score, fate, beam = null) => ({ parent, id, text: `${id}`, score, fate, beam });

/** @type {Step[]} */
const STEPS = [
  { step: 0, candidates: [candidate(0, 1, -1, 'kept', 0), candidate(0, 2, -2, 'kept', 1), candidate(0, 3, -3, 'pruned')], beams: [] },
  { step: 1, candidates: [candidate(1, 5, -2.5, 'kept', 0), candidate(0, 9, -2.7, 'finished'), candidate(0, 6, -2.8, 'kept', 1), candidate(1, 7, -4, 'pruned'), candidate(0, 8, -3.5, 'pruned')], beams: [] },
  { step: 2, candidates: [candidate(0, 9, -3, 'finished'), candidate(1, 4, -3.3, 'kept', 0)], beams: [] },
];

test('kept beams stand first and in their order, then finished, then the best pruned', () => {
  const [first, second] = beamLayout(STEPS, 1);
  assert.deepEqual(first.map(({ id, row }) => [id, row]), [[1, 0], [2, 1], [3, 2]]);
  assert.deepEqual(second.map(({ id, fate }) => [id, fate]), [[5, 'kept'], [6, 'kept'], [9, 'finished'], [8, 'pruned']]);
});

test('a node knows its parent and its whole text, also where beams changed places', () => {
  const [, second, third] = beamLayout(STEPS, 9);
  assert.deepEqual(second.map(({ ids }) => ids), [[2, 5], [1, 6], [1, 9], [1, 8], [2, 7]]);
  assert.deepEqual(third.map(({ ids, parent }) => [ids, parent?.id]), [[[1, 6, 4], 6], [[2, 5, 9], 5]]);
});

test('the way to a text is its prefixes, and none that was pruned', () => {
  const columns = beamLayout(STEPS, 9);
  const keys = pathTo(columns, [2, 5, 9]);
  assert.deepEqual(columns.flat().filter(({ key }) => keys.has(key)).map(({ ids }) => ids), [[2], [2, 5], [2, 5, 9]]);
  assert.equal(pathTo(columns, null).size, 0);
  assert.equal(pathTo(columns, [2, 7]).size, 1, 'the pruned end is not on the way');
});

test('another length penalty ranks anew', () => {
  const short = { score: -3, length: 2, text: 'short' };
  const long = { score: -5, length: 5, text: 'long' };
  assert.deepEqual(ranked([long, short], 0).map(({ text }) => text), ['short', 'long']);
  assert.deepEqual(ranked([short, long], 1).map(({ text, normalised: score }) => [text, score]), [['long', -1], ['short', -1.5]]);
  assert.deepEqual(ranked([long, short], -1).map(({ text }) => text), ['short', 'long']);
  assert.equal(normalised({ score: -4, length: 0 }, 2), -4, 'no length, no division by zero');
  const same = [{ ...short, text: 'a' }, { ...short, text: 'b' }];
  assert.deepEqual(ranked(same, 1).map(({ text }) => text), ['a', 'b']);
});
