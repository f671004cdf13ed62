// One worker, from its start to its end: calls and their answers, and how its death is noticed.

/** @import { Call, FromWorker, Results, ToWorker } from './protocol.js' */
/** @import { LoadProgress, PromptProgress } from './types.js' */

import { watchLock, watchSilence } from './death-watch.js';
import { TokenscopeError, aborted, rebuild } from './errors.js';

/** Milliseconds in which a worker must have started, and in which one that is retired may tidy up. */
const START_LIMIT = 60_000;
const TIDY_LIMIT = 2000;

/**
 * @typedef {object} CallSettings
 * @property {AbortSignal} [signal]
 * @property {boolean} [patient]  after an abort, wait for the worker's word: what it has begun is
 *   done and counts, so nothing is lost. Otherwise the call ends at once.
 * @property {(progress: any) => void} [onProgress]
 */

/**
 * @typedef {object} Pending
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {(progress: LoadProgress | PromptProgress) => void} [onProgress]
 */

export class Connection {
  #worker;
  #onDeath;
  #pings;
  #lock = navigator.locks ? `tokenscope-worker-${crypto.randomUUID()}` : null;
  #next = 1;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  /** Calls given up whose answer has not come yet. @type {Set<number>} */
  #givenUp = new Set();
  /** Why nothing can be called any more. @type {TokenscopeError | null} */
  #over = null;
  #retired = false;
  /** @type {(() => void)[]} */
  #cleanup = [];
  #heard = () => {};
  #startTimer;

  /**
   * @param {(error: TokenscopeError) => void} onDeath  called once, unless it is closed first
   * @param {{ interval?: number, patience?: number }} [pings]  see `watchSilence`
   */
  constructor(onDeath, pings) {
    this.#onDeath = onDeath;
    this.#pings = pings;
    this.#worker = startWorker();
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onmessageerror = () => this.#die('a message of the engine could not be read');
    this.#worker.onerror = (event) => this.#failed(event);
    this.#startTimer = setTimeout(() => this.#die('it did not start in time', 'network'), START_LIMIT);
    this.#cleanup.push(() => clearTimeout(this.#startTimer));
    this.#send({ type: 'hello', lock: this.#lock });
  }

  /** Whether it ended. */
  get over() {
    return this.#over !== null;
  }

  /**
   * @template {Call} C
   * @param {C} call
   * @param {CallSettings} [settings]
   * @returns {Promise<Results[C['type']]>}
   */
  call(call, { signal, patient = false, onProgress } = {}) {
    if (this.#over) return Promise.reject(this.#over);
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#send({ type: 'abort', id });
        if (patient) return;
        this.#givenUp.add(id);
        this.#pending.get(id)?.reject(aborted(signal));
      };
      const settle = (/** @type {(value: any) => void} */ how) => (/** @type {any} */ value) => {
        signal?.removeEventListener('abort', onAbort);
        this.#pending.delete(id);
        how(value);
      };
      this.#pending.set(id, { resolve: settle(resolve), reject: settle(reject), onProgress });
      signal?.addEventListener('abort', onAbort);
      this.#sendCall({ ...call, id });
    });
  }

  /** A session is no longer needed. @param {number} session */
  closeSession(session) {
    if (!this.#over) this.#send({ type: 'close', session });
  }

  /** A search is no longer needed. @param {number} search */
  closeSearch(search) {
    if (!this.#over) this.#send({ type: 'closeSearch', search });
  }

  /**
   * Ends the worker. Calls under way are rejected.
   * @param {TokenscopeError} [error]
   */
  close(error = new TokenscopeError('aborted', 'The engine was closed.')) {
    this.#end(error);
  }

  /** Ends the worker once it has tidied up what was given up, which it gets little time for. */
  retire() {
    if (this.#givenUp.size === 0) return this.close();
    this.#retired = true;
    const timer = setTimeout(() => this.close(), TIDY_LIMIT);
    this.#cleanup.push(() => clearTimeout(timer));
  }

  /** @param {FromWorker} message */
  #receive(message) {
    if (this.#over) return;
    this.#heard();
    switch (message.type) {
      case 'ready':
        return this.#watch(message.locked);
      case 'pong':
        return;
      case 'progress':
        return this.#pending.get(message.id)?.onProgress?.(message.progress);
      case 'fatal':
        return this.#die(message.error.message);
      case 'result':
        this.#pending.get(message.id)?.resolve(message.value);
        return this.#answered(message.id);
      case 'error':
        this.#pending.get(message.id)?.reject(rebuild(message.error));
        return this.#answered(message.id);
    }
  }

  /** @param {number} id */
  #answered(id) {
    this.#givenUp.delete(id);
    if (this.#retired && this.#givenUp.size === 0) this.close();
  }

  /** The worker runs: from now on its silent death is noticed. @param {boolean} locked */
  #watch(locked) {
    clearTimeout(this.#startTimer);
    const gone = () => this.#die('it was ended from outside');
    if (locked && this.#lock) {
      this.#cleanup.push(watchLock(this.#lock, gone));
      return;
    }
    const worker = { ping: () => this.#send({ type: 'ping' }), owes: () => this.#pending.size > 0 };
    const { heard, stop } = watchSilence(worker, gone, this.#pings);
    this.#heard = heard;
    this.#cleanup.push(stop);
  }

  /** @param {Event | ErrorEvent} event  without a message if the worker's own file is missing or refused */
  #failed(event) {
    const message = 'message' in event ? event.message : '';
    if (message) this.#die(message);
    else this.#die("its file could not be loaded: check that the server has it, and that the page's policy allows it (worker-src 'self')", 'network');
  }

  /** @param {string} reason @param {'worker-died' | 'network'} [code] */
  #die(reason, code = 'worker-died') {
    if (this.#over) return;
    const error = new TokenscopeError(code, `The engine stopped: ${reason}.`);
    this.#end(error);
    this.#onDeath(error);
  }

  /** @param {TokenscopeError} error */
  #end(error) {
    if (this.#over) return;
    this.#over = error;
    this.#worker.onmessage = this.#worker.onmessageerror = this.#worker.onerror = null;
    this.#worker.terminate();
    for (const clean of this.#cleanup) clean();
    for (const { reject } of [...this.#pending.values()]) reject(error);
  }

  /** @param {Call & { id: number }} call */
  #sendCall(call) {
    try {
      this.#send(call);
    } catch (cause) {
      const message = `The arguments of ${call.type} cannot be sent to the worker: use plain values.`;
      this.#pending.get(call.id)?.reject(new TokenscopeError('bad-argument', message, { cause }));
    }
  }

  /** @param {ToWorker} message */
  #send(message) {
    if (!this.#over) this.#worker.postMessage(message);
  }
}

function startWorker() {
  try {
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'tokenscope' });
  } catch (cause) {
    const own = new URL(import.meta.url).origin;
    const why = own === location.origin ? /** @type {Error} */ (cause).message : `browsers start workers from the page's own site only, and Tokenscope lies at ${own}: put its files on ${location.origin}`;
    throw new TokenscopeError('unsupported-feature', `The engine cannot start: ${why}.`, { cause });
  }
}
