// The Step view: the lesson's five steps, the bars, the draw on its line, and the numbers.
// Where branches are wanted, a bar can be chosen to be written.

/** @import { BarData, StepData } from './types.js' */
/** @import { ChoiceOptions } from './alternative.js' */

import { Alternative } from './alternative.js';
import { Bars } from './bars.js';
import { Cdf } from './cdf.js';
import { choice } from './choice.js';
import { h, setText } from './dom.js';
import { Legend } from './legend.js';
import { Lesson } from './lesson.js';
import { Numbers } from './numbers.js';
import { StepTable } from './step-table.js';
import { spoken } from './text.js';

export const BAR_COUNTS = [10, 20, 50];

export class StepView {
  #title = h('h2', { class: 'step-title' });
  #lesson = new Lesson();
  #bars;
  #legend = new Legend();
  #cdf = new Cdf();
  #numbers = new Numbers();
  #table = new StepTable();
  #alternative;
  #log = false;
  /** @type {StepData | null} */
  #step = null;

  /**
   * @param {object} options
   * @param {number} options.top                     how many bars there are
   * @param {(top: number) => void} options.onTop    hears of another wish
   * @param {ChoiceOptions} [options.choice]         what can be done with a bar
   */
  constructor({ top, onTop, choice: chosen }) {
    this.#alternative = chosen ? new Alternative({ ...chosen, onClose: () => this.#closeAlternative() }) : null;
    this.#bars = new Bars({ onChoose: (bar, step) => this.#offer(bar, step) });
    const counts = choice('Bars', BAR_COUNTS.map(String), String(top), (value) => onTop(Number(value)));
    const axis = choice('Axis', ['linear', 'log'], 'linear', (value) => this.#setLog(value === 'log'));
    const head = h('div', { class: 'step-head' }, this.#title, h('div', { class: 'step-options' }, counts, axis));
    const picture = h('div', { class: 'step-picture' }, head, this.#bars.element, this.#alternative?.element ?? null);
    this.#body = [this.#lesson.element, picture, this.#legend.element, this.#cdf.element, this.#numbers.element, this.#table.element];
    this.element = h('div', { class: 'step', part: 'step' }, ...this.#body);
    this.clear('');
  }

  #body;
  #empty = h('p', { class: 'step-empty' });

  /** @param {string} why  said in place of the picture */
  clear(why) {
    this.#step = null;
    this.#lesson.update(null);
    setText(this.#empty, why);
    this.#picture(false);
  }

  /** @param {{ step: StepData, layers: number }} data */
  update({ step, layers }) {
    this.#step = step;
    this.#picture(true);
    setText(this.#title, title(step));
    this.#lesson.update({ step, layers });
    this.#bars.update(step, { log: this.#log });
    this.#legend.update(step);
    this.#cdf.update(step);
    this.#numbers.update(step);
    this.#table.update(step);
    this.#alternative?.keepFor(step.position);
  }

  /** @param {BarData} bar @param {StepData} step */
  #offer(bar, step) {
    // The prompt is the reader's own.
    if (step.step < 0) this.#alternative?.hide();
    else this.#alternative?.show(bar, step);
  }

  #closeAlternative() {
    this.#alternative?.hide();
    this.#bars.focus();
  }

  /** @param {boolean} log */
  #setLog(log) {
    this.#log = log;
    if (this.#step) this.#bars.update(this.#step, { log });
  }

  /** @param {boolean} shown */
  #picture(shown) {
    for (const part of this.#body) part.hidden = !shown && part !== this.#lesson.element;
    if (shown) this.#empty.remove();
    else if (!this.#empty.isConnected) this.#lesson.element.after(this.#empty);
    this.#empty.hidden = this.#empty.textContent === '';
  }
}

/** @param {StepData} step */
function title({ step, position, chosen }) {
  const word = `“${spoken(chosen.text)}”`;
  return step >= 0 ? `Step ${step + 1}: ${word}` : `Prompt, position ${position}: ${word}`;
}
