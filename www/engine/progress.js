// How fast bytes arrive, and how often that is told.

/** @import { LoadProgress } from './types.js' */

const INTERVAL = 100;
const WINDOW = 2000;

/** Reports progress about ten times a second, and every change of phase at once. */
export class Meter {
  #report;
  #now;
  /** @type {LoadProgress['phase'] | null} */
  #phase = null;
  #told = -Infinity;
  /** Times (ms) and bytes of the last two seconds. @type {{ time: number, loaded: number }[]} */
  #samples = [];

  /**
   * @param {(progress: LoadProgress) => void} report
   * @param {() => number} [now]  clock, in milliseconds
   */
  constructor(report, now = () => performance.now()) {
    this.#report = report;
    this.#now = now;
  }

  /**
   * @param {LoadProgress['phase']} phase
   * @param {number} loaded
   * @param {number | null} total
   * @param {boolean} fromStorage
   */
  update(phase, loaded, total, fromStorage) {
    const time = this.#now();
    if (phase !== this.#phase) this.#samples = [];
    this.#samples.push({ time, loaded });
    while (this.#samples.length > 2 && this.#samples[0].time < time - WINDOW) this.#samples.shift();
    if (phase === this.#phase && loaded !== total && time - this.#told < INTERVAL) return;
    this.#phase = phase;
    this.#told = time;
    this.#report({ phase, loaded, total, bytesPerSecond: this.#rate(), fromStorage });
  }

  #rate() {
    const [first] = this.#samples;
    const last = this.#samples[this.#samples.length - 1];
    const seconds = (last.time - first.time) / 1000;
    return seconds > 0 ? Math.round((last.loaded - first.loaded) / seconds) : 0;
  }
}
