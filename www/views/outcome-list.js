// Distinct texts as bars: the share of the samples, a marker at the exact probability, and what was not seen.

/** @import { OutcomeData, OutcomesData } from './types.js' */

import { h, setAttr, setText, setVar } from './dom.js';
import { count, percent, shortPercent } from './format.js';
import { spoken, tokenNodes } from './text.js';

/** So many texts are listed at first, and more with each click. */
const PAGE = 15;

export class OutcomeList {
  #list = h('ol', { class: 'outcome-list' });
  #more;
  #shown = PAGE;
  /** @type {OutcomesData | null} */
  #data = null;

  constructor() {
    this.#more = h('button', { type: 'button', class: 'pill', onclick: () => this.#showMore() });
    this.element = h('div', { class: 'outcomes' }, this.#list, this.#more);
  }

  /** @param {OutcomesData} data */
  update(data) {
    this.#data = data;
    const { outcomes, finished, sampled } = data;
    const shown = outcomes.slice(0, this.#shown);
    const unseen = Math.max(0, data.unseen);
    const longest = Math.max(...shown.map((each) => Math.max(shareOf(each, finished), Math.exp(each.logProb))), 1e-9);
    this.#resize(shown.length + 1);
    shown.forEach((each, index) => this.#row(index, each, { finished, longest, sampled }));
    this.#unseenRow(shown.length, unseen, longest);
    const left = outcomes.length - shown.length;
    this.#more.hidden = left <= 0;
    setText(this.#more, `${count(Math.min(left, PAGE))} more of ${count(left)}`);
  }

  #showMore() {
    this.#shown += PAGE;
    if (this.#data) this.update(this.#data);
  }

  /** @param {number} rows */
  #resize(rows) {
    while (this.#list.children.length > rows) this.#list.lastElementChild?.remove();
    while (this.#list.children.length < rows) this.#list.append(makeRow());
  }

  /** @param {number} index @param {OutcomeData} outcome @param {{ finished: number, longest: number, sampled: boolean }} scale */
  #row(index, outcome, { finished, longest, sampled }) {
    const { row, text, bar, figures } = parts(this.#list.children[index]);
    const exact = Math.exp(outcome.logProb);
    const share = sampled ? shareOf(outcome, finished) : exact;
    setAttr(row, 'data-outcome', outcome.ids.join('.'));
    setAttr(row, 'data-unseen', null);
    setAttr(bar, 'data-over', null);
    if (row.dataset.text !== outcome.text) {
      row.dataset.text = outcome.text;
      text.replaceChildren(...tokenNodes(outcome.text, false));
    }
    setAttr(text, 'title', outcome.finish === 'end' ? 'The model ended this text.' : `Ended by ${outcome.finish}.`);
    setVar(bar, '--share', Number((share / longest).toFixed(5)));
    setVar(bar, '--exact', Number((exact / longest).toFixed(5)));
    setText(figures, sampled ? `${count(outcome.count)} · ${shortPercent(share)} · exactly ${percent(exact)}` : percent(exact));
    setAttr(row, 'aria-label', `${spoken(outcome.text)}: ${sampled ? `${count(outcome.count)} of ${count(finished)} samples, ` : ''}exact probability ${percent(exact)}`);
  }

  /** @param {number} index @param {number} unseen @param {number} longest */
  #unseenRow(index, unseen, longest) {
    const { row, text, bar, figures } = parts(this.#list.children[index]);
    setAttr(row, 'data-outcome', null);
    setAttr(row, 'data-unseen', true);
    delete row.dataset.text;
    setText(text, this.#data?.sampled ? 'all texts not yet seen' : 'all texts not listed');
    setAttr(text, 'title', null);
    // It may be greater by far than any text: then its bar is torn.
    setAttr(bar, 'data-over', unseen > longest);
    setVar(bar, '--share', Number(Math.min(1, unseen / longest).toFixed(5)));
    setVar(bar, '--exact', 0);
    setText(figures, percent(unseen));
    setAttr(row, 'aria-label', `${text.textContent}: exact probability ${percent(unseen)} together`);
  }
}

/** @param {OutcomeData} outcome @param {number} finished */
const shareOf = ({ count: samples }, finished) => (finished > 0 ? samples / finished : 0);

function makeRow() {
  const bar = h('span', { class: 'outcome-bar', 'aria-hidden': 'true' }, h('span', { class: 'outcome-share' }), h('span', { class: 'outcome-exact' }));
  return h('li', { class: 'outcome' }, h('span', { class: 'outcome-text' }), bar, h('span', { class: 'outcome-figures' }));
}

/** @param {Element} row */
function parts(row) {
  const [text, bar, figures] = /** @type {HTMLElement[]} */ ([...row.children]);
  return { row: /** @type {HTMLElement} */ (row), text, bar, figures };
}
