// Searches in the worker: each is the wasm's own, under the number that the client gave it. Between
// two answers nothing is computed.

/** @import { SearchCall } from './protocol.js' */
/** @import { SearchReport, WasmSearch } from './types.js' */

import { TokenscopeError, throwIfAborted } from './errors.js';
import { breathe } from './worker-queue.js';
import { using } from './worker-sessions.js';
import { guard } from './worker-wasm.js';

/** Positions that are read before messages are looked at: one batch. */
const PIECE = 16;
/** Least milliseconds of work for one report, and how many times its own cost a report must be worth. */
const REPORT_EVERY = 80;
const WORTH = 4;

/** @type {Map<number, { wasm: WasmSearch, reportCost: number }>} */
const searches = new Map();

/** @param {SearchCall} call */
export function open({ session, search, kind, settings }) {
  searches.set(search, { wasm: using(session, (it) => it.search(kind, settings)), reportCost: 0 });
  return null;
}

/**
 * Works for a while and reports.
 * @param {number} key
 * @param {AbortSignal} signal
 * @returns {Promise<SearchReport>}
 */
export async function advance(key, signal) {
  const end = performance.now() + Math.max(REPORT_EVERY, WORTH * find(key).reportCost);
  for (;;) {
    const { wasm } = find(key);
    const outcome = guard(() => wasm.advance(PIECE));
    if (outcome !== null && typeof outcome === 'object') return outcome;
    if (outcome !== false || performance.now() >= end) return report(key);
    await breathe();
    throwIfAborted(signal);
  }
}

/** A long list takes time to hand over, so it is handed over less often. @param {number} key */
function report(key) {
  const search = find(key);
  const start = performance.now();
  const told = guard(() => search.wasm.report());
  search.reportCost = performance.now() - start;
  if (told) return told;
  throw new TokenscopeError('bad-state', 'This search is over.');
}

/** @param {number} key  may be unknown: one that was refused has none */
export function closeSearch(key) {
  const search = searches.get(key);
  searches.delete(key);
  if (search) guard(() => search.wasm.free());
}

/** @param {number} key */
function find(key) {
  const search = searches.get(key);
  if (search) return search;
  throw new TokenscopeError('bad-state', 'This search is closed.');
}
