// The worker: takes calls, answers each once. The weights and the wasm live here and nowhere else.

/** @import { Call, FromWorker, Results, ToWorker } from './protocol.js' */
/** @import { Json, LoadProgress, PromptProgress, WasmEngine, WorkerScope } from './types.js' */

import { TokenscopeError, aborted, flatten } from './errors.js';
import { loadModel } from './worker-model.js';
import { Queue } from './worker-queue.js';
import * as searches from './worker-searches.js';
import * as sessions from './worker-sessions.js';
import { Trap, guard } from './worker-wasm.js';

const scope = /** @type {WorkerScope} */ (/** @type {unknown} */ (globalThis));

/** Calls that change nothing and are soon done: they are served before the next token. */
const URGENT = new Set(['view', 'divergence', 'tokens', 'memory', 'tokenize']);

/** @type {WasmEngine | null} */
let engine = null;
/** After a trap the wasm is never touched again; the client ends this worker. */
let broken = false;
/** @type {Map<number, AbortController>} */
const running = new Map();
/** @type {Queue<Call & { id: number }>} */
const queue = new Queue(run);

scope.onmessage = ({ data }) => receive(/** @type {ToWorker} */ (data));

/** @param {ToWorker} message */
function receive(message) {
  switch (message.type) {
    case 'hello':
      return holdLock(message.lock);
    case 'ping':
      return send({ type: 'pong' });
    case 'abort':
      return abort(message.id);
    case 'close':
      return close(() => sessions.closeSession(message.session));
    case 'closeSearch':
      return close(() => searches.closeSearch(message.search));
    default:
      queue.add(message, URGENT.has(message.type));
  }
}

/**
 * Holds a lock for as long as this worker lives: when the client is granted it, the worker is gone.
 * @param {string | null} name
 */
function holdLock(name) {
  if (name === null || !navigator.locks) return send({ type: 'ready', locked: false });
  const forever = new Promise(() => {});
  const held = () => {
    send({ type: 'ready', locked: true });
    return forever;
  };
  navigator.locks.request(name, held).catch(() => send({ type: 'ready', locked: false }));
}

/** @param {number} id */
function abort(id) {
  if (queue.remove(id)) send({ type: 'error', id, error: flatten(aborted()) });
  else running.get(id)?.abort();
}

/** @param {() => void} give  gives memory back */
function close(give) {
  if (broken) return;
  try {
    give();
  } catch (error) {
    fail(0, error);
  }
}

/** @param {Call & { id: number }} call */
async function run(call) {
  if (broken) return;
  const { id } = call;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const value = await perform(call, controller.signal, (progress) => send({ type: 'progress', id, progress }));
    send({ type: 'result', id, value }, piecesOf(value));
    if (call.type === 'step' && queue.isEmpty) readAhead(call.session);
  } catch (error) {
    fail(id, error);
  } finally {
    running.delete(id);
  }
}

/** While the page shows a step, the model reads on: what the next one draws from is then there. @param {number} session */
function readAhead(session) {
  if (broken) return;
  try {
    sessions.readAhead(session);
  } catch (error) {
    // What is refused now the next step refuses, too, and tells.
    if (error instanceof Trap) fail(0, error);
  }
}

/** @param {number} id @param {unknown} error */
function fail(id, error) {
  if (broken) return;
  broken = error instanceof Trap;
  send({ type: broken ? 'fatal' : 'error', id, error: flatten(error) });
}

/**
 * @param {Call} call
 * @param {AbortSignal} signal
 * @param {(progress: LoadProgress | PromptProgress) => void} report
 * @returns {Results[keyof Results] | Promise<Results[keyof Results]>}
 */
function perform(call, signal, report) {
  switch (call.type) {
    case 'load':
      return load(call, signal, report);
    case 'tokenize':
      return guard(() => loaded().tokenize(call.text, { special: call.special }));
    case 'session':
      return sessions.openSession(loaded(), call, signal, report);
    case 'step':
      return sessions.step(call);
    case 'view':
      return sessions.view(call);
    case 'replay':
      return sessions.replay(call);
    case 'force':
      return sessions.force(call);
    case 'branch':
      return sessions.branch(call);
    case 'likelihood':
      return sessions.likelihood(call, signal);
    case 'divergence':
      return sessions.divergence(call);
    case 'intervals':
      return sessions.intervals(call, signal);
    case 'search':
      return searches.open(call);
    case 'advance':
      return searches.advance(call.search, signal);
    case 'tokens':
      return sessions.tokens(call.session, signal);
    case 'memory':
      return sessions.memory(call.session);
  }
}

/** @param {Extract<Call, { type: 'load' }>} call @param {AbortSignal} signal @param {(progress: LoadProgress) => void} report */
async function load(call, signal, report) {
  // Wasm memory never shrinks, so each model gets a worker of its own.
  if (engine) throw new TokenscopeError('bad-state', 'This worker has a model already.');
  const result = await loadModel(call, signal, report);
  engine = result.engine;
  return result.answer;
}

function loaded() {
  if (engine) return engine;
  throw new TokenscopeError('bad-state', 'No model is loaded.');
}

/** The JSON in an answer, which is handed over to the page instead of copied. @param {any} value @returns {ArrayBuffer[]} */
function piecesOf(value) {
  const pieces = Array.isArray(value?.steps) ? value.steps : [value];
  return pieces.filter((/** @type {unknown} */ piece) => piece instanceof Uint8Array).map((/** @type {Json<unknown>} */ { buffer }) => buffer);
}

/** @param {FromWorker} message @param {ArrayBuffer[]} [transfer] */
function send(message, transfer = []) {
  scope.postMessage(message, transfer);
}
