// The engine of one controller: its loads, its deaths, and what is told of both.

/** @import { Engine } from '../engine/client.js' */
/** @import { LoadProgress, ModelSource, RestartDetail, StatusDetail } from '../engine/types.js' */

import { sharedEngine } from '../engine/shared.js';

/**
 * @typedef {object} Listener
 * @property {() => void} onChange            status, model or progress
 * @property {() => void} onOtherModel        sessions of the old one have ended
 * @property {(message: string, tone: 'error' | 'notice') => void} onNotice
 */

export class ModelKeeper {
  /** @type {Engine | null} */
  #engine = null;
  #release = () => {};
  #listener;
  /** @type {AbortController | null} */
  #loading = null;
  /** Of the load under way. @type {LoadProgress | null} */
  progress = null;
  /** Ends the listening to an engine. */
  #listening = new AbortController();

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  get engine() {
    return this.#engine;
  }

  get loading() {
    return this.#loading !== null;
  }

  /** @returns {'empty' | 'loading' | 'ready' | 'restarting' | 'failed'} */
  get status() {
    const status = this.#engine?.status ?? 'empty';
    if (status === 'ready' || status === 'restarting') return status;
    if (this.#loading) return 'loading';
    return status === 'failed' ? 'failed' : 'empty';
  }

  /** Loads a model; what goes wrong is told as a notice, and the model that was there stays. @param {ModelSource} model */
  async load(model) {
    this.cancel();
    const loading = (this.#loading = new AbortController());
    this.#report({ phase: 'start', loaded: 0, total: null, bytesPerSecond: 0, fromStorage: false });
    const options = { model, signal: loading.signal, onProgress: (/** @type {LoadProgress} */ progress) => this.#loading === loading && this.#report(progress) };
    try {
      if (this.#engine) await this.#engine.loadModel(options);
      else this.#adopt(await sharedEngine(options));
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      if (name !== 'AbortError') this.#listener.onNotice(message, 'error');
    } finally {
      if (this.#loading === loading) this.#loading = null;
      this.#report(null);
    }
  }

  cancel() {
    this.#loading?.abort();
    this.#loading = null;
  }

  /** Gives the engine back. */
  release() {
    this.cancel();
    this.#listening.abort();
    this.#listening = new AbortController();
    this.#engine = null;
    this.#release();
    this.#release = () => {};
  }

  /** @param {LoadProgress | null} progress */
  #report(progress) {
    this.progress = this.#loading ? progress : null;
    this.#listener.onChange();
  }

  /** @param {{ engine: Engine, release: () => void }} share */
  #adopt({ engine, release }) {
    this.#engine = engine;
    this.#release = release;
    const { signal } = this.#listening;
    engine.addEventListener('status', (event) => this.#statusChanged(/** @type {CustomEvent<StatusDetail>} */ (event).detail), { signal });
    engine.addEventListener('restart', (event) => this.#restarted(/** @type {CustomEvent<RestartDetail>} */ (event).detail), { signal });
    engine.addEventListener('model', () => this.#listener.onOtherModel(), { signal });
  }

  /** @param {StatusDetail} detail */
  #statusChanged({ error }) {
    if (error) this.#listener.onNotice(error.message, 'error');
    this.#listener.onChange();
  }

  /** @param {RestartDetail} detail */
  #restarted({ error, again }) {
    if (again) this.#listener.onNotice(`${error.message} It is being started again, and your text is kept.`, 'notice');
  }
}
