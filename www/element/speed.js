// How fast tokens come, over the last few of them.

const WINDOW = 24;

export class Speed {
  /** @type {number[]} */
  #times = [];

  reset() {
    this.#times = [];
  }

  /** @param {number} [now]  ms */
  tick(now = performance.now()) {
    this.#times.push(now);
    if (this.#times.length > WINDOW) this.#times.shift();
  }

  /** @returns {number | null} */
  get perSecond() {
    const [first] = this.#times;
    const last = this.#times.at(-1);
    return last === undefined || this.#times.length < 3 ? null : ((this.#times.length - 1) * 1000) / (last - first);
  }
}
