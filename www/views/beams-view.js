// Beams: the search as a tree, the texts that it finished, and how they stand to greedy and sampled ones.

/** @import { BeamsData, FinishedBeamData, RivalData } from './types.js' */

import { ranked } from './beam-rank.js';
import { BeamTree } from './beam-tree.js';
import { choice } from './choice.js';
import { h, setText } from './dom.js';
import { Empty } from './empty.js';
import { count, logProb, minus, workSaved } from './format.js';
import { Rivals } from './rivals.js';
import { RunBar } from './run-bar.js';
import { Setting } from './setting.js';
import { spoken, tokenNodes } from './text.js';

/** @typedef {{ numBeams: number, lengthPenalty: number, earlyStopping: boolean | 'never', numReturn: number, tokens: number }} BeamsSettings */

const SENTENCE = 'Beam search keeps several texts at once, extends each by its best tokens, and keeps the best again: watch what it keeps, prunes and finishes.';
const STOPPING = { no: false, yes: true, never: 'never' };

export class BeamsView {
  #beams = new Setting({ name: 'num-beams', label: 'Beams', kind: 'integer', min: 1, max: 16, step: 1, scale: 'linear', value: 4, slider: true });
  #penalty = new Setting({ name: 'length-penalty', label: 'Length penalty', kind: 'number', min: -2, max: 4, step: 0.05, scale: 'linear', value: 1, slider: true, title: 'Exponent of the length in a finished score: above 0 longer texts gain. Moving it ranks the finished texts anew, without a search.', onInput: () => this.#rank() });
  #returned = new Setting({ name: 'num-return', label: 'Returned', kind: 'integer', min: 1, max: 16, step: 1, scale: 'linear', value: 4 });
  #tokens = new Setting({ name: 'beam-tokens', label: 'Tokens at most', kind: 'integer', min: 1, max: 256, step: 1, scale: 'log', value: 12 });
  /** @type {keyof typeof STOPPING} */
  #stopping = 'no';
  #run;
  #empty;
  #tree = new BeamTree();
  #list = h('ol', { class: 'beam-list' });
  #listTitle = h('h3', {}, 'Finished texts');
  #rivals;
  #work = h('p', { class: 'work', 'data-work': true });
  #body;
  /** @type {BeamsData | null} */
  #data = null;

  /** @param {{ onStart: (settings: BeamsSettings) => void, onStop: () => void, onCompare: (best: FinishedBeamData) => void }} options */
  constructor({ onStart, onStop, onCompare }) {
    const start = () => onStart(this.settings);
    const stopping = h('div', { class: 'setting' }, h('span', { class: 'setting-label' }, 'Early stopping'), choice('Early stopping', Object.keys(STOPPING), 'no', (value) => (this.#stopping = /** @type {keyof typeof STOPPING} */ (value))));
    this.#run = new RunBar({ settings: [this.#beams.element, this.#penalty.element, stopping, this.#returned.element, this.#tokens.element], start: 'Start', onStart: start, onStop });
    this.#empty = new Empty({ sentence: SENTENCE, button: 'Search with 4 beams', onBegin: start });
    this.#rivals = new Rivals({ onCompare: () => this.#best && onCompare(this.#best) });
    this.#body = h('div', { class: 'beams-body' }, this.#work, this.#tree.element, this.#listTitle, this.#list, this.#rivals.element);
    this.element = h('div', { class: 'beams-view' }, this.#run.element, this.#empty.element, this.#body);
  }

  /** @returns {BeamsSettings} */
  get settings() {
    const numBeams = this.#beams.value;
    return { numBeams, lengthPenalty: this.#penalty.value, earlyStopping: /** @type {boolean | 'never'} */ (STOPPING[this.#stopping]), numReturn: Math.min(numBeams, this.#returned.value), tokens: this.#tokens.value };
  }

  /** @param {{ data: BeamsData | null, rivals: RivalData[] | null, comparing: boolean, able: boolean, running: boolean, stale: boolean }} state */
  update({ data, rivals, comparing, able, running, stale }) {
    this.#data = data;
    this.#run.update({ able, running, stale, status: data ? statusOf(data, running) : running ? 'Reading the prompt…' : '' });
    this.#empty.update({ shown: !data && !running, able, why: 'Load a model first.' });
    this.#body.hidden = !data;
    this.element.classList.toggle('stale', stale);
    if (!data) return;
    setText(this.#work, workSaved(data.computed, 0));
    this.#tree.update(data.steps);
    this.#rank();
    this.#rivals.update({ rivals, comparing, able: able && !running && data.finished.length > 0 });
  }

  /** @returns {FinishedBeamData | null} */
  get #best() {
    return ranked(this.#data?.finished ?? [], this.#penalty.value)[0] ?? null;
  }

  /** By the length penalty as it is now: no search is needed. */
  #rank() {
    const finished = ranked(this.#data?.finished ?? [], this.#penalty.value);
    this.#listTitle.hidden = finished.length === 0;
    this.#list.replaceChildren(...finished.map((beam, index) => this.#item(beam, index)));
    this.#tree.mark(finished[0]?.ids ?? this.#data?.steps.at(-1)?.beams[0]?.ids ?? null);
  }

  /** @param {FinishedBeamData & { normalised: number }} beam @param {number} index */
  #item(beam, index) {
    const figures = [
      `score ${minus(beam.normalised.toFixed(3))}`,
      `${count(beam.length)} ${beam.length === 1 ? 'token' : 'tokens'}`,
      `ln p ${logProb(beam.rawLogProb)}`,
    ];
    const mark = () => this.#tree.mark(beam.ids);
    const text = h('button', { type: 'button', class: 'beam-text', 'aria-label': `Place ${index + 1}: ${spoken(beam.text)}. Show its way in the tree.`, onclick: () => this.#tree.mark(beam.ids, true), onpointerenter: mark }, ...tokenNodes(beam.text, false));
    return h('li', { class: 'beam-item', 'data-beam': beam.ids.join('.') }, text, h('span', { class: 'beam-figures' }, figures.join(' · ')));
  }
}

/** @param {BeamsData} data @param {boolean} running */
function statusOf({ steps, finished, done }, running) {
  const state = done ? 'Done' : running ? 'Running' : 'Stopped';
  return `${state}: ${count(steps.length)} ${steps.length === 1 ? 'step' : 'steps'}, ${count(finished.length)} finished.`;
}
