// Groups of knobs, the chain, columns in sight, and where two texts part.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainOf } from '../../www/page/chain-data.js';
import { moved, placeAt } from '../../www/views/chain-order.js';
import { describeDivergence, partsAt, sharedLength } from '../../www/views/divergence-text.js';
import { logProb, times, workSaved } from '../../www/views/format.js';
import { grouped, isModified } from '../../www/views/knob-groups.js';
import { inSight } from '../../www/views/window.js';

test('knobs stand in their groups; unknown groups come last, folded', () => {
  const knobs = /** @type {any[]} */ ([{ key: 'a', group: 'random' }, { key: 'b' }, { key: 'c', group: 'penalties' }, { key: 'd', group: 'basic' }, { key: 'e', group: 'novel' }]);
  assert.deepEqual(grouped(knobs).map(({ name, folded, knobs: own }) => [name, folded, own.map(({ key }) => key).join('')]), [
    ['basic', false, 'bd'],
    ['penalties', true, 'c'],
    ['random', false, 'a'],
    ['novel', true, 'e'],
  ]);
});

test('a knob is modified if its value is another one; lists by content', () => {
  assert.equal(isModified({ default: [] }, []), false);
  assert.equal(isModified({ default: [] }, ['x']), true);
  assert.equal(isModified({ default: 1 }, 1), false);
  assert.equal(isModified({ default: 1 }, 0.9), true);
  assert.equal(isModified({ default: 1 }, undefined), false);
});

test('a list with one item moved, within its ends', () => {
  assert.deepEqual(moved(['a', 'b', 'c', 'd'], 0, 2), ['b', 'c', 'a', 'd']);
  assert.deepEqual(moved(['a', 'b', 'c'], 2, 0), ['c', 'a', 'b']);
  assert.deepEqual(moved(['a', 'b', 'c'], 1, 9), ['a', 'c', 'b']);
  assert.deepEqual(moved(['a', 'b', 'c'], 1, -4), ['b', 'a', 'c']);
});

test('what is dragged goes to the item under the pointer', () => {
  const boxes = [0, 40, 80].map((top) => ({ top, height: 40 }));
  assert.deepEqual([-10, 5, 45, 119, 500].map((y) => placeAt(boxes, y)), [0, 0, 1, 2, 2]);
});

test('the chain in force: the dialect’s order, or the free one, with what each stage did', () => {
  const tables = { STAGES: [{ name: 'topK', label: 'top-k' }, { name: 'temperature', label: 'temperature' }], CHAINS: { huggingFace: ['temperature', 'topK'], llamaCpp: ['topK', 'temperature'], llamaCppMirostat: ['temperature'] } };
  const reports = [{ stage: 'topK', removed: 9, rawMass: 0.25, note: null }];
  const order = (/** @type {object} */ knobs) => chainOf(tables, knobs, reports)?.stages.map(({ key }) => key);
  assert.deepEqual(order({ dialect: 'huggingFace', order: ['topK'] }), ['temperature', 'topK']);
  assert.deepEqual(order({ dialect: 'llamaCpp' }), ['topK', 'temperature']);
  assert.deepEqual(order({ dialect: 'llamaCpp', mirostat: 2 }), ['temperature'], 'mirostat takes the place of the cuts there');
  assert.deepEqual(order({ dialect: 'free', order: ['topK'] }), ['topK', 'temperature']);
  assert.deepEqual(chainOf(tables, { dialect: 'free', order: ['topK'] }, reports)?.stages.map(({ listed, on }) => [listed, on]), [[true, true], [false, false]], 'what has no place is off');
  assert.deepEqual(order({ dialect: 'free', order: [] }), ['temperature', 'topK']);
  const chain = chainOf(tables, { dialect: 'free', order: ['topK', 'temperature'], disabled: ['temperature'] }, reports);
  assert.deepEqual(chain?.stages.map(({ on, removed, mass, label }) => [label, on, removed, mass]), [['top-k', true, 9, 0.25], ['temperature', false, null, 0]]);
  assert.deepEqual([chain?.movable, chain?.dialects.map(({ value }) => value)], [true, ['huggingFace', 'llamaCpp', 'free']]);
  assert.equal(chainOf({}, {}, []), null, 'without tables there is no panel');
});

test('columns in sight, with a margin, and none beyond the ends', () => {
  assert.deepEqual(inSight({ scroll: 0, width: 500, column: 100, count: 50, margin: 2 }), { from: 0, to: 7 });
  assert.deepEqual(inSight({ scroll: 1050, width: 500, column: 100, count: 50, margin: 2 }), { from: 8, to: 18 });
  assert.deepEqual(inSight({ scroll: 9999, width: 500, column: 100, count: 50, margin: 2 }), { from: 50, to: 50 });
  assert.deepEqual(inSight({ scroll: 0, width: 0, column: 100, count: 0, margin: 2 }), { from: 0, to: 0 });
});

test('where two texts part, and how much of them can be compared', () => {
  assert.equal(partsAt([1, 2, 3], [1, 2, 3]), null);
  assert.equal(partsAt([1, 2, 3], [1, 2]), null, 'a beginning of the other does not part from it');
  assert.equal(partsAt([1, 2, 3], [1, 7, 3]), 1);
  assert.equal(sharedLength([1, 2, 3], [1, 2]), 2);
  assert.equal(sharedLength([1, 2, 3], [1, 7, 3]), 2, 'before the parting token both have the same text');
  assert.equal(sharedLength([1], []), 0);
  assert.match(describeDivergence({ totalVariation: 0.25, kl: null }), /25\.0%.*infinite/);
  assert.match(describeDivergence({ totalVariation: 0, kl: 1.23456 }), /1\.235 bits/);
});

test('work saved, factors and log-probabilities as they are written', () => {
  assert.equal(workSaved(312, 4096), 'computed 312 positions instead of 4,096: 13× less work');
  assert.equal(workSaved(1, 1), 'computed 1 position');
  assert.equal(workSaved(10, 0), 'computed 10 positions');
  assert.deepEqual([1.26, 2, 9.96, 1234.4].map(times), ['1.3×', '2×', '10×', '1,234×']);
  assert.deepEqual([-1.234, 0, null].map(logProb), ['−1.23', '0.00', '−∞']);
});
