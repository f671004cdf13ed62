// The builds of the engine, best first. They give the same tokens; the later ones run in more places.

/** @import { Variant, VariantName, Wasm } from './types.js' */

import { threadsFor } from './worker-threads.js';

/**
 * @typedef {object} Build
 * @property {VariantName} name
 * @property {string} means                     what it is, for the reader
 * @property {() => string | null} missing      what this browser lacks for it; null if nothing
 * @property {() => number} threads             that share the work
 * @property {() => Promise<Wasm>} importPackage
 * @property {URL} url                          of its wasm
 */

/**
 * `(module (func i32.const 0 i8x16.splat i32.const 0 i8x16.splat i16x8.relaxed_dot_i8x16_i7x16_s drop))`
 */
const RELAXED_DOT = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic, version
  0x01, 0x04, 0x01, 0x60, 0x00, 0x00, // one type: nothing to nothing
  0x03, 0x02, 0x01, 0x00, // one function
  0x0a, 0x10, 0x01, 0x0e, 0x00, // its body, 14 bytes, no locals
  0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x92, 0x02, 0x1a, 0x0b,
);

const relaxed = () => (WebAssembly.validate(RELAXED_DOT) ? null : 'this browser has no relaxed SIMD');

const isolated = () => (globalThis.crossOriginIsolated ? null : 'the page is not cross-origin isolated');

const cores = () => navigator.hardwareConcurrency || 1;

const several = () => (cores() > 1 ? null : 'this machine has one core');

/** @type {Build[]} */
export const BUILDS = [
  {
    name: 'threads',
    means: 'relaxed SIMD, several threads',
    missing: () => relaxed() ?? isolated() ?? several(),
    threads: () => threadsFor(cores()),
    importPackage: async () => /** @type {any} */ (await import('../pkg/threads/tokenscope.js')),
    url: new URL('../pkg/threads/tokenscope_bg.wasm', import.meta.url),
  },
  {
    name: 'fast',
    means: 'relaxed SIMD, one thread',
    missing: relaxed,
    threads: () => 1,
    importPackage: async () => /** @type {any} */ (await import('../pkg/fast/tokenscope.js')),
    url: new URL('../pkg/fast/tokenscope_bg.wasm', import.meta.url),
  },
  {
    name: 'baseline',
    means: 'SIMD, one thread',
    missing: () => null,
    threads: () => 1,
    importPackage: async () => /** @type {any} */ (await import('../pkg/baseline/tokenscope.js')),
    url: new URL('../pkg/baseline/tokenscope_bg.wasm', import.meta.url),
  },
];

/**
 * The builds to try, in order, each with what stood in the way of better ones.
 * @param {VariantName | 'auto'} wanted
 * @returns {{ build: Build, variant: Variant }[]}
 */
export function candidates(wanted) {
  /** @type {Set<string>} */
  const obstacles = new Set();
  const found = [];
  for (const build of BUILDS) {
    const chosen = wanted === build.name;
    if (wanted !== 'auto' && !chosen) continue;
    const missing = build.missing();
    // A build that was asked for by name is tried in any case: its own error says most.
    if (missing && !chosen) obstacles.add(missing);
    else found.push({ build, variant: variantOf(build, chosen ? 'asked for' : [...obstacles].join('; ') || 'the fastest') });
  }
  return found;
}

/** @param {Build} build @param {string} reason @returns {Variant} */
export function variantOf({ name, means, threads }, reason) {
  const count = threads();
  return { name, means: means.replace('several', String(count)), threads: count, reason };
}
