// The engine as callers see it: a model that stays available, whatever happens to its worker.

/** @import { Source } from './protocol.js' */
/** @import { CallOptions, EngineStatus, LoadOptions, LoadProgress, LoadedModel, ModelInfo, SessionOptions, TokenInfo, Variant, VariantName } from './types.js' */

import { checkVariant } from './arguments.js';
import { Connection } from './connection.js';
import { TokenscopeError, throwIfAborted, unlessAborted } from './errors.js';
import { resolveSource, sourceKey } from './models.js';
import { Session } from './session.js';

/** So many deaths within so many milliseconds, and nothing is started again. */
const DEATHS = 3;
const DEATHS_WITHIN = 30_000;

/**
 * Loads a model in a worker of its own.
 * @param {LoadOptions} [options]
 * @returns {Promise<Engine>}
 */
export async function load(options = {}) {
  const engine = new Engine();
  try {
    await engine.loadModel(options);
    return engine;
  } catch (error) {
    engine.close();
    throw error;
  }
}

/**
 * @typedef {{ source: Source, keep: boolean, variant: VariantName | 'auto' }} Wanted  what to load again after a death
 * @typedef {{ connection: Connection, info: ModelInfo, model: LoadedModel, variant: Variant }} Opened
 */

/**
 * One model in one worker. When the worker dies, every call under way is rejected with
 * 'worker-died', a new worker loads the model again, and sessions go on with their text.
 *
 * Events (each a CustomEvent):
 * - `status`: {@link import('./types.js').StatusDetail}, whenever `status` changes
 * - `restart`: {@link import('./types.js').RestartDetail}, after a death
 * - `model`: {@link import('./types.js').ModelDetail}, when another model has taken the place of the old
 * - `progress`: {@link LoadProgress}, of every load, a restart's included
 */
export class Engine extends EventTarget {
  /** @type {EngineStatus} */
  #status = 'empty';
  /** @type {Connection | null} */
  #connection = null;
  /** @type {ModelInfo | null} */
  #info = null;
  /** @type {LoadedModel | null} */
  #model = null;
  /** @type {Variant | null} */
  #variant = null;
  /** @type {Wanted | null} */
  #wanted = null;
  /** Counts models, so that a session knows whether its own is still there. */
  #generation = 0;
  /** @type {AbortController | null} */
  #loading = null;
  /** The restart under way; `done` is never rejected. @type {{ abort: AbortController, done: Promise<void> } | null} */
  #restarting = null;
  /** @type {TokenscopeError | null} */
  #failure = null;
  /** Times of deaths. @type {number[]} */
  #deaths = [];

  /** Whether it can be used: 'empty', 'ready', 'restarting', 'failed' or 'closed'. */
  get status() {
    return this.#status;
  }

  /** The model. @returns {ModelInfo} */
  get info() {
    if (this.#info) return this.#info;
    throw new TokenscopeError('bad-state', 'No model is loaded.');
  }

  /** The file that the model came from, and whether it is kept. @returns {LoadedModel} */
  get model() {
    if (this.#model) return this.#model;
    throw new TokenscopeError('bad-state', 'No model is loaded.');
  }

  /** The build of the engine that runs, and why this one. @returns {Variant} */
  get variant() {
    if (this.#variant) return this.#variant;
    throw new TokenscopeError('bad-state', 'No model is loaded.');
  }

  /**
   * Loads another model. Until it is whole the present one stays in use, and stays for good if the
   * new one is broken or the load is aborted. Sessions belong to their model and end with it. A load
   * that is still under way is aborted.
   * @param {LoadOptions} [options]
   * @returns {Promise<ModelInfo>}
   */
  async loadModel({ signal, onProgress, keep = true, variant = 'auto', ...where } = {}) {
    this.#checkOpen();
    const wanted = { source: resolveSource(where), keep, variant: checkVariant(variant) };
    throwIfAborted(signal);
    this.#loading?.abort(new TokenscopeError('aborted', 'Another load took the place of this one.'));
    const loading = (this.#loading = new AbortController());
    const either = signal ? AbortSignal.any([signal, loading.signal]) : loading.signal;
    try {
      return await this.#open(wanted, either, (opened) => this.#adopt(opened, wanted), onProgress);
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
  }

  /**
   * Reads a prompt, so that the model can go on from it.
   * @param {SessionOptions} options
   * @returns {Promise<Session>}
   */
  async session(options) {
    this.#checkOpen();
    const generation = this.#generation;
    const host = { check: () => this.#checkOpen(), connect: (/** @type {AbortSignal | undefined} */ signal) => this.#connect(generation, signal) };
    return Session.open(host, options ?? {});
  }

  /**
   * @param {string} text
   * @param {CallOptions & { special?: boolean }} [options]  special: add the tokens that begin a text, as a prompt has them
   * @returns {Promise<TokenInfo[]>}
   */
  async tokenize(text, { special = false, signal } = {}) {
    if (typeof text !== 'string') throw new TokenscopeError('bad-argument', 'The text must be a string.');
    this.#checkOpen();
    const connection = await this.#connect(this.#generation, signal);
    return connection.call({ type: 'tokenize', text, special }, { signal });
  }

  /** Ends the worker and everything that waits for it ('aborted'). Closing again does nothing. */
  close() {
    const error = new TokenscopeError('aborted', 'The engine was closed.');
    this.#loading?.abort(error);
    this.#restarting?.abort.abort(error);
    this.#connection?.close(error);
    this.#connection = null;
    this.#become('closed');
  }

  /** @param {number} generation @param {AbortSignal} [signal] @returns {Promise<Connection>} */
  async #connect(generation, signal) {
    throwIfAborted(signal);
    if (this.#restarting) await unlessAborted(this.#restarting.done, signal);
    if (this.#status === 'closed') throw new TokenscopeError('aborted', 'The engine was closed.');
    if (generation !== this.#generation) {
      throw new TokenscopeError('bad-state', 'Another model was loaded since: start a new session.');
    }
    if (this.#connection) return this.#connection;
    throw this.#failure ?? new TokenscopeError('bad-state', 'No model is loaded.');
  }

  /**
   * Loads a model in a new worker, and hands both over unless that was given up.
   * @param {Wanted} wanted
   * @param {AbortSignal} signal
   * @param {(opened: Opened) => void} use
   * @param {(progress: LoadProgress) => void} [onProgress]
   * @returns {Promise<ModelInfo>}
   */
  async #open(wanted, signal, use, onProgress) {
    const connection = new Connection((error) => this.#died(connection, error));
    const tell = (/** @type {LoadProgress} */ progress) => {
      onProgress?.(progress);
      this.#emit('progress', progress);
    };
    try {
      const loaded = await connection.call({ type: 'load', ...wanted }, { signal, onProgress: tell });
      // The last answer and the abort may have crossed.
      throwIfAborted(signal);
      use({ connection, ...loaded });
      return loaded.info;
    } catch (error) {
      connection.retire();
      throw error;
    }
  }

  /** @param {Opened} opened @param {Wanted} wanted */
  #adopt(opened, wanted) {
    const first = this.#generation++ === 0;
    this.#restarting?.abort.abort();
    this.#connection?.close(new TokenscopeError('aborted', 'Another model was loaded.'));
    this.#deaths = [];
    this.#wanted = wanted;
    this.#use(opened);
    const { info, model } = opened;
    if (!first) this.#emit('model', { info, model, key: sourceKey(wanted.source) });
  }

  /** @param {Opened} opened */
  #use({ connection, info, model, variant }) {
    this.#connection = connection;
    this.#info = info;
    this.#model = model;
    this.#variant = variant;
    this.#failure = null;
    this.#become('ready');
  }

  /** @param {Connection} connection @param {TokenscopeError} error */
  #died(connection, error) {
    // A worker that dies while it loads only ends that load.
    if (connection !== this.#connection) return;
    this.#connection = null;
    if (this.#countDeath(error)) this.#restart();
  }

  /** @param {TokenscopeError} error @returns {boolean} whether to start again */
  #countDeath(error) {
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((time) => now - time < DEATHS_WITHIN), now];
    const deaths = this.#deaths.length;
    const again = deaths < DEATHS;
    if (again) this.#become('restarting');
    else {
      const message = `The engine stopped ${deaths} times in a row and is not started again; load a model to try once more. ${error.message}`;
      this.#fail(new TokenscopeError('worker-died', message, { cause: error }));
    }
    this.#emit('restart', { error, deaths, again });
    return again;
  }

  #restart() {
    const abort = new AbortController();
    const done = this.#loadAgain(abort.signal);
    const restarting = (this.#restarting = { abort, done });
    void done.then(() => {
      if (this.#restarting === restarting) this.#restarting = null;
    });
  }

  /** @param {AbortSignal} signal */
  async #loadAgain(signal) {
    const wanted = /** @type {Wanted} */ (this.#wanted);
    for (let again = true; again; ) {
      try {
        await this.#open(wanted, signal, (opened) => this.#use(opened));
        return;
      } catch (error) {
        if (signal.aborted) return;
        const cause = /** @type {TokenscopeError} */ (error);
        if (cause.code === 'worker-died') again = this.#countDeath(cause);
        else return this.#fail(new TokenscopeError('worker-died', `The engine stopped and could not be started again. ${cause.message}`, { cause }));
      }
    }
  }

  /** @param {TokenscopeError} error */
  #fail(error) {
    this.#failure = error;
    this.#become('failed');
  }

  #checkOpen() {
    if (this.#status === 'closed') throw new TokenscopeError('bad-state', 'The engine is closed.');
  }

  /** @param {EngineStatus} status */
  #become(status) {
    if (status === this.#status) return;
    this.#status = status;
    this.#emit('status', { status, error: status === 'failed' ? this.#failure : null });
  }

  /** @param {string} type @param {unknown} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
