// The bars of one step: x are words, y is probability. The columns are built once and then only adjusted.

/** @import { BarData, StepData } from './types.js' */

import { axisOf } from './axis.js';
import { Column } from './bar-column.js';
import { barTooltip, othersTooltip } from './bar-text.js';
import { h, setAttr, setText, setVar } from './dom.js';
import { Tooltip } from './tooltip.js';

/** @typedef {{ log: boolean }} BarsOptions */

export class Bars {
  #grid = h('div', { class: 'bars-grid', 'aria-hidden': 'true' });
  #columns = h('div', { class: 'bars-columns', role: 'group', 'aria-label': 'Probable next tokens' });
  #tooltip = new Tooltip();
  /** @type {Column[]} */
  #bars = [];
  #others = new Column();
  /** @type {StepData | null} */
  #step = null;
  #onChoose;

  /** @param {{ onChoose?: (bar: BarData, step: StepData) => void }} [options]  hears of a token that was clicked */
  constructor({ onChoose } = {}) {
    this.#onChoose = onChoose;
    const scroller = h('div', { class: 'bars-scroller' }, h('div', { class: 'bars-plot' }, this.#grid, this.#columns));
    this.element = h('div', { class: 'bars', part: 'bars' }, scroller, this.#tooltip.element);
    this.#columns.append(this.#others.element);
    this.#columns.addEventListener('pointerover', (event) => this.#explain(event));
    this.#columns.addEventListener('focusin', (event) => this.#explain(event));
    this.#columns.addEventListener('pointerleave', () => this.#tooltip.hide());
    this.#columns.addEventListener('focusout', () => this.#tooltip.hide());
    this.#columns.addEventListener('keydown', (event) => this.#pressed(event));
    this.#columns.addEventListener('click', (event) => this.#chose(event));
    scroller.addEventListener('scroll', () => this.#tooltip.hide(), { passive: true });
  }

  /** @param {StepData} step @param {BarsOptions} options */
  update(step, { log }) {
    this.#step = step;
    const axis = axisOf(step.tokens, log);
    this.#resize(step.tokens.length);
    this.#drawGrid(axis.ticks);
    setVar(this.#columns, '--count', step.tokens.length + 1);
    setAttr(this.element, 'data-many', step.tokens.length > 24);
    setAttr(this.element, 'data-few', step.tokens.length <= 12);
    const apart = step.tokens.at(-1)?.rank !== step.tokens.length - 1;
    step.tokens.forEach((bar, index) => {
      const last = index === step.tokens.length - 1;
      this.#bars[index].showToken(bar, { axis, chosen: bar.id === step.chosen.id, apart: apart && last });
    });
    this.#others.showOthers(step.others, axis);
    this.#keepOneInTabOrder();
    this.#tooltip.refresh();
  }

  /** @param {number} count */
  #resize(count) {
    while (this.#bars.length > count) this.#bars.pop()?.element.remove();
    while (this.#bars.length < count) {
      const column = new Column();
      this.#bars.push(column);
      this.#columns.insertBefore(column.element, this.#others.element);
    }
  }

  /** @param {{ at: number, label: string }[]} ticks */
  #drawGrid(ticks) {
    while (this.#grid.children.length > ticks.length) this.#grid.lastElementChild?.remove();
    while (this.#grid.children.length < ticks.length) this.#grid.append(h('div', { class: 'bars-tick' }, h('span')));
    ticks.forEach(({ at, label }, index) => {
      const tick = /** @type {HTMLElement} */ (this.#grid.children[index]);
      setVar(tick, '--at', at);
      setText(/** @type {Node} */ (tick.firstChild), label);
    });
  }

  get #all() {
    return [...this.#bars, this.#others].map((column) => column.element);
  }

  #keepOneInTabOrder() {
    const all = this.#all;
    const current = all.find((bar) => bar.tabIndex === 0) ?? all[0];
    for (const bar of all) setAttr(bar, 'tabindex', bar === current ? 0 : -1);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key === 'Escape' && this.#tooltip.shown) {
      event.stopPropagation();
      return this.#tooltip.hide();
    }
    const all = this.#all;
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const target = /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 })[event.key];
    if (target === undefined || !all[target]) return;
    event.preventDefault();
    setAttr(all[at], 'tabindex', -1);
    setAttr(all[target], 'tabindex', 0);
    all[target].focus();
  }

  /** Puts the focus back on the bar that was chosen last. */
  focus() {
    this.#all.find((bar) => bar.tabIndex === 0)?.focus();
  }

  /** @param {Event} event */
  #chose(event) {
    const bar = /** @type {Element} */ (event.target).closest('[data-bar]');
    const at = this.#bars.findIndex((column) => column.element === bar);
    const step = this.#step;
    if (at < 0 || !step || !this.#onChoose) return;
    for (const each of this.#all) setAttr(each, 'tabindex', each === bar ? 0 : -1);
    this.#onChoose(step.tokens[at], step);
  }

  /** @param {Event} event */
  #explain(event) {
    const bar = /** @type {Element} */ (event.target).closest('[data-bar]');
    if (!(bar instanceof HTMLElement)) return;
    this.#tooltip.show(bar, () => this.#textOf(bar));
  }

  /** @param {HTMLElement} bar @returns {[string, string][]} */
  #textOf(bar) {
    const step = this.#step;
    if (!step) return [];
    if (bar === this.#others.element) return othersTooltip(step);
    const data = step.tokens[this.#bars.findIndex((column) => column.element === bar)];
    return data ? barTooltip(data, step) : [];
  }
}
