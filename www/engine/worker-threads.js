// Helpers: further workers that share the engine's memory. They end with the worker that started them.

/** @import { HelperMessage, SharedWasm } from './types.js' */

import { TokenscopeError } from './errors.js';

/** More do not pay: memory is what they wait for. */
const MOST = 8;

/** Milliseconds in which a helper must have started. */
const START_LIMIT = 10_000;

/**
 * How many threads share the work. Processors of four and more threads mostly run two on a core,
 * which has one set of multipliers, and the page wants to be drawn, too.
 * @param {number} cores  as browsers count them
 */
export const threadsFor = (cores) => Math.min(MOST, Math.max(Math.min(cores, 2), Math.floor(cores / 2)));

/**
 * Starts helpers until `threads` threads share the work of a started engine, or fails and leaves none.
 * @param {{ wasm: SharedWasm, module: WebAssembly.Module, memory: WebAssembly.Memory }} engine
 * @param {number} threads
 */
export async function startHelpers({ wasm, module, memory }, threads) {
  /** @type {Worker[]} */
  const helpers = [];
  /** @type {HelperMessage} */
  const message = { module, memory, failureFlag: wasm.failureFlag() };
  try {
    for (let i = 1; i < threads; i++) helpers.push(new Worker(new URL('./worker-helper.js', import.meta.url), { type: 'module', name: 'tokenscope-helper' }));
    await Promise.all(helpers.map((helper) => ready(helper, message)));
  } catch (error) {
    for (const helper of helpers) helper.terminate();
    throw error;
  }
}

/** @param {Worker} helper @param {HelperMessage} message */
function ready(helper, message) {
  return new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => reject(new TokenscopeError('unsupported-feature', `a thread did not start: ${why}`));
    const timer = setTimeout(() => fail('it took too long'), START_LIMIT);
    helper.onmessage = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
    helper.onerror = (event) => fail(event.message ?? 'its file could not be loaded');
    helper.postMessage(message);
  });
}
