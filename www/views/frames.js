// When views are drawn: all that is out of date, together, in a frame of the browser; and while the model
// is at work, so seldom that most of the processor is left to it.

/** Of the time in which the model works, drawing takes so much at most. */
const SHARE = 0.25;
/** So many milliseconds after a picture the next one comes at the latest, however slow the browser draws. */
const LONGEST = 100;

export class Frames {
  #cost;
  /** @type {(() => boolean)[]} */
  #working = [];
  /** All work, in the order in which it is done. @type {Set<() => void>} */
  #works = new Set();
  /** @type {Set<() => void>} */
  #due = new Set();
  #asked = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Before this time nothing more is drawn while the model works. */
  #rest = 0;

  /**
   * @param {(start: number, tell: (cost: number) => void) => void} [cost]  tells what the frame took that began at `start`
   */
  constructor(cost = frameCost()) {
    this.#cost = cost;
  }

  /** Drawing gives way while something is at work. @param {() => boolean} working  whether it is now */
  giveWay(working) {
    this.#working.push(working);
  }

  /**
   * @param {() => void} work  what is added again keeps its place
   * @returns {() => void} says that the work is due: it is done once in the next frame, after what was added before it
   */
  add(work) {
    this.#works.add(work);
    return () => {
      this.#due.add(work);
      this.#ask();
    };
  }

  #ask() {
    if (this.#asked) return;
    clearTimeout(this.#timer);
    const wait = this.#working.some((working) => working()) ? this.#rest - performance.now() : 0;
    if (wait > 0) {
      this.#timer = setTimeout(() => this.#ask(), wait);
      return;
    }
    this.#asked = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const start = performance.now();
    this.#asked = false;
    const due = this.#due;
    this.#due = new Set();
    for (const work of this.#works) if (due.has(work)) work();
    this.#cost(start, (cost) => (this.#rest = start + Math.min(LONGEST, cost / SHARE)));
  }
}

/** The browser's part of a frame, from style to paint, comes after ours: a message that is sent now arrives after it. */
function frameCost() {
  const { port1, port2 } = new MessageChannel();
  return (/** @type {number} */ start, /** @type {(cost: number) => void} */ tell) => {
    port1.onmessage = () => tell(performance.now() - start);
    port2.postMessage(null);
  };
}
