// The one error that callers see, and how it crosses between page and worker.

/** @import { FlatError } from './protocol.js' */

/**
 * What went wrong, as a stable name. Besides these, every code of the engine itself
 * ('not-gguf', 'knob-out-of-range', …) arrives unchanged.
 *
 * - `aborted`: the caller's AbortSignal, a close, or a newer load ended it
 * - `worker-died`: the engine stopped; it is started again unless that keeps happening
 * - `network`: the server could not be reached, broke off, or refused
 * - `not-found`: there is nothing at that address or under that name
 * - `storage`: this browser's storage refused
 * - `busy`: another call is writing this session's text
 * - `bad-argument`, `bad-state`, `unsupported-feature`, `internal`: as in the engine
 * @typedef {'aborted'|'worker-died'|'network'|'not-found'|'storage'|'busy'|'bad-argument'|'bad-state'|'unsupported-feature'|'internal'|(string & {})} ErrorCode
 */

/** An error with a stable code; an abort has the name 'AbortError', as everywhere on the web. */
export class TokenscopeError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message  what happened, and what to do
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = code === 'aborted' ? 'AbortError' : 'TokenscopeError';
    /** @type {ErrorCode} */
    this.code = code;
  }
}

/** @param {unknown} error @returns {FlatError} what of an error survives the crossing */
export function flatten(error) {
  const { name = 'Error', message = String(error), code } = /** @type {any} */ (error ?? {});
  if (name === 'AbortError') return { name, code: 'aborted', message };
  return { name, code: typeof code === 'string' ? code : 'internal', message };
}

/** @param {FlatError} flat */
export const rebuild = ({ code, message }) => new TokenscopeError(code, message);

/** @param {AbortSignal} [signal] @returns {TokenscopeError} the error of a call that was given up */
export function aborted(signal) {
  const cause = signal?.reason;
  return cause instanceof TokenscopeError ? cause : new TokenscopeError('aborted', 'The call was aborted.', { cause });
}

/** @param {AbortSignal} [signal] */
export function throwIfAborted(signal) {
  if (signal?.aborted) throw aborted(signal);
}

/**
 * Waits for work that goes on if this caller gives up.
 * @template T
 * @param {Promise<T>} work
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export function unlessAborted(work, signal) {
  if (!signal) return work;
  if (signal.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(aborted(signal));
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
