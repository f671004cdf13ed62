// Beams: the search from the prompt, with the knobs as they are at the start.

/** @import { Controller } from '../element/controller.js' */
/** @import { BeamReport } from '../engine/types.js' */
/** @import { BeamsSettings } from '../views/beams-view.js' */
/** @import { FinishedBeamData, RivalData } from '../views/types.js' */

import { compareRivals } from '../element/rivals.js';
import { Search } from '../element/search.js';
import { BeamsView } from '../views/beams-view.js';
import { searchKey } from './search-key.js';

/** @typedef {{ steps: BeamReport[], finished: BeamReport['finished'], computed: number, done: boolean }} Found */

export class Beams {
  #controller;
  #onChange;
  #view;
  /** @type {Search<BeamsSettings, Found>} */
  #search;
  /** @type {RivalData[] | null} */
  #rivals = null;
  #comparing = false;

  /** @param {Controller} controller @param {() => void} onChange */
  constructor(controller, onChange) {
    this.#controller = controller;
    this.#onChange = onChange;
    this.#search = new Search({ begin: (settings, signal) => this.#begin(settings, signal), onChange, onError: (error) => controller.report(error) });
    this.#view = new BeamsView({
      onStart: (settings) => this.#start(settings),
      onStop: () => this.#search.stop(),
      onCompare: (best) => void this.#compare(best),
    });
    this.element = this.#view.element;
  }

  get running() {
    return this.#search.running || this.#comparing;
  }

  clear() {
    this.#rivals = null;
    this.#search.clear();
  }

  update() {
    const { report: data, running, key } = this.#search;
    this.#view.update({ data, rivals: this.#rivals, comparing: this.#comparing, able: this.#controller.models.status === 'ready', running, stale: data !== null && key !== searchKey(this.#controller) });
  }

  /** @param {BeamsSettings} settings */
  #start(settings) {
    this.#rivals = null;
    void this.#search.start(settings, searchKey(this.#controller));
  }

  /** @param {BeamsSettings} settings @param {AbortSignal} signal @returns {AsyncGenerator<Found>} */
  async *#begin({ tokens, ...settings }, signal) {
    const knobs = { ...this.#controller.knobs, maxNewTokens: tokens };
    const session = await this.#controller.prepare();
    if (signal.aborted) return;
    /** @type {BeamReport[]} */
    const steps = [];
    for await (const report of session.beams({ ...knobs, ...settings }, { signal })) {
      if (report.candidates.length > 0) steps.push(report);
      yield { steps: [...steps], finished: report.finished, computed: report.computed, done: report.done };
    }
  }

  /** @param {FinishedBeamData} best */
  async #compare(best) {
    const key = this.#search.key;
    this.#comparing = true;
    this.#onChange();
    try {
      const rivals = await compareRivals(this.#controller, best, this.#search.settings?.tokens ?? best.length);
      if (key === this.#search.key) this.#rivals = rivals;
    } catch (error) {
      this.#controller.report(/** @type {Error} */ (error));
    }
    this.#comparing = false;
    this.#onChange();
  }
}
