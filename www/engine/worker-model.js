// Loads a model: bytes in, engine out; kept on the way if that is wanted.

/** @import { LoadCall, Results } from './protocol.js' */
/** @import { LoadProgress, Wasm, WasmEngine } from './types.js' */
/** @import { Origin } from './worker-origin.js' */

import { TokenscopeError, throwIfAborted } from './errors.js';
import { Meter } from './progress.js';
import { deleteModel } from './storage.js';
import { Keeper } from './worker-keeper.js';
import { originsOf } from './worker-origin.js';
import { breathe } from './worker-queue.js';
import { Trap, guard, startWasm } from './worker-wasm.js';

/** Longest time, in milliseconds, without looking at messages. */
const PATIENCE = 8;

/**
 * @param {LoadCall} call
 * @param {AbortSignal} signal
 * @param {(progress: LoadProgress) => void} report
 * @returns {Promise<{ engine: WasmEngine, answer: Results['load'] }>}
 */
export async function loadModel({ source, keep, variant: wanted }, signal, report) {
  const meter = new Meter(report);
  meter.update('start', 0, null, false);
  const { wasm, variant } = await startWasm(wanted, signal);
  for await (const origin of originsOf(source, signal)) {
    try {
      const { engine, answer } = await loadFrom(origin, wasm, keep, signal, meter);
      return { engine, answer: { ...answer, variant } };
    } catch (error) {
      if (!origin.fromStorage || signal.aborted || !isDamage(error)) throw error;
      // What was kept is no longer whole: forget it, and fetch it anew where that is possible.
      await deleteModel(/** @type {string} */ (origin.id)).catch(() => {});
      if (source.kind === 'stored') throw error;
    }
  }
  throw new TokenscopeError('internal', 'The model comes from nowhere.');
}

/**
 * Whether a file that was good when it was kept has changed or cannot be read.
 * @param {unknown} error
 */
function isDamage(error) {
  if (error instanceof DOMException) return true;
  const code = error instanceof Trap ? undefined : /** @type {any} */ (error).code;
  return code === 'not-gguf' || code === 'truncated' || code === 'corrupt';
}

/**
 * @param {Origin} origin
 * @param {Wasm} wasm
 * @param {boolean} keep
 * @param {AbortSignal} signal
 * @param {Meter} meter
 * @returns {Promise<{ engine: WasmEngine, answer: Omit<Results['load'], 'variant'> }>}
 */
async function loadFrom(origin, wasm, keep, signal, meter) {
  const keeper = new Keeper(origin, keep);
  try {
    const { engine, bytes } = await build(origin, wasm, keeper, signal, meter);
    const info = guard(() => engine.info());
    await keeper.commit(info);
    throwIfAborted(signal);
    meter.update('build', bytes, bytes, origin.fromStorage);
    const { name, url, fromStorage } = origin;
    return { engine, answer: { info, model: { name, bytes, url, fromStorage, ...keeper.outcome } } };
  } finally {
    await keeper.abandon();
  }
}

/**
 * @param {Origin} origin
 * @param {Wasm} wasm
 * @param {Keeper} keeper
 * @param {AbortSignal} signal
 * @param {Meter} meter
 */
async function build(origin, wasm, keeper, signal, meter) {
  const loader = guard(() => new wasm.Loader(origin.certain && origin.bytes !== null ? origin.bytes : undefined));
  let bytes = 0;
  let rested = performance.now();
  try {
    for await (const chunk of origin.chunks) {
      throwIfAborted(signal);
      guard(() => loader.push(chunk));
      bytes += chunk.length;
      const total = guard(() => loader.total()) ?? origin.bytes;
      await keeper.write(chunk);
      meter.update(origin.phase, bytes, total, origin.fromStorage);
      if (performance.now() - rested > PATIENCE) {
        await breathe();
        rested = performance.now();
      }
    }
    throwIfAborted(signal);
    meter.update('build', 0, bytes, origin.fromStorage);
    return { engine: guard(() => loader.finish()), bytes };
  } catch (error) {
    throw origin.html && /** @type {any} */ (error).code === 'not-gguf' ? webPage(origin) : error;
  }
}

/** @param {Origin} origin */
const webPage = ({ url }) =>
  new TokenscopeError('not-gguf', `${url} answered with a web page, not with a model: use the address of the GGUF file itself.`);
