// Reports of progress: few, never late for a new phase, and with a rate of the last two seconds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meter } from '../../www/engine/progress.js';

/** Reports made for bytes at times. @param {[phase: 'download' | 'build', time: number, loaded: number][]} updates */
function reports(updates) {
  let time = 0;
  /** @type {import('../../www/engine/types.js').LoadProgress[]} */
  const seen = [];
  const meter = new Meter((progress) => seen.push(progress), () => time);
  for (const [phase, at, loaded] of updates) {
    time = at;
    meter.update(phase, loaded, 10_000, false);
  }
  return seen;
}

test('about ten a second, the last one always', () => {
  const updates = Array.from({ length: 100 }, (_, i) => /** @type {['download', number, number]} */ (['download', i * 10, (i + 1) * 100]));
  const seen = reports(updates);
  assert.equal(seen.length, 11);
  assert.equal(seen.at(-1)?.loaded, 10_000);
});

test('a new phase is told at once and starts its own rate', () => {
  const seen = reports([['download', 0, 0], ['download', 1000, 5000], ['build', 1001, 0]]);
  assert.deepEqual(seen.map(({ phase, bytesPerSecond }) => [phase, bytesPerSecond]), [['download', 0], ['download', 5000], ['build', 0]]);
});

test('the rate forgets what was more than two seconds ago', () => {
  const seen = reports([['download', 0, 0], ['download', 1000, 9000], ['download', 3000, 9100], ['download', 5000, 9300]]);
  assert.equal(seen.at(-1)?.bytesPerSecond, 100);
});
