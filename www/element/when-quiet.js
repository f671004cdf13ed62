// Work that can wait until nothing has moved for a while, and that the next move ends.

export class WhenQuiet {
  #rest;
  #work;
  #timer = /** @type {ReturnType<typeof setTimeout> | 0} */ (0);
  #running = new AbortController();

  /**
   * @param {number} rest  milliseconds
   * @param {(signal: AbortSignal) => Promise<void>} work  a failure of it is no failure of the page: whatever is wrong, the
   *   views themselves tell it
   */
  constructor(rest, work) {
    this.#rest = rest;
    this.#work = work;
  }

  /** What was known no longer holds. */
  moved() {
    clearTimeout(this.#timer);
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#timer = setTimeout(() => void this.#work(signal).catch(() => {}), this.#rest);
  }
}
