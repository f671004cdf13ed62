// The probability of the text as a whole, asked for when nothing has moved for a while.

/** @import { Likelihood } from '../engine/types.js' */
/** @import { Controller } from './controller.js' */

/** Milliseconds of rest: pictures come first. */
const REST = 300;

export class Totals {
  #controller;
  #onChange;
  #onMove;
  #timer = /** @type {ReturnType<typeof setTimeout> | 0} */ (0);
  /** @type {AbortController | null} */
  #asking = null;

  /**
   * @param {Controller} controller
   * @param {(likelihood: Likelihood | null) => void} onChange  null: there is no text
   * @param {() => void} onMove  what was told last may no longer hold
   */
  constructor(controller, onChange, onMove) {
    this.#controller = controller;
    this.#onChange = onChange;
    this.#onMove = onMove;
    for (const type of ['text', 'knobs', 'branches', 'status']) controller.addEventListener(type, () => this.#moved());
  }

  #moved() {
    this.#onMove();
    this.#asking?.abort();
    this.#asking = null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), REST);
  }

  async #ask() {
    const { session, busy, outdated, trajectory, knobs } = this.#controller;
    if (busy) return;
    if (!session || outdated || trajectory.outputLength === 0) return this.#onChange(null);
    const asking = (this.#asking = new AbortController());
    try {
      const likelihood = await session.likelihood(knobs, { signal: asking.signal });
      if (!asking.signal.aborted) this.#onChange(likelihood);
    } catch {
      // A text without its total is no failure: whatever is wrong, its steps tell it.
    }
  }
}
