// Numbers as they are written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisOf, heightOf } from '../../www/views/axis.js';
import { effective, percent, plain, scientific, shortPercent, size } from '../../www/views/format.js';
import { rangeFault } from '../../www/views/knob-number.js';
import { progressText } from '../../www/views/loading.js';
import { statusText } from '../../www/views/status-text.js';

const text = (/** @type {string} */ string) => string.replaceAll('\u00a0', ' ');

test('sizes are decimal', () => {
  assert.equal(text(size(98_362_432)), '98 MB');
  assert.equal(text(size(1_500_000)), '1.5 MB');
  assert.equal(text(size(2_345_000_000)), '2.35 GB');
});

test('probabilities keep their digits at any size, and are never rounded to all or nothing', () => {
  assert.deepEqual([1, 0.6012, 0.0123, 0.00123, 0.00000123, 0].map(percent), ['100%', '60.1%', '1.23%', '0.123%', '1.2·10⁻⁶', '0%']);
  assert.equal(percent(0.9994), '99.9%');
  assert.deepEqual([0.6, 0.031, 0.00001, 0].map(shortPercent), ['60%', '3.1%', '≈0', '0']);
  assert.equal(scientific(3.2e-12), '3.2·10⁻¹²');
});

test('plain numbers have no noise', () => {
  assert.equal(plain(0.1 + 0.2), '0.3');
  assert.equal(plain(49152), '49152');
  assert.deepEqual([3.71, 20_000.4].map(effective), ['3.7', '20,000']);
});

test('a linear axis ends just above the highest bar', () => {
  const top = (/** @type {number} */ raw) => axisOf([{ raw, warped: 0 }], false).top;
  for (const highest of [1, 0.83, 0.6, 0.21, 0.05, 0.0003]) {
    assert.ok(top(highest) >= highest - 1e-12 && top(highest) <= 2.01 * highest, `${highest}: ${top(highest)}`);
  }
  assert.equal(axisOf([], false).top, 1);
});

test('a logarithmic axis has equal distances for equal factors', () => {
  const axis = axisOf([], true);
  const [a, b, c] = [1e-1, 1e-3, 1e-5].map((p) => heightOf(axis, p));
  assert.ok(Math.abs(a - b - (b - c)) < 1e-12);
  assert.deepEqual([heightOf(axis, 1), heightOf(axis, 0), heightOf(axis, 1e-9)], [1, 0, 0]);
});

test('a number out of range is named with its range', () => {
  const topK = { key: 'topK', kind: /** @type {const} */ ('integer'), min: 0, max: 100 };
  assert.equal(rangeFault(topK, 5, '5'), null);
  for (const [value, typed] of /** @type {[number, string][]} */ ([[-1, '-1'], [101, '101'], [1.5, '1.5'], [NaN, '']])) {
    assert.match(rangeFault(topK, value, typed) ?? '', /topK must be a whole number from 0 to 100/);
  }
});

test('progress and status are sentences', () => {
  const progress = progressText({ phase: 'download', loaded: 49e6, total: 98e6, bytesPerSecond: 12e6, fromStorage: false });
  assert.equal(text(progress), 'Downloading the model · 49 MB of 98 MB · 12 MB/s');
  assert.match(statusText({ kind: 'reading', done: 32, total: 128 }), /32 of 128/);
  assert.match(statusText({ kind: 'writing', tokens: 3, perSecond: 33.7 }), /34 tok\/s/);
  assert.match(statusText({ kind: 'done', finish: 'stop', again: false }), /stop string/);
});
