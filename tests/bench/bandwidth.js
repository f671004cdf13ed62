// How fast one wasm thread can read memory at all: the limit that decoding runs into, because each
// token reads every weight once. The probe is written as bytes, so that no compiler stands between.

const PAGE = 65_536;
/** 100 MiB, about the default model; far beyond any cache of a processor that we know. */
const PAGES = 1600;
export const PROBE_BYTES = PAGES * PAGE;

/** @param {number} id @param {number[]} content  shorter than 128 bytes, so that its length is one byte */
const section = (id, content) => [id, content.length, ...content];
/** @param {string} text */
const name = (text) => [text.length, ...new TextEncoder().encode(text)];

/** `v128.load offset=at` from the address in local 0 @param {number} at */
const load = (at) => [0x20, 0, 0xfd, 0x00, 4, at];
const XOR = [0xfd, 0x51];

// (func (param $at i32) (param $end i32) (result i32) (local $sum v128)
//   loop: sum ^= (m[at] ^ m[at + 16]) ^ (m[at + 32] ^ m[at + 48]); at += 64; again while at < end
//   lane 0 of sum)
const BODY = [
  ...[1, 1, 0x7b], // one local of type v128
  ...[0x03, 0x40], // loop
  ...[0x20, 2],
  ...[...load(0), ...load(16), ...XOR, ...load(32), ...load(48), ...XOR, ...XOR],
  ...[...XOR, 0x21, 2],
  ...[0x20, 0, 0x41, 0xc0, 0x00, 0x6a, 0x22, 0], // local.tee $at (i32.add $at 64)
  ...[0x20, 1, 0x49, 0x0d, 0], // br_if 0 (i32.lt_u $at $end)
  0x0b,
  ...[0x20, 2, 0xfd, 0x1b, 0], // i32x4.extract_lane 0
  0x0b,
];

/** The probe: exports `memory` (of `PROBE_BYTES`) and `stream(from, to)`, whose range is in steps of 64 bytes. */
export const PROBE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f]),
  ...section(3, [1, 0]),
  ...section(5, [1, 0, (PAGES & 0x7f) | 0x80, PAGES >> 7]), // LEB128 of a number below 2^14
  ...section(7, [2, ...name('memory'), 2, 0, ...name('stream'), 0, 0]),
  ...section(10, [1, BODY.length, ...BODY]),
]);

/**
 * The best of several readings of the whole memory; a disturbed reading is slower, never faster.
 * @param {number} [rounds]
 * @returns {Promise<number>}  GB/s, with 1 GB = 10^9 bytes
 */
export async function readBandwidth(rounds = 8) {
  const { instance } = await WebAssembly.instantiate(PROBE);
  const { memory, stream } = /** @type {{ memory: WebAssembly.Memory, stream: (from: number, to: number) => number }} */ (
    /** @type {unknown} */ (instance.exports)
  );
  // Untouched pages all map to the one page of zeros, which stays in the cache.
  new Uint8Array(memory.buffer).fill(1);
  stream(0, PROBE_BYTES); // compiles it
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    stream(0, PROBE_BYTES);
    best = Math.min(best, performance.now() - start);
  }
  return PROBE_BYTES / 1e6 / best;
}
