// The engine's wasm: started once in a worker's life, and never used again after it broke.

/** @import { Wasm } from './types.js' */

import { TokenscopeError, throwIfAborted } from './errors.js';

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

/** @param {AbortSignal} signal @returns {Promise<Wasm>} */
export async function startWasm(signal) {
  const [wasm, compiled] = await Promise.all([importPackage(), compile(signal)]);
  throwIfAborted(signal);
  await wasm.default({ module_or_path: compiled });
  return wasm;
}

/** @returns {Promise<Wasm>} */
async function importPackage() {
  try {
    return /** @type {any} */ (await import('../pkg/tokenscope.js'));
  } catch (cause) {
    throw new TokenscopeError('network', 'The engine could not be loaded: pkg/tokenscope.js is missing on the server or unreachable.', { cause });
  }
}

/** @param {AbortSignal} signal */
async function compile(signal) {
  const response = await fetchWasm(signal);
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

/** @param {AbortSignal} signal */
async function fetchWasm(signal) {
  const url = new URL('../pkg/tokenscope_bg.wasm', import.meta.url);
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
