// A search through whole texts. It runs when it is asked for, and its newest report is kept until the next one.

/**
 * @template Settings
 * @template Report
 */
export class Search {
  /** Newest of the last search. @type {Report | null} */
  report = null;
  /** With what it was begun. @type {Settings | null} */
  settings = null;
  /** What it belongs to; another key means that it is out of date. */
  key = '';
  #begin;
  #onChange;
  #onError;
  /** @type {AbortController | null} */
  #current = null;

  /**
   * @param {object} options
   * @param {(settings: Settings, signal: AbortSignal) => AsyncIterable<Report>} options.begin
   * @param {() => void} options.onChange
   * @param {(error: Error) => void} options.onError
   */
  constructor({ begin, onChange, onError }) {
    this.#begin = begin;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  get running() {
    return this.#current !== null;
  }

  /** Takes the place of the one before. @param {Settings} settings @param {string} key */
  async start(settings, key) {
    this.#current?.abort();
    const current = (this.#current = new AbortController());
    Object.assign(this, { settings, key, report: null });
    this.#onChange();
    try {
      for await (const report of this.#begin(settings, current.signal)) {
        if (this.#current !== current) return;
        this.report = report;
        this.#onChange();
      }
    } catch (error) {
      if (this.#current === current && /** @type {Error} */ (error).name !== 'AbortError') this.#onError(/** @type {Error} */ (error));
    }
    if (this.#current === current) this.stop();
  }

  /** Ends it at once for whoever looks; what it found stays. */
  stop() {
    this.#current?.abort();
    this.#current = null;
    this.#onChange();
  }

  /** Forgets what it found. */
  clear() {
    Object.assign(this, { settings: null, report: null, key: '' });
    this.stop();
  }
}
