// Two settings on the same draws: A is the controller's text, B a text of its own from the same prompt and seed.

/** @import { Session } from '../engine/session.js' */
/** @import { Knobs } from '../engine/knobs.js' */
/** @import { Divergence } from '../engine/types.js' */
/** @import { Controller } from './controller.js' */
/** @import { Token } from './trajectory.js' */

import { Trajectory } from './trajectory.js';

/** What belongs to the text and not to its settings: A's count for B too. */
const SHARED = /** @type {const} */ (['seed', 'maxNewTokens']);

export class Comparison {
  #controller;
  #onChange;
  /** @type {Session | null} */
  #session = null;
  #trajectory = new Trajectory();
  /** @type {AbortController | null} */
  #writing = null;
  /** Settings of B. @type {Readonly<Knobs> | null} */
  knobs = null;
  /** What B was written with. */
  #key = '';
  /** By index from the first token of the output. @type {(Divergence | null)[]} */
  divergences = [];
  #measured = '';
  #measuring = false;

  /** @param {Controller} controller @param {() => void} onChange */
  constructor(controller, onChange) {
    this.#controller = controller;
    this.#onChange = onChange;
  }

  get running() {
    return this.#writing !== null;
  }

  /** Tokens of B. @returns {Token[]} */
  get tokens() {
    return this.#trajectory.tokens.slice(this.#trajectory.promptLength);
  }

  /** B was written from another prompt, model or seed, or with other settings. */
  get stale() {
    return this.tokens.length > 0 && this.#key !== this.#keyNow();
  }

  /** @param {Readonly<Knobs>} knobs */
  hold(knobs) {
    this.stop();
    this.knobs = Object.freeze({ ...knobs });
    this.#onChange();
  }

  /** Writes B, as long as A is or until it ends. */
  async write() {
    if (!this.knobs) return;
    this.stop();
    const writing = (this.#writing = new AbortController());
    this.#onChange();
    try {
      await this.#write(writing.signal);
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'AbortError') this.#controller.report(/** @type {Error} */ (error));
    }
    if (this.#writing === writing) this.stop();
  }

  stop() {
    this.#writing?.abort();
    this.#writing = null;
    this.#onChange();
  }

  /** Gives B's text back; its settings stay. */
  clear() {
    this.#session?.close();
    this.#session = null;
    this.#trajectory.begin([]);
    this.divergences = [];
    this.#measured = '';
    this.stop();
  }

  /** Settings of B with what it shares with A. @returns {Readonly<Knobs>} */
  get #effective() {
    const { knobs } = this.#controller;
    return Object.freeze({ .../** @type {Knobs} */ (this.knobs), ...Object.fromEntries(SHARED.map((key) => [key, knobs[key]])) });
  }

  #keyNow() {
    const { seed, maxNewTokens, ...settings } = /** @type {Knobs} */ (this.knobs ?? {});
    return `${this.#controller.source} ${this.#controller.knobs.seed} ${JSON.stringify(settings)}`;
  }

  /** @param {AbortSignal} signal */
  async #write(signal) {
    const { models, prompt, template, trajectory } = this.#controller;
    const engine = models.engine;
    if (!engine) throw new Error('Load a model first.');
    const length = trajectory.outputLength || Infinity;
    const session = await engine.session({ prompt, template, signal });
    const tokens = await session.tokens({ signal });
    this.#session?.close();
    this.#session = session;
    this.#trajectory.begin(tokens);
    this.#key = this.#keyNow();
    for await (const step of session.generate(this.#effective, { signal, top: 0 })) {
      if (this.#session !== session) return;
      this.#trajectory.push(step);
      this.#onChange();
      if (this.#trajectory.outputLength >= length) break;
    }
  }

  /**
   * Asks how far the settings are apart at each position of the prefix that both share; needs no forward pass.
   * @param {number} shared  positions, from the first token of the output
   */
  async measure(shared) {
    const { session, knobs, trajectory } = this.#controller;
    if (!session || !this.knobs || this.running) return;
    const key = JSON.stringify([this.#controller.source, knobs, this.knobs, trajectory.tokens.map(({ id }) => id), shared]);
    if (key === this.#measured) return;
    this.#measured = key;
    if (this.#measuring) return;
    this.#measuring = true;
    try {
      await this.#measureAll(session, knobs, shared, key);
    } catch (error) {
      if (this.#controller.session === session) this.#controller.report(/** @type {Error} */ (error));
    }
    this.#measuring = false;
    // Something changed meanwhile: whoever draws asks again.
    if (key !== this.#measured) {
      this.#measured = '';
      this.#onChange();
    }
  }

  /** @param {Session} session @param {Knobs} knobs @param {number} shared @param {string} key */
  async #measureAll(session, knobs, shared, key) {
    const from = this.#controller.trajectory.promptLength;
    const other = this.#effective;
    this.divergences.length = shared;
    for (let index = 0; index < shared && key === this.#measured; index++) {
      this.divergences[index] = await session.divergence(from + index, knobs, other);
      this.#onChange();
    }
  }
}
