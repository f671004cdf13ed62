// Sessions in the worker: each is the wasm's own, under the number that the client gave it.

/** @import { BranchCall, DivergenceCall, ForceCall, IntervalsCall, LikelihoodCall, ReplayCall, Results, SessionCall, StepCall, ViewCall } from './protocol.js' */
/** @import { Intervals, Json, Likelihood, PromptProgress, SomeKnobs, Step, WasmEngine, WasmSession } from './types.js' */

import { TokenscopeError, throwIfAborted } from './errors.js';
import { LEAST_PIECE, pieceAfter } from './worker-pace.js';
import { breathe } from './worker-queue.js';
import { Trap, guard } from './worker-wasm.js';

/** Tokens that are read again before messages are looked at. */
const OUTPUT_CHUNK = 8;
/** Tokens whose probability is computed before messages are looked at. */
const SCORE_CHUNK = 4;
/** Steps that are replayed before messages are looked at. */
const REPLAY_CHUNK = 4;
/** Rows of the table of knobs whose intervals are found before messages are looked at. */
const INTERVALS_CHUNK = 2;
/** Tokens whose probabilities under knobs are looked up at a time. */
const LIKELIHOOD_CHUNK = 4;

/** @type {Map<number, WasmSession>} */
const sessions = new Map();

/** @param {number} key @returns {WasmSession} */
function find(key) {
  const session = sessions.get(key);
  if (session) return session;
  throw new TokenscopeError('bad-state', 'This session is closed.');
}

/**
 * @param {WasmEngine} engine
 * @param {SessionCall} call
 * @param {AbortSignal} signal
 * @param {(progress: PromptProgress) => void} report
 * @returns {Promise<Results['session']>}
 */
export async function openSession(engine, { session: key, spec, ids }, signal, report) {
  const session = guard(() => engine.session(spec));
  try {
    await readPrompt(session, hasFixedPieces(engine), signal, report);
    await restoreOutput(session, ids, signal);
    const opened = guard(() => ({ promptLength: session.promptLength, text: session.text() }));
    sessions.set(key, session);
    return opened;
  } catch (error) {
    if (!(error instanceof Trap)) session.free();
    throw error;
  }
}

/**
 * Whether a prompt is read in pieces of one size. What our own engine makes of it does not depend on them; that of
 * another might, and then on the machine's speed.
 * @param {WasmEngine} engine
 */
const hasFixedPieces = (engine) => guard(() => engine.info().engine) !== 'tokenscope';

/** @param {WasmSession} session @param {boolean} fixed @param {AbortSignal} signal @param {(progress: PromptProgress) => void} report */
async function readPrompt(session, fixed, signal, report) {
  let piece = LEAST_PIECE;
  for (;;) {
    const start = performance.now();
    const { done, total } = guard(() => session.prefill(piece));
    if (!fixed) piece = pieceAfter(piece, performance.now() - start);
    report({ phase: 'prompt', done, total });
    if (done >= total) return;
    await breathe();
    throwIfAborted(signal);
  }
}

/** @param {WasmSession} session @param {number[]} ids @param {AbortSignal} signal */
async function restoreOutput(session, ids, signal) {
  for (let at = 0; at < ids.length; at += OUTPUT_CHUNK) {
    await breathe();
    throwIfAborted(signal);
    guard(() => session.force(Uint32Array.from(ids.slice(at, at + OUTPUT_CHUNK))));
  }
}

/** @param {StepCall} call */
export const step = ({ session, knobs, top }) => using(session, (it) => it.step(knobs, top));

/** @param {number} key  of a session that may be closed by now */
export function readAhead(key) {
  const session = sessions.get(key);
  if (session) guard(() => session.readAhead());
}

/** @param {ViewCall} call */
export const view = ({ session, position, knobs, top }) => using(session, (it) => it.view(position, knobs, top));

/** @param {ForceCall} call */
export const force = ({ session, ids }) =>
  using(session, (it) => {
    it.force(Uint32Array.from(ids));
    return { text: it.text() };
  });

/** @param {BranchCall} call */
export function branch({ session, from, position, token }) {
  const made = using(from, (it) => it.branch(position, token));
  sessions.set(session, made);
  return guard(() => ({ promptLength: made.promptLength, text: made.text() }));
}

/** @param {LikelihoodCall} call @param {AbortSignal} signal @returns {Promise<Likelihood>} */
export async function likelihood({ session, knobs }, signal) {
  /** @type {Likelihood['tokens']} */
  const tokens = [];
  for (;;) {
    const part = using(session, (it) => it.tokenLikelihoods(knobs, tokens.length, tokens.length + LIKELIHOOD_CHUNK));
    tokens.push(...part);
    if (part.length < LIKELIHOOD_CHUNK) return inAll(tokens);
    await breathe();
    throwIfAborted(signal);
  }
}

/** @param {Likelihood['tokens']} tokens @returns {Likelihood} */
function inAll(tokens) {
  const raw = tokens.reduce((sum, token) => sum + token.raw, 0);
  const warped = tokens.reduce((/** @type {number | null} */ sum, token) => (sum === null || token.warped === null ? null : sum + token.warped), 0);
  return { tokens, raw, warped, perplexity: tokens.length > 0 ? Math.exp(-raw / tokens.length) : null };
}

/** @param {DivergenceCall} call */
export const divergence = ({ session, position, a, b }) => using(session, (it) => it.divergence(position, a, b));

/** @param {IntervalsCall} call @param {AbortSignal} signal @returns {Promise<Intervals>} */
export async function intervals({ session, position, knobs }, signal) {
  if (position !== null) return intervalsAt(session, position, knobs, signal);
  /** @type {Intervals | null} */
  let all = null;
  const { start, end } = using(session, (it) => ({ start: it.promptLength, end: it.promptLength + it.output().length }));
  for (let at = start; at < end; at++) all = intersection(all, await intervalsAt(session, at, knobs, signal));
  return all ?? {};
}

/**
 * One position's, in pieces: a knob under a finger must not wait for them.
 * @param {number} session @param {number} position @param {SomeKnobs} knobs @param {AbortSignal} signal
 */
async function intervalsAt(session, position, knobs, signal) {
  /** @type {Intervals} */
  const found = {};
  for (let from = 0; ; from += INTERVALS_CHUNK) {
    const part = using(session, (it) => it.intervalsPart(position, knobs, from, from + INTERVALS_CHUNK));
    Object.assign(found, part.intervals);
    await breathe();
    throwIfAborted(signal);
    if (part.last) return found;
  }
}

/** Where both hold; one without any knob says nothing. @param {Intervals | null} a @param {Intervals} b @returns {Intervals | null} */
function intersection(a, b) {
  if (a === null || Object.keys(b).length === 0) return Object.keys(b).length === 0 ? a : b;
  const both = Object.entries(a).map(([key, [low, high]]) => {
    const [otherLow, otherHigh] = b[/** @type {keyof Intervals} */ (key)] ?? [low, high];
    return [key, [Math.max(low, otherLow), Math.min(high, otherHigh)]];
  });
  return Object.fromEntries(both);
}

/**
 * In pieces, so that a view never waits for a whole replay. The client lets nobody else write meanwhile.
 * @param {ReplayCall} call
 * @returns {Promise<Results['replay']>}
 */
export async function replay({ session, knobs, top }) {
  /** @type {Json<Step[]>[]} */
  const steps = [];
  for (let from = 0; ; from += REPLAY_CHUNK) {
    const part = using(session, (it) => it.replayPart(knobs, top, from, from + REPLAY_CHUNK));
    steps.push(part.steps);
    if (part.last) {
      const { ids, text } = using(session, (it) => ({ ids: [...it.output()], text: it.text() }));
      return { flip: part.flip, steps, ids, text };
    }
    await breathe();
  }
}

/**
 * The tokens' probabilities take time, so others are served between the pieces of that work.
 * @param {number} session
 * @param {AbortSignal} signal
 */
export async function tokens(session, signal) {
  for (;;) {
    const { done, total } = using(session, (it) => it.score(SCORE_CHUNK));
    if (done >= total) return using(session, (it) => it.tokens());
    await breathe();
    throwIfAborted(signal);
  }
}

/** @param {number} session */
export const memory = (session) => using(session, (it) => it.memory());

/** @param {number} key  may be unknown: a session whose making was given up has none */
export function closeSession(key) {
  const session = sessions.get(key);
  sessions.delete(key);
  if (session) guard(() => session.free());
}

/** @template T @param {number} key @param {(session: WasmSession) => T} call @returns {T} */
export function using(key, call) {
  const session = find(key);
  return guard(() => call(session));
}
