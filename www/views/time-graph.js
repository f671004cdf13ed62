// One step of the text as a small graph: its most probable tokens, the chosen one, and the line to the next step.

/** @import { BarData, StepData } from './types.js' */

import { describeBar } from './bar-text.js';
import { h, s, setAttr, setText, setVar } from './dom.js';
import { shortPercent } from './format.js';
import { spoken, tokenNodes } from './text.js';

/** Sizes in pixels; time.css draws by the same. */
export const GRAPH = { width: 176, gap: 36, head: 34, row: 24, bars: 8 };

export class TimeGraph {
  #title = h('span', { class: 'graph-title' });
  #rows = h('span', { class: 'graph-rows', 'aria-hidden': 'true' });
  #told = h('span', { class: 'unseen' });
  #path = s('path', {});
  #line;
  #shown = '';

  /** @param {(position: number) => void} onSelect */
  constructor(onSelect) {
    this.position = -1;
    this.#line = s('svg', { class: 'graph-line', width: GRAPH.gap, height: GRAPH.head + (GRAPH.bars + 2) * GRAPH.row, 'aria-hidden': 'true' }, this.#path);
    this.button = h('button', { type: 'button', class: 'graph', onclick: () => onSelect(this.position) }, this.#title, this.#told, this.#rows);
    this.element = h('li', { class: 'graph-place' }, this.button, this.#line);
  }

  /** @param {{ index: number, position: number, word: string, step: StepData | null, selected: boolean, last: boolean }} data */
  update({ index, position, word, step, selected, last }) {
    this.position = position;
    setVar(this.element, '--index', index);
    setAttr(this.button, 'data-step', index);
    setAttr(this.button, 'aria-current', selected ? 'step' : null);
    setAttr(this.button, 'tabindex', selected ? 0 : -1);
    setText(this.#title, `t = ${index + 1}`);
    setText(this.#told, `: ${step ? describe(step, word) : spoken(word)}`);
    if (!step) return this.#wait(word);
    this.#draw(step, last);
  }

  /** @param {string} word */
  #wait(word) {
    if (this.#shown === `wait ${word}`) return;
    this.#shown = `wait ${word}`;
    this.#rows.replaceChildren(h('span', { class: 'graph-row', 'data-chosen': true }, h('span', { class: 'graph-word' }, ...tokenNodes(word, false))));
    setAttr(this.#path, 'd', '');
  }

  /** @param {StepData} step @param {boolean} last */
  #draw(step, last) {
    const key = `${last} ${step.position} ${step.chosen.id} ${step.tokens.map(({ id, warped, raw }) => `${id}:${warped}:${raw}`).join(' ')}`;
    if (this.#shown === key) return;
    this.#shown = key;
    const longest = Math.max(1e-9, step.others.warped, ...step.tokens.map(({ raw, warped }) => Math.max(raw, warped)));
    const rows = step.tokens.map((bar) => row(bar, { longest, chosen: bar.id === step.chosen.id }));
    this.#rows.replaceChildren(...rows, othersRow(step, longest));
    const at = step.tokens.findIndex(({ id }) => id === step.chosen.id);
    const from = GRAPH.head + (at < 0 ? step.tokens.length : at) * GRAPH.row + GRAPH.row / 2;
    const to = GRAPH.head / 2;
    const middle = GRAPH.gap / 2;
    setAttr(this.#path, 'd', last ? '' : `M0 ${from}C${middle} ${from} ${middle} ${to} ${GRAPH.gap} ${to}`);
  }
}

/** @param {StepData} step @param {string} word */
function describe(step, word) {
  const chosen = step.tokens.find(({ id }) => id === step.chosen.id);
  return chosen ? describeBar(chosen, true) : spoken(word);
}

/** @param {BarData} bar @param {{ longest: number, chosen: boolean }} options */
function row(bar, { longest, chosen }) {
  const element = h(
    'span',
    { class: 'graph-row', 'data-chosen': chosen, 'data-removed': bar.removedBy !== null },
    h('span', { class: 'graph-bar' }),
    h('span', { class: 'graph-word' }, ...tokenNodes(bar.text, bar.partial)),
    h('span', { class: 'graph-share' }, bar.removedBy ? '' : shortPercent(bar.warped)),
  );
  setVar(element, '--raw', Number((bar.raw / longest).toFixed(4)));
  setVar(element, '--warped', Number((bar.warped / longest).toFixed(4)));
  return element;
}

/** @param {StepData} step @param {number} longest */
function othersRow({ others }, longest) {
  const element = h('span', { class: 'graph-row', 'data-others': true }, h('span', { class: 'graph-bar' }), h('span', { class: 'graph-word' }, 'others'), h('span', { class: 'graph-share' }, shortPercent(others.warped)));
  setVar(element, '--raw', Number(Math.min(1, others.raw / longest).toFixed(4)));
  setVar(element, '--warped', Number((others.warped / longest).toFixed(4)));
  return element;
}
