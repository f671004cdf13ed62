// The numbers of the bars, from the logit to the cumulative probability, in the order in which they are computed.

/** @import { BarData, StepData } from './types.js' */

import { h, setAttr, setText } from './dom.js';
import { minus, percent } from './format.js';
import { stageName } from './stages.js';
import { tokenNodes } from './text.js';

/** What a step does not know. */
const UNKNOWN = '–';

/** @type {{ name: string, meaning: string, value: (bar: BarData) => string }[]} */
const COLUMNS = [
  { name: 'logit', meaning: 'The model’s score.', value: ({ logit }) => decimal(logit) },
  { name: 'penalised', meaning: 'After bias and penalties.', value: ({ penalised }) => decimal(penalised) },
  { name: '÷ τ', meaning: 'Divided by the temperature.', value: ({ scaled }) => decimal(scaled) },
  { name: 'softmax', meaning: 'As a probability, before anything is removed.', value: ({ softmax }) => (typeof softmax === 'number' ? percent(softmax) : UNKNOWN) },
  { name: 'kept?', meaning: 'Or the stage that removed it.', value: ({ removedBy }) => (removedBy ? stageName(removedBy) : 'kept') },
  { name: 'renormalised', meaning: 'Probability after the rest was removed.', value: ({ warped }) => percent(warped) },
  { name: 'cumulative', meaning: 'Upper end of its interval on the line of the draw.', value: ({ high, removedBy }) => (removedBy ? UNKNOWN : high.toFixed(4)) },
];

/** @param {number | null | undefined} value  null: minus infinity */
const decimal = (value) => (value === undefined ? UNKNOWN : value === null ? '−∞' : minus(value.toFixed(3)));

export class StepTable {
  #rows = h('tbody');
  /** @type {StepData | null} */
  #step = null;

  constructor() {
    const heads = COLUMNS.map(({ name, meaning }) => h('th', { scope: 'col', title: meaning }, name));
    const table = h('table', {}, h('caption', { class: 'unseen' }, 'The same numbers'), h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'token'), ...heads)), this.#rows);
    const scroller = h('div', { class: 'table-scroller', tabindex: 0, role: 'region', 'aria-label': 'Table of the step' }, table);
    this.element = h('details', { class: 'step-table' }, h('summary', {}, 'Table: from the logit to the draw'), scroller);
    this.element.addEventListener('toggle', () => this.#draw());
  }

  /** @param {StepData} step */
  update(step) {
    this.#step = step;
    this.#draw();
  }

  /** A closed table costs nothing. */
  #draw() {
    const step = this.#step;
    if (!step || !this.element.open) return;
    while (this.#rows.children.length > step.tokens.length) this.#rows.lastElementChild?.remove();
    while (this.#rows.children.length < step.tokens.length) this.#rows.append(h('tr', {}, h('th', { scope: 'row' }), ...COLUMNS.map(() => h('td'))));
    step.tokens.forEach((bar, index) => this.#row(this.#rows.children[index], bar, step));
  }

  /** @param {Element} row @param {BarData} bar @param {StepData} step */
  #row(row, bar, { chosen }) {
    const [token, ...cells] = row.children;
    if (token.getAttribute('data-id') !== String(bar.id)) {
      setAttr(token, 'data-id', bar.id);
      token.replaceChildren(...tokenNodes(bar.text, bar.partial));
    }
    setAttr(row, 'data-chosen', bar.id === chosen.id);
    setAttr(row, 'data-removed', bar.removedBy !== null);
    COLUMNS.forEach(({ value }, index) => setText(cells[index], value(bar)));
  }
}
