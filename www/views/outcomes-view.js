// Outcomes: Y ~ π(Y | X). Whole texts as a distribution, sampled or most probable first.

/** @import { OutcomesData } from './types.js' */

import { choice } from './choice.js';
import { h, setText } from './dom.js';
import { Empty } from './empty.js';
import { count, percent, scientific, workSaved } from './format.js';
import { Icicle } from './icicle.js';
import { OutcomeList } from './outcome-list.js';
import { RunBar } from './run-bar.js';
import { Setting } from './setting.js';

/** @typedef {{ sampled: true, n: number, tokens: number } | { sampled: false, m: number, tokens: number }} OutcomesSettings */

const SENTENCE = 'One prompt has many continuations. Write hundreds of them at once and see which whole texts come out, how often, and how probable each exactly is.';

export class OutcomesView {
  #n = new Setting({ name: 'samples', label: 'Samples', kind: 'integer', min: 1, max: 10_000, step: 1, scale: 'log', value: 200, slider: true });
  #m = new Setting({ name: 'listed', label: 'Texts', kind: 'integer', min: 1, max: 1000, step: 1, scale: 'log', value: 20, slider: true });
  #tokens = new Setting({ name: 'outcome-tokens', label: 'Tokens at most', kind: 'integer', min: 1, max: 256, step: 1, scale: 'log', value: 8, title: 'Where a text is cut if the model does not end it' });
  #sampled = true;
  #run;
  #empty;
  #list = new OutcomeList();
  #icicle = new Icicle();
  #work = h('p', { class: 'work', 'data-work': true });
  #body;
  #legend = h('p', { class: 'small outcome-legend' });

  /** @param {{ onStart: (settings: OutcomesSettings) => void, onStop: () => void }} options */
  constructor({ onStart, onStop }) {
    const start = () => onStart(this.settings);
    const mode = choice('Order', ['sampled', 'most probable first'], 'sampled', (value) => this.#setMode(value === 'sampled'));
    this.#run = new RunBar({ settings: [mode, this.#n.element, this.#m.element, this.#tokens.element], start: 'Start', onStart: start, onStop });
    this.#empty = new Empty({ sentence: SENTENCE, button: 'Write 200 texts', onBegin: start });
    this.#body = h('div', { class: 'outcomes-body' }, this.#work, this.#legend, this.#list.element, this.#icicle.element);
    this.element = h('div', { class: 'outcomes-view' }, this.#run.element, this.#empty.element, this.#body);
    this.#setMode(true);
  }

  /** @returns {OutcomesSettings} */
  get settings() {
    const tokens = this.#tokens.value;
    return this.#sampled ? { sampled: true, n: this.#n.value, tokens } : { sampled: false, m: this.#m.value, tokens };
  }

  /** @param {{ data: OutcomesData | null, able: boolean, running: boolean, stale: boolean, texts: ReadonlyMap<number, string> }} state */
  update({ data, able, running, stale, texts }) {
    this.#run.update({ able, running, stale, status: data ? statusOf(data, running) : running ? 'Reading the prompt…' : '', share: data?.sampled ? data.finished / data.n : null });
    this.#empty.update({ shown: !data && !running, able, why: 'Load a model first.' });
    this.#body.hidden = !data;
    this.element.classList.toggle('stale', stale);
    if (!data) return;
    setText(this.#work, data.sampled ? workSaved(data.computed, data.separate) : boundOf(data));
    setText(this.#legend, data.sampled ? 'Bar: share of the samples. Line: exact probability under the knobs.' : 'Bar: exact probability under the knobs.');
    this.#list.update(data);
    this.#icicle.update({ outcomes: data.outcomes, texts });
  }

  /** @param {boolean} sampled */
  #setMode(sampled) {
    this.#sampled = sampled;
    this.#n.element.hidden = !sampled;
    this.#m.element.hidden = sampled;
  }
}

/** @param {OutcomesData} data @param {boolean} running */
function statusOf(data, running) {
  const { outcomes, finished, n, sampled, done } = data;
  const texts = `${count(outcomes.length)} distinct ${outcomes.length === 1 ? 'text' : 'texts'}`;
  const ended = done ? 'Done' : running ? 'Running' : 'Stopped';
  if (!sampled) return `${ended}: ${texts}, most probable first.`;
  return `${ended}: ${count(finished)} of ${count(n)} samples, ${texts}.`;
}

/** @param {OutcomesData} data */
function boundOf({ bound, computed, outcomes }) {
  const work = workSaved(computed, 0);
  if (outcomes.length === 0) return `${work}; no text is more probable than ${percent(bound)}`;
  return `${work}; no text that is not listed is more probable than ${bound < 1e-4 ? scientific(bound) : percent(bound)}`;
}
