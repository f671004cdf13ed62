// Asks how far each knob can move before the chosen token changes, and then any of the text, once the knobs rest.

/** @import { Intervals } from '../engine/types.js' */
/** @import { Wish } from './viewer.js' */

import { WhenQuiet } from './when-quiet.js';

/** Milliseconds of rest: while a knob moves, the worker is kept free for pictures. */
const REST = 150;

export class Bands {
  #wish;
  #onBands;
  #quiet = new WhenQuiet(REST, (signal) => this.#ask(signal));

  /**
   * @param {() => Wish | null} wish  what is looked at now
   * @param {(bands: { step: Intervals, text: Intervals }) => void} onBands  those of the step first, then of the whole text, too
   */
  constructor(wish, onBands) {
    this.#wish = wish;
    this.#onBands = onBands;
  }

  /** What was known no longer holds. */
  request() {
    this.#quiet.moved();
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const wish = this.#wish();
    if (!wish) return;
    const { session, position, knobs } = wish;
    const step = await session.intervals(position, knobs, { signal });
    if (signal.aborted) return;
    this.#onBands({ step, text: {} });
    const text = await session.intervals(null, knobs, { signal });
    if (!signal.aborted) this.#onBands({ step, text });
  }
}
