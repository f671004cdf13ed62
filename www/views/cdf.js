// The line from 0 to 1 on which the token is drawn: one interval a token, by raw rank, and the draw u as a needle.

/** @import { BarData, StepData } from './types.js' */

import { h, setAttr, setText, setVar } from './dom.js';
import { percent } from './format.js';
import { spoken, visible } from './text.js';

/** Intervals narrower than this are left to the background. */
const VISIBLE = 0.0008;
/** From this width on there is room for the word. */
const READABLE = 0.045;

export class Cdf {
  #intervals = h('div', { class: 'cdf-intervals', 'aria-hidden': 'true' });
  #needle = h('div', { class: 'cdf-needle', 'aria-hidden': 'true' }, h('span'));
  #summary = h('p', { class: 'cdf-summary' });

  constructor() {
    const line = h('div', { class: 'cdf-line' }, this.#intervals, this.#needle);
    const ends = h('div', { class: 'cdf-ends', 'aria-hidden': 'true' }, h('span', {}, '0'), h('span', {}, '1'));
    this.element = h('div', { class: 'cdf', part: 'cdf' }, line, ends, this.#summary);
  }

  /** @param {StepData} step */
  update(step) {
    const wide = step.tokens.filter(({ low, high }) => high - low >= VISIBLE);
    while (this.#intervals.children.length > wide.length) this.#intervals.lastElementChild?.remove();
    while (this.#intervals.children.length < wide.length) this.#intervals.append(h('span', { class: 'cdf-interval' }));
    wide.forEach((bar, index) => this.#interval(/** @type {HTMLElement} */ (this.#intervals.children[index]), bar, step));
    this.#point(step);
    setText(this.#summary, summary(step));
  }

  /** @param {HTMLElement} element @param {BarData} bar @param {StepData} step */
  #interval(element, { id, rank, text, low, high }, step) {
    setVar(element, '--low', low);
    setVar(element, '--width', high - low);
    setText(element, high - low >= READABLE ? visible(text) : '');
    setAttr(element, 'data-chosen', id === step.chosen.id);
    setAttr(element, 'data-odd', rank % 2 === 1);
  }

  /** @param {StepData} step */
  #point({ draw }) {
    this.#needle.hidden = draw === null;
    if (!draw) return;
    setVar(this.#needle, '--u', draw.u);
    setAttr(this.#needle, 'data-side', draw.u > 0.85 ? 'left' : draw.u < 0.15 ? 'right' : 'middle');
    setText(/** @type {Node} */ (this.#needle.firstChild), `u = ${draw.u.toFixed(4)}`);
  }
}

/** @param {StepData} step */
function summary({ draw, chosen, step }) {
  const word = `“${spoken(chosen.text)}”`;
  if (!draw) return step < 0 ? `${word} was given in the prompt, so nothing was drawn here.` : `${word} was taken without a draw.`;
  if (draw.id !== chosen.id) return `Under these knobs the draw would fall on another token than ${word}, which stands here.`;
  return `The draw falls on ${word}, whose interval is ${draw.low.toFixed(4)} to ${draw.high.toFixed(4)}: ${percent(draw.high - draw.low)} of the line.`;
}
