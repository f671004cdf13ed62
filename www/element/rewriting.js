// When to rewrite the text after a knob moved: soon after it rests, and now and then while it is dragged.

/**
 * Milliseconds without a move after which the text follows. While a knob is dragged moves come faster, and the bars alone
 * follow the finger, because a replay keeps the worker from drawing them.
 */
const REST = 30;
/** In a longer drag the text follows now and then, just after a picture came: then none is waiting. */
const LAG = 250;
/** After so long without a move the reader is taken to have let go. */
const QUIET = 120;

export class Rewriting {
  #rewrite;
  /** @type {ReturnType<typeof setTimeout> | 0} */
  #timer = 0;
  /** Times of the first move that the text has not followed yet, and of the last move. */
  #first = 0;
  #last = -Infinity;

  /** @param {() => void} rewrite */
  constructor(rewrite) {
    this.#rewrite = rewrite;
  }

  /** A knob is moving: since the last move too little time has passed for it to be a new one. */
  get active() {
    return performance.now() - this.#last < 4 * QUIET;
  }

  schedule() {
    const now = performance.now();
    if (!this.#timer) this.#first = now;
    this.#last = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#due(), REST);
  }

  /** The bars have just caught up with the knob. */
  pictureShown() {
    if (!this.#timer || performance.now() - this.#first < LAG) return;
    this.cancel();
    this.#due();
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  /** Milliseconds until the knob counts as let go. */
  quietIn() {
    return Math.max(0, this.#last + QUIET - performance.now());
  }

  #due() {
    this.#timer = 0;
    this.#rewrite();
  }
}
