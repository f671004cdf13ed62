// The engine's wasm: started once in a worker's life, and never used again after it broke.

/** @import { SharedWasm, Variant, VariantName, Wasm } from './types.js' */
/** @import { Build } from './worker-variants.js' */

import { TokenscopeError, throwIfAborted } from './errors.js';
import { startHelpers } from './worker-threads.js';
import { candidates, variantOf } from './worker-variants.js';

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** The engine broke off in the middle of a call: its memory can no longer be trusted. */
export class Trap extends Error {}

/**
 * Calls into the wasm. What it refuses has a code; anything else it throws is a trap.
 * @template T
 * @param {() => T} call
 * @returns {T}
 */
export function guard(call) {
  try {
    return call();
  } catch (error) {
    if (typeof (/** @type {any} */ (error)?.code) === 'string') throw error;
    throw new Trap(/** @type {any} */ (error)?.message ?? String(error), { cause: error });
  }
}

/**
 * Starts the best build that this browser can run. One that fails to arrive, compile or start gives
 * way to the next, and the error of the last is thrown.
 * @param {VariantName | 'auto'} wanted
 * @param {AbortSignal} signal
 * @returns {Promise<{ wasm: Wasm, variant: Variant }>}
 */
export async function startWasm(wanted, signal) {
  let failure = null;
  for (const { build, variant } of candidates(wanted)) {
    try {
      const wasm = await startBuild(build, signal);
      return { wasm, variant: failure ? variantOf(build, failure.message) : variant };
    } catch (error) {
      throwIfAborted(signal);
      failure = /** @type {Error} */ (error);
    }
  }
  throw failure ?? new TokenscopeError('bad-argument', `There is no variant '${wanted}'.`);
}

/** @param {Build} build @param {AbortSignal} signal @returns {Promise<Wasm>} */
async function startBuild(build, signal) {
  const [wasm, module] = await Promise.all([importPackage(build), compile(build.url, signal)]);
  throwIfAborted(signal);
  const { memory } = await wasm.default({ module_or_path: module });
  const threads = build.threads();
  if (threads > 1) await startHelpers({ wasm: /** @type {SharedWasm} */ (wasm), module, memory }, threads);
  return wasm;
}

/** @param {Build} build @returns {Promise<Wasm>} */
async function importPackage({ name, importPackage }) {
  try {
    return await importPackage();
  } catch (cause) {
    throw new TokenscopeError('network', `The engine could not be loaded: pkg/${name}/tokenscope.js is missing on the server or unreachable.`, { cause });
  }
}

/** @param {URL} url @param {AbortSignal} signal */
async function compile(url, signal) {
  const response = await fetchWasm(url, signal);
  try {
    if (/^application\/wasm\b/i.test(response.headers.get('Content-Type') ?? '')) {
      return await WebAssembly.compileStreaming(response);
    }
    return await WebAssembly.compile(await wasmBytes(response));
  } catch (cause) {
    throwIfAborted(signal);
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    throw new TokenscopeError('unsupported-feature', `This browser cannot run the engine (it needs WebAssembly with SIMD): ${cause.message}`, { cause });
  }
}

/** @param {URL} url @param {AbortSignal} signal */
async function fetchWasm(url, signal) {
  let status;
  try {
    const response = await fetch(url, { signal });
    if (response.ok) return response;
    status = `the server answered ${response.status}`;
  } catch (error) {
    throwIfAborted(signal);
    status = /** @type {Error} */ (error).message;
  }
  throw new TokenscopeError('network', `The engine could not be loaded from ${url}: ${status}.`);
}

/** For servers that do not know the type of a .wasm file. @param {Response} response */
async function wasmBytes(response) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (MAGIC.every((byte, i) => bytes[i] === byte)) return bytes;
  throw new TokenscopeError('network', `The engine could not be loaded: ${response.url} is not WebAssembly.`);
}
