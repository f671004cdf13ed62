// A session: a prompt and the text that the model writes after it.

/** @import { Connection } from './connection.js' */
/** @import { SessionSpec } from './protocol.js' */
/** @import { BeamReport, BeamSettings, Divergence, EnumerateReport, EnumerateSettings, Intervals, Json, Likelihood, OutcomesReport, OutcomesSettings, SearchKind, SearchReport, SearchSettings } from './types.js' */
/** @import { CallOptions, PromptProgress, Replay, SessionMemory, SessionOptions, SomeKnobs, Step, TokenInfo, View, ViewOptions } from './types.js' */

import { checkCount, checkKnobs, checkPrompt } from './arguments.js';
import { TokenscopeError, throwIfAborted, unlessAborted } from './errors.js';

/**
 * What a session needs of its engine.
 * @typedef {object} Host
 * @property {() => void} check  throws if the engine is closed
 * @property {(signal?: AbortSignal) => Promise<Connection>} connect  the worker with the session's model, once there is one
 */

const utf8 = new TextDecoder();

/** @template T @param {Json<T>} json @returns {T} */
const read = (json) => JSON.parse(utf8.decode(json));

let nextKey = 1;
let nextSearch = 1;

/**
 * Made by `engine.session()`. It remembers its prompt and output, so that after the engine's death
 * the next call makes it again in the new worker, with the same text.
 *
 * Calls that write (`step`, `generate`, `replay`) happen one after another; those that read
 * (`view`, `tokens`, `memory`) are served between two tokens. A session that nobody needs should
 * be closed: its memory is the worker's, which the page's garbage collector does not know.
 */
export class Session {
  #host;
  #spec;
  #key = nextKey++;
  /** The worker that has this session. @type {Connection | null} */
  #home = null;
  /** Its being made (again) in a worker. @type {{ connection: Connection, done: Promise<void> } | null} */
  #making = null;
  /** The generation under way. @type {{ signal?: AbortSignal } | null} */
  #writer = null;
  /** Ends when the last writing call ended. @type {Promise<unknown>} */
  #turn = Promise.resolve();
  #closing = new AbortController();
  /** @type {number[]} */
  #ids = [];
  #text = '';
  #promptLength = 0;

  /**
   * Use `engine.session()`.
   * @param {Host} host
   * @param {SessionSpec} spec
   */
  constructor(host, spec) {
    this.#host = host;
    this.#spec = spec;
  }

  /**
   * Use `engine.session()`.
   * @param {Host} host
   * @param {SessionOptions} options
   */
  static async open(host, { signal, onProgress, ...rest }) {
    const spec = checkPrompt(rest);
    throwIfAborted(signal);
    const session = new Session(host, spec);
    await session.#make(await host.connect(signal), { signal, onProgress });
    return session;
  }

  /** Tokens of the prompt, the chat template's included. */
  get promptLength() {
    return this.#promptLength;
  }

  /** Ids of the output so far. */
  get ids() {
    return [...this.#ids];
  }

  /** The output so far, without a matched stop string. Known here, so it survives the engine. */
  async text() {
    return this.#text;
  }

  /**
   * Writes one token. An abort that comes while it is being computed comes too late: the step is
   * then delivered all the same, because it is part of the text.
   * @param {SomeKnobs} [knobs]
   * @param {ViewOptions} [options]
   * @returns {Promise<Step>}
   * @throws {TokenscopeError} busy, while `generate` is under way
   */
  async step(knobs = {}, { signal, top = 50 } = {}) {
    this.#check();
    const args = { knobs: checkKnobs(knobs), top: checkCount(top, 'top') };
    this.#checkFree();
    return this.#advance(args, signal);
  }

  /**
   * Writes tokens until the text ends, one for each that is asked for: a slow reader slows the
   * writer. Leaving the loop, or an abort, stops within one token; then it can be called again.
   * @param {SomeKnobs} [knobs]  as they are now; later changes of the object count for nothing
   * @param {ViewOptions} [options]
   * @returns {AsyncGenerator<Step, void, void>}
   * @throws {TokenscopeError} busy at the first token, while another `generate` is under way that was not aborted
   */
  generate(knobs = {}, { signal, top = 50 } = {}) {
    this.#check();
    return this.#generate({ knobs: checkKnobs(knobs), top: checkCount(top, 'top') }, signal);
  }

  /**
   * The distribution at a position of the sequence (prompt included) under any knobs. No forward pass.
   * @param {number} position
   * @param {SomeKnobs} [knobs]
   * @param {ViewOptions} [options]
   * @returns {Promise<View>}
   */
  async view(position, knobs = {}, { signal, top = 50 } = {}) {
    this.#check();
    checkCount(position, 'position');
    checkCount(top, 'top');
    const call = { type: /** @type {const} */ ('view'), session: this.#key, position, knobs: checkKnobs(knobs), top };
    return read(await (await this.#attach(signal)).call(call, { signal }));
  }

  /**
   * The steps written so far under other knobs, with the same draws and no forward pass, up to and
   * with the first whose choice flips. What came after it is removed from the text. May be called
   * while `generate` is under way; it then takes place between two tokens.
   * @param {SomeKnobs} [knobs]
   * @param {ViewOptions} [options]
   * @returns {Promise<Replay>}
   */
  async replay(knobs = {}, { signal, top = 50 } = {}) {
    this.#check();
    const call = { type: /** @type {const} */ ('replay'), session: this.#key, knobs: checkKnobs(knobs), top: checkCount(top, 'top') };
    return this.#inTurn(async () => {
      const { flip, steps, ids, text } = await (await this.#attach(signal)).call(call, { signal, patient: true });
      this.#ids = ids;
      this.#text = text;
      return { flip, steps: steps.flatMap(read) };
    });
  }

  /**
   * Appends tokens to the output, whatever their probability.
   * @param {number[]} ids
   * @param {CallOptions} [options]
   * @returns {Promise<void>}
   */
  async force(ids, { signal } = {}) {
    this.#check();
    this.#checkFree();
    for (const id of ids) checkCount(id, 'id');
    return this.#inTurn(async () => {
      const { text } = await (await this.#attach(signal)).call({ type: 'force', session: this.#key, ids }, { signal, patient: true });
      this.#ids.push(...ids);
      this.#text = text;
    });
  }

  /**
   * Another session: this one's text up to `position`, and there the token `id`. What they have in
   * common is shared, not computed again.
   * @param {number} position  in the output; the one after its last token is allowed
   * @param {number} id
   * @param {CallOptions} [options]
   * @returns {Promise<Session>}
   */
  async branch(position, id, { signal } = {}) {
    this.#check();
    checkCount(position, 'position');
    checkCount(id, 'id');
    return this.#inTurn(async () => {
      const connection = await this.#attach(signal);
      const made = new Session(this.#host, this.#spec);
      const call = { type: /** @type {const} */ ('branch'), session: made.#key, from: this.#key, position, token: id };
      const { promptLength, text } = await connection.call(call, { signal, patient: true });
      made.#promptLength = promptLength;
      made.#ids = [...this.#ids.slice(0, position - promptLength), id];
      made.#text = text;
      made.#home = connection;
      return made;
    });
  }

  /**
   * ln p of the output under the model and under knobs, token by token and in total.
   * @param {SomeKnobs} [knobs]
   * @param {CallOptions} [options]
   * @returns {Promise<Likelihood>}
   */
  async likelihood(knobs = {}, { signal } = {}) {
    this.#check();
    const call = { type: /** @type {const} */ ('likelihood'), session: this.#key, knobs: checkKnobs(knobs) };
    return (await this.#attach(signal)).call(call, { signal });
  }

  /**
   * How far two settings are apart at a position. No forward pass.
   * @param {number} position
   * @param {SomeKnobs} a
   * @param {SomeKnobs} b
   * @param {CallOptions} [options]
   * @returns {Promise<Divergence>}
   */
  async divergence(position, a, b, { signal } = {}) {
    this.#check();
    checkCount(position, 'position');
    const call = { type: /** @type {const} */ ('divergence'), session: this.#key, position, a: checkKnobs(a), b: checkKnobs(b) };
    return (await this.#attach(signal)).call(call, { signal });
  }

  /**
   * For every scalar knob, how far it can move before the choice at a position changes, or any choice
   * of the output if the position is null. Exact, and no forward pass.
   * @param {number | null} position
   * @param {SomeKnobs} [knobs]
   * @param {CallOptions} [options]
   * @returns {Promise<Intervals>}
   */
  async intervals(position, knobs = {}, { signal } = {}) {
    this.#check();
    if (position !== null) checkCount(position, 'position');
    const call = { type: /** @type {const} */ ('intervals'), session: this.#key, position, knobs: checkKnobs(knobs) };
    return (await this.#attach(signal)).call(call, { signal });
  }

  /**
   * n sampled texts after the prompt as a distribution over texts; this session's own stays as it is.
   * Each report tells all that is known; the last has `done`. Between reports nothing is computed,
   * and leaving the loop or an abort ends the search.
   * @param {OutcomesSettings} settings
   * @param {CallOptions} [options]
   */
  outcomes(settings, options) {
    return /** @type {AsyncGenerator<OutcomesReport, void, void>} */ (this.#search('outcomes', settings, options));
  }

  /**
   * The most probable texts after the prompt, in exact order. As `outcomes`.
   * @param {EnumerateSettings} settings
   * @param {CallOptions} [options]
   */
  enumerate(settings, options) {
    return /** @type {AsyncGenerator<EnumerateReport, void, void>} */ (this.#search('enumerate', settings, options));
  }

  /**
   * Beam search after the prompt, a report for each step. As `outcomes`.
   * @param {BeamSettings} settings
   * @param {CallOptions} [options]
   */
  beams(settings, options) {
    return /** @type {AsyncGenerator<BeamReport, void, void>} */ (this.#search('beams', settings, options));
  }

  /** Every token, prompt and output. @param {CallOptions} [options] @returns {Promise<TokenInfo[]>} */
  async tokens({ signal } = {}) {
    this.#check();
    return (await this.#attach(signal)).call({ type: 'tokens', session: this.#key }, { signal });
  }

  /** What it holds in the worker. @param {CallOptions} [options] @returns {Promise<SessionMemory>} */
  async memory({ signal } = {}) {
    this.#check();
    return (await this.#attach(signal)).call({ type: 'memory', session: this.#key }, { signal });
  }

  /** Gives its memory back. Calls that follow are refused; closing again does nothing. */
  close() {
    this.#closing.abort(new TokenscopeError('aborted', 'The session was closed.'));
    this.#home?.closeSession(this.#key);
    this.#home = null;
  }

  /** @param {{ knobs: SomeKnobs, top: number }} args @param {AbortSignal} [signal] */
  async *#generate(args, signal) {
    this.#checkFree();
    const writer = (this.#writer = { signal });
    try {
      for (;;) {
        const step = await this.#advance(args, signal);
        yield step;
        if (step.finish !== null) return;
      }
    } finally {
      if (this.#writer === writer) this.#writer = null;
    }
  }

  /**
   * @param {SearchKind} kind
   * @param {SearchSettings} settings
   * @param {CallOptions} [options]
   * @returns {AsyncGenerator<SearchReport, void, void>}
   */
  #search(kind, settings, { signal } = {}) {
    this.#check();
    return this.#reports(kind, /** @type {SearchSettings} */ (checkKnobs(/** @type {any} */ (settings))), signal);
  }

  /** @param {SearchKind} kind @param {SearchSettings} settings @param {AbortSignal} [signal] */
  async *#reports(kind, settings, signal) {
    const connection = await this.#attach(signal);
    const search = nextSearch++;
    try {
      await connection.call({ type: 'search', session: this.#key, search, kind, settings }, { signal });
      for (;;) {
        const report = await connection.call({ type: 'advance', search }, { signal });
        yield report;
        if (report.done) return;
      }
    } finally {
      connection.closeSearch(search);
    }
  }

  /** A call after the end is a mistake; one that the end interrupts is 'aborted'. */
  #check() {
    this.#host.check();
    if (this.#closing.signal.aborted) throw new TokenscopeError('bad-state', 'This session is closed.');
  }

  #checkFree() {
    if (this.#writer && !this.#writer.signal?.aborted) {
      throw new TokenscopeError('busy', 'This session is generating: end that first, by its signal or by leaving its loop.');
    }
  }

  /** @param {{ knobs: SomeKnobs, top: number }} args @param {AbortSignal} [signal] @returns {Promise<Step>} */
  #advance(args, signal) {
    return this.#inTurn(async () => {
      const connection = await this.#attach(signal);
      const step = read(await connection.call({ type: 'step', session: this.#key, ...args }, { signal, patient: true }));
      this.#ids.push(step.id);
      this.#text = step.text;
      return step;
    });
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  #inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** The worker that has this session; makes it there if the worker is a new one. @param {AbortSignal} [signal] */
  async #attach(signal) {
    throwIfAborted(this.#closing.signal);
    throwIfAborted(signal);
    const connection = await this.#host.connect(signal);
    if (this.#home === connection) return connection;
    if (this.#making?.connection !== connection) {
      this.#making = { connection, done: this.#make(connection, { signal: this.#closing.signal }) };
      this.#forgetWhenMade(this.#making);
    }
    await unlessAborted(this.#making.done, signal);
    return connection;
  }

  /** @param {{ done: Promise<void> }} making */
  #forgetWhenMade(making) {
    const forget = () => {
      if (this.#making === making) this.#making = null;
    };
    // Whoever waits hears of a failure; here it only must not count as unhandled.
    making.done.then(forget, forget);
  }

  /** @param {Connection} connection @param {{ signal?: AbortSignal, onProgress?: (progress: PromptProgress) => void }} settings */
  async #make(connection, settings) {
    try {
      const call = { type: /** @type {const} */ ('session'), session: this.#key, spec: this.#spec, ids: this.#ids };
      const { promptLength, text } = await connection.call(call, settings);
      throwIfAborted(this.#closing.signal);
      this.#promptLength = promptLength;
      // After a stop string only the steps know where the text ends.
      if (this.#ids.length === 0) this.#text = text;
      this.#home = connection;
    } catch (error) {
      connection.closeSession(this.#key);
      throw error;
    }
  }
}
