// How much of a prompt is read at a time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEAST_PIECE, pieceAfter } from '../../www/engine/worker-pace.js';

test('pieces are as large as fits, within limits', () => {
  assert.equal(pieceAfter(32, 100), 64);
  assert.equal(pieceAfter(64, 160), 96);
  assert.equal(pieceAfter(32, 20), 128);
  assert.equal(pieceAfter(32, 0), 128);
  assert.equal(pieceAfter(128, 400), 64);
  assert.equal(pieceAfter(64, 5000), LEAST_PIECE);
});

test('a steady machine settles at once', () => {
  for (const speed of [0.02, 0.1, 0.3, 2]) {
    const after = pieceAfter(LEAST_PIECE, LEAST_PIECE / speed);
    assert.equal(pieceAfter(after, after / speed), after, `${speed} tokens a millisecond`);
  }
});
