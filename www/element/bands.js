// Asks how far each knob can move before the chosen token changes, once the knobs rest.

/** @import { Intervals } from '../engine/types.js' */
/** @import { Wish } from './viewer.js' */

/** Milliseconds of rest: while a knob moves, the worker is kept free for pictures. */
const REST = 150;

export class Bands {
  #wish;
  #onBands;
  #timer = /** @type {ReturnType<typeof setTimeout> | 0} */ (0);
  /** @type {AbortController | null} */
  #asking = null;

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
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#timer = setTimeout(() => void this.#ask(), REST);
  }

  async #ask() {
    const wish = this.#wish();
    if (!wish) return;
    const asking = (this.#asking = new AbortController());
    try {
      const step = await wish.session.intervals(wish.position, wish.knobs, { signal: asking.signal });
      if (asking.signal.aborted) return;
      this.#onBands({ step, text: {} });
      const text = await wish.session.intervals(null, wish.knobs, { signal: asking.signal });
      if (!asking.signal.aborted) this.#onBands({ step, text });
    } catch {
      // A picture without bands is no failure: whatever is wrong, the view itself tells it.
    }
  }
}
