// Outcomes: whole texts from the prompt, sampled or by their probability, with the knobs as they are at the start.

/** @import { Controller } from '../element/controller.js' */
/** @import { EnumerateReport, OutcomesReport } from '../engine/types.js' */
/** @import { OutcomesSettings } from '../views/outcomes-view.js' */
/** @import { OutcomesData } from '../views/types.js' */

import { Search } from '../element/search.js';
import { TokenTexts } from '../element/token-texts.js';
import { OutcomesView } from '../views/outcomes-view.js';
import { searchKey } from './search-key.js';

export class Outcomes {
  #controller;
  #view;
  /** @type {Search<OutcomesSettings, OutcomesReport | EnumerateReport>} */
  #search;
  #texts = new TokenTexts();

  /** @param {Controller} controller @param {() => void} onChange */
  constructor(controller, onChange) {
    this.#controller = controller;
    this.#search = new Search({ begin: (settings, signal) => this.#begin(settings, signal), onChange, onError: (error) => controller.report(error) });
    this.#view = new OutcomesView({
      onStart: (settings) => void this.#search.start(settings, searchKey(controller)),
      onStop: () => this.#search.stop(),
    });
    this.element = this.#view.element;
  }

  get running() {
    return this.#search.running;
  }

  /** Of another model nothing holds. */
  clear() {
    this.#search.clear();
    this.#texts.clear();
  }

  update() {
    const { report, running, key, settings } = this.#search;
    const data = report && settings ? dataOf(report, settings) : null;
    this.#view.update({ data, able: this.#controller.models.status === 'ready', running, stale: data !== null && key !== searchKey(this.#controller), texts: this.#texts.known });
    if (data) void this.#learn(data);
  }

  /** @param {OutcomesData} data */
  async #learn({ outcomes }) {
    const { engine } = this.#controller.models;
    // The engine may have ended meanwhile, which is told elsewhere.
    const learnt = engine ? await this.#texts.learn(engine, outcomes).catch(() => false) : false;
    if (learnt) this.update();
  }

  /** @param {OutcomesSettings} settings @param {AbortSignal} signal */
  async *#begin(settings, signal) {
    const knobs = { ...this.#controller.knobs, maxNewTokens: settings.tokens };
    const session = await this.#controller.prepare();
    if (signal.aborted) return;
    if (settings.sampled) yield* session.outcomes({ ...knobs, n: settings.n }, { signal });
    else yield* session.enumerate({ ...knobs, m: settings.m }, { signal });
  }
}

/** @param {OutcomesReport | EnumerateReport} report @param {OutcomesSettings} settings @returns {OutcomesData} */
function dataOf(report, settings) {
  const { outcomes, computed, done } = report;
  const sampled = settings.sampled;
  const listed = outcomes.reduce((sum, { logProb }) => sum + Math.exp(logProb), 0);
  return {
    sampled, outcomes, computed, done,
    n: 'n' in report ? report.n : 0,
    finished: 'finished' in report ? report.finished : 0,
    separate: 'separate' in report ? report.separate : 0,
    unseen: 'unseen' in report ? report.unseen : Math.max(0, 1 - listed),
    bound: 'bound' in report ? report.bound : 1,
  };
}
