// Several users on one page, one engine: one worker and one copy of the weights.

/** @import { LoadOptions, LoadProgress, ModelDetail } from './types.js' */

import { Engine } from './client.js';
import { unlessAborted } from './errors.js';
import { resolveSource, sourceKey } from './models.js';

/**
 * @typedef {object} Share
 * @property {string} key
 * @property {Engine} engine
 * @property {Promise<unknown>} loaded
 * @property {number} users
 */

/** By what is loaded. @type {Map<string, Share>} */
const shares = new Map();

/**
 * An engine with this model that other users on the page may have too. The load goes on as long as
 * anybody waits for it: a signal gives up one user's place only. The engine is closed when the last
 * user has called `release`; until then nobody should call its `close`. A user that loads another
 * model into it (`engine.loadModel`) does so for all; the others hear of it by its 'model' event.
 *
 * `keep` counts for the first user alone.
 * @param {LoadOptions} [options]
 * @returns {Promise<{ engine: Engine, release: () => void }>}
 */
export async function sharedEngine({ signal, onProgress, ...what } = {}) {
  const source = resolveSource(what);
  const key = sourceKey(source);
  const share = usable(shares.get(key)) ?? begin(key, what);
  const tell = (/** @type {Event} */ event) => onProgress?.(/** @type {CustomEvent<LoadProgress>} */ (event).detail);
  const release = join(share);
  share.engine.addEventListener('progress', tell);
  try {
    await unlessAborted(share.loaded, signal);
    return { engine: share.engine, release };
  } catch (error) {
    release();
    throw error;
  } finally {
    share.engine.removeEventListener('progress', tell);
  }
}

/** @param {Share} [share] */
const usable = (share) => (share && share.engine.status !== 'closed' && share.engine.status !== 'failed' ? share : null);

/** @param {string} key @param {LoadOptions} what @returns {Share} */
function begin(key, what) {
  const engine = new Engine();
  const loaded = engine.loadModel(what);
  loaded.catch(() => {});
  const share = { key, engine, loaded, users: 0 };
  shares.set(key, share);
  engine.addEventListener('model', (event) => move(share, /** @type {CustomEvent<ModelDetail>} */ (event).detail.key));
  return share;
}

/** @param {Share} share @returns {() => void} leaves again, once */
function join(share) {
  share.users++;
  let gone = false;
  return () => {
    if (gone) return;
    gone = true;
    if (--share.users > 0) return;
    forget(share);
    share.engine.close();
  };
}

/** Another model was loaded into it, so it is found under that one. @param {Share} share @param {string} key */
function move(share, key) {
  forget(share);
  share.key = key;
  if (!usable(shares.get(key))) shares.set(key, share);
}

/** @param {Share} share */
function forget(share) {
  if (shares.get(share.key) === share) shares.delete(share.key);
}
