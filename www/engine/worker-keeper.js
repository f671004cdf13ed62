// Keeps a model while it is being loaded. Trouble with the storage never stops the load: the model
// is then not kept, and the reason is told.

/** @import { Origin } from './worker-origin.js' */
/** @import { ModelInfo } from './types.js' */

import { StoredWriter } from './storage-files.js';

export class Keeper {
  #origin;
  /** @type {StoredWriter | null} */
  #writer = null;
  #kept = false;
  /** @type {string | null} */
  #reason = null;

  /** @param {Origin} origin @param {boolean} wanted */
  constructor(origin, wanted) {
    this.#origin = origin;
    if (origin.fromStorage) this.#kept = true;
    else if (!wanted) this.#reason = 'it was not asked for';
    else if (origin.id === null) this.#reason = 'this browser keeps no files for this page';
  }

  /** Whether the model is in the storage, and if not, why. */
  get outcome() {
    return { kept: this.#kept, reason: this.#reason, id: this.#kept ? this.#origin.id : null };
  }

  /** @param {Uint8Array} chunk */
  async write(chunk) {
    await this.#attempt(async () => {
      // Whether there is room is seen by writing: what browsers say of it beforehand is not to be relied on.
      this.#writer ??= await StoredWriter.open(/** @type {string} */ (this.#origin.id));
      this.#writer.write(chunk);
    });
  }

  /** The model is whole. @param {ModelInfo} info */
  async commit(info) {
    const { name, url, etag, id } = this.#origin;
    await this.#attempt(async () => {
      await this.#writer?.commit({ id: /** @type {string} */ (id), name, url, etag, model: info.name, architecture: info.architecture });
      this.#writer = null;
      this.#kept = true;
    });
  }

  /** The model is not to be kept after all. */
  async abandon() {
    const writer = this.#writer;
    this.#writer = null;
    await writer?.abandon();
  }

  /** @param {() => Promise<void>} work */
  async #attempt(work) {
    if (this.#kept || this.#reason !== null) return;
    try {
      await work();
    } catch (error) {
      this.#reason = explain(error);
      await this.abandon();
    }
  }
}

/** @param {unknown} error */
function explain(error) {
  const { name, message } = /** @type {Error} */ (error);
  return name === 'QuotaExceededError' ? "this browser's storage for the page is full" : message;
}
