// Sliders: travel, grid and keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KNOBS } from '../../www/engine/knobs.js';
import { fromTravel, nudge, snap, toTravel } from '../../www/views/scale.js';

/** @typedef {import('../../www/views/types.js').NumberKnobData} NumberKnob */
const NUMBERS = /** @type {NumberKnob[]} */ (KNOBS.filter(({ kind, key }) => (kind === 'number' || kind === 'integer') && key !== 'seed'));
const temperature = /** @type {NumberKnob} */ (NUMBERS.find(({ key }) => key === 'temperature'));

test('a log scale is ln(1 + (value - min) / step)', () => {
  assert.equal(toTravel(temperature, 0), 0);
  assert.ok(Math.abs(toTravel(temperature, 1) - Math.log(21)) < 1e-12);
  assert.equal(toTravel({ ...temperature, scale: 'linear' }, 1), 1);
});

for (const knob of NUMBERS) {
  test(`${knob.key}: the ends, the default and every grid value come back from the slider`, () => {
    for (const value of [knob.min, knob.max, /** @type {number} */ (knob.default), snap(knob, knob.min + 7 * knob.step)]) {
      assert.equal(fromTravel(knob, toTravel(knob, value)), value);
    }
  });

  test(`${knob.key}: a key press always moves, and never leaves the range`, () => {
    let value = knob.min;
    for (let presses = 0; presses < 400 && value < knob.max; presses++) {
      const next = nudge(knob, value, 1);
      assert.ok(next > value && next <= knob.max, `${value} → ${next}`);
      value = next;
    }
    assert.equal(value, knob.max);
    assert.equal(nudge(knob, knob.max, 1), knob.max);
    assert.equal(nudge(knob, knob.min, -1), knob.min);
    assert.ok(nudge(knob, knob.max, -10) < knob.max);
  });
}

test('values on the grid have no noise', () => {
  assert.equal(snap(temperature, 0.30000000000000004), 0.3);
  assert.equal(snap(temperature, 0.83), 0.85);
  assert.equal(snap(temperature, 1000), 100);
});
