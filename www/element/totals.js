// The probability of the text as a whole, asked for when nothing has moved for a while.

/** @import { Likelihood } from '../engine/types.js' */
/** @import { Controller } from './controller.js' */

import { WhenQuiet } from './when-quiet.js';

/** Milliseconds of rest: pictures come first. */
const REST = 300;

export class Totals {
  #controller;
  #onChange;
  #quiet = new WhenQuiet(REST, (signal) => this.#ask(signal));

  /**
   * @param {Controller} controller
   * @param {(likelihood: Likelihood | null) => void} onChange  null: there is no text
   * @param {() => void} onMove  what was told last may no longer hold
   */
  constructor(controller, onChange, onMove) {
    this.#controller = controller;
    this.#onChange = onChange;
    const moved = () => {
      onMove();
      this.#quiet.moved();
    };
    for (const type of ['text', 'knobs', 'branches', 'status']) controller.addEventListener(type, moved);
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const { session, busy, outdated, trajectory, knobs } = this.#controller;
    if (busy) return;
    if (!session || outdated || trajectory.outputLength === 0) return this.#onChange(null);
    const likelihood = await session.likelihood(knobs, { signal });
    if (!signal.aborted) this.#onChange(likelihood);
  }
}
