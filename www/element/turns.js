// Work that writes the text: one piece at a time, and a newer one ends the older.

export class Turns {
  /** @type {AbortController | null} */
  #current = null;
  /** @type {Promise<void>} */
  #last = Promise.resolve();

  get busy() {
    return this.#current !== null;
  }

  /**
   * @param {(signal: AbortSignal) => Promise<void>} work  rejects with an AbortError after the signal
   * @param {(error: Error) => void} onError               any other error
   * @returns {Promise<boolean>} whether nothing newer took its place
   */
  async run(work, onError) {
    this.end();
    const current = (this.#current = new AbortController());
    const before = this.#last;
    this.#last = (async () => {
      await before;
      if (current.signal.aborted) return;
      try {
        await work(current.signal);
      } catch (error) {
        if (/** @type {Error} */ (error).name !== 'AbortError') onError(/** @type {Error} */ (error));
      }
    })();
    await this.#last;
    if (this.#current !== current) return false;
    this.#current = null;
    return true;
  }

  /** Aborts what runs; it may still deliver the token that is being computed. */
  end() {
    this.#current?.abort();
  }
}

/** Waits, unless that is aborted. @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
