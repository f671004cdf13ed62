// How much of a prompt is read at a time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_PIECE, pieceAfter } from '../../www/engine/worker-pace.js';

test('pieces are as large as fits, within limits', () => {
  assert.equal(pieceAfter(32, 100), 80);
  assert.equal(pieceAfter(80, 250), 80);
  assert.equal(pieceAfter(32, 20), 128);
  assert.equal(pieceAfter(32, 0), 128);
  assert.equal(pieceAfter(32, 800), 8);
  assert.equal(pieceAfter(8, 5000), 8);
});

test('a steady machine settles at once', () => {
  for (const speed of [0.02, 0.1, 0.3, 2]) {
    const after = pieceAfter(FIRST_PIECE, FIRST_PIECE / speed);
    assert.equal(pieceAfter(after, after / speed), after, `${speed} tokens a millisecond`);
  }
});
