// A helper of the worker: it shares the engine's memory, and takes parts of each forward pass.

/** @import { HelperMessage, SharedWasm, WorkerScope } from './types.js' */

import { breathe } from './worker-queue.js';

const scope = /** @type {WorkerScope} */ (/** @type {unknown} */ (globalThis));

/** Bytes of the stack of a helper; kernels need little. */
const STACK = 1 << 18;

scope.onmessage = ({ data }) => start(/** @type {HelperMessage} */ (data));

/** @param {HelperMessage} message */
async function start({ module, memory, failureFlag }) {
  try {
    const wasm = /** @type {SharedWasm} */ (/** @type {any} */ (await import('../pkg/threads/tokenscope.js')));
    wasm.initSync({ module, memory, thread_stack_size: STACK });
    scope.postMessage('ready');
    // From here on it is called through the memory alone. Between two calls it can be ended at once; in one, a browser
    // waits two seconds first, and the memory lives as long.
    for (;;) {
      wasm.help();
      await breathe();
    }
  } catch (error) {
    // The worker may be waiting for this helper's part, and can hear of its end in no other way.
    Atomics.store(new Uint8Array(memory.buffer), failureFlag, 1);
    throw error;
  }
}
