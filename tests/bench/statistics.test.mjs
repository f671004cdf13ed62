import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digits, measure, quantile, table } from './statistics.mjs';

test('quantiles interpolate and leave their input as it is', () => {
  const values = [4, 1, 3, 2];
  assert.equal(quantile(values, 0.5), 2.5);
  assert.equal(quantile(values, 0), 1);
  assert.equal(quantile(values, 1), 4);
  assert.equal(quantile([7], 0.95), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
  assert.deepEqual(values, [4, 1, 3, 2]);
});

test('a measure keeps its rounds', () => {
  assert.deepEqual(measure([3, 1, 2], 'ms'), { unit: 'ms', median: 2, min: 1, max: 3, values: [3, 1, 2] });
});

test('a table has a line for each measure', () => {
  const lines = table({ load: measure([1234.5, 1000, 2000], 'ms') }).split('\n');
  assert.equal(lines.length, 2);
  assert.match(lines[1], /^load\s+1235\s+1000\s+2000 {2}ms$/);
  assert.equal(digits(12.345), '12.3');
  assert.equal(digits(1.2345), '1.23');
});
