import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROBE, PROBE_BYTES, readBandwidth } from './bandwidth.js';

test('the probe reads every 16 bytes of its range, and no more', async () => {
  const { instance } = await WebAssembly.instantiate(PROBE);
  const { memory, stream } = /** @type {any} */ (instance.exports);
  assert.equal(memory.buffer.byteLength, PROBE_BYTES);
  const words = new Uint32Array(memory.buffer);
  // The sum is an exclusive or of the first of each four words: one bit of its own for each.
  for (let block = 0; block < 8; block++) words[4 * block] = 1 << block;
  assert.equal(stream(0, 128), 0xff);
  assert.equal(stream(64, 128), 0xf0);
  words[words.length - 4] = 1 << 20;
  assert.equal(stream(0, PROBE_BYTES), 0xff | (1 << 20));
});

test('the bandwidth is a finite number of GB/s', async () => {
  const speed = await readBandwidth(2);
  assert.ok(Number.isFinite(speed) && speed > 0, `${speed}`);
});
