// One column: the ghost of the raw probability, the bar of the warped one, and the word below.

/** @import { Axis } from './axis.js' */
/** @import { BarData, StepData } from './types.js' */

import { heightOf } from './axis.js';
import { describeBar, describeOthers } from './bar-text.js';
import { h, setAttr, setText, setVar } from './dom.js';
import { shortPercent } from './format.js';
import { tokenNodes } from './text.js';

export class Column {
  #ghost = h('span', { class: 'bar-ghost' });
  #fill = h('span', { class: 'bar-fill' });
  /** Its text comes from the style sheet: the bar's name tells the number already. */
  #value = h('span', { class: 'bar-value' });
  #word = h('span', { class: 'bar-word' });
  #shown = '';

  constructor() {
    const area = h('span', { class: 'bar-area' }, this.#ghost, this.#fill, this.#value);
    this.element = h('button', { type: 'button', class: 'bar', tabindex: -1 }, area, h('span', { class: 'bar-foot' }, this.#word));
  }

  /** @param {BarData} bar @param {{ axis: Axis, chosen: boolean, apart: boolean }} options */
  showToken(bar, { axis, chosen, apart }) {
    const key = `${bar.id}`;
    if (this.#shown !== key) {
      this.#shown = key;
      this.#word.replaceChildren(...tokenNodes(bar.text, bar.partial));
      setAttr(this.element, 'data-bar', bar.id);
    }
    setAttr(this.element, 'data-removed', bar.removedBy);
    setAttr(this.element, 'data-stage', bar.removedBy);
    setAttr(this.element, 'data-chosen', chosen);
    setAttr(this.element, 'data-apart', apart);
    this.#draw(axis, bar.raw, bar.warped);
    setAttr(this.#value, 'data-value', bar.removedBy ? null : shortPercent(bar.warped));
    setAttr(this.element, 'aria-label', describeBar(bar, chosen));
  }

  /** @param {StepData['others']} others @param {Axis} axis */
  showOthers(others, axis) {
    setAttr(this.element, 'data-bar', 'others');
    setText(this.#word, 'others');
    setAttr(this.element, 'data-removed', others.kept === 0 && others.count > 0 ? 'all' : null);
    this.#draw(axis, others.raw, others.warped);
    setAttr(this.#value, 'data-value', others.kept > 0 ? shortPercent(others.warped) : null);
    setAttr(this.element, 'aria-label', describeOthers(others));
  }

  /**
   * Each part is told its own height: the column's would be news to all that is in it.
   * @param {Axis} axis @param {number} raw @param {number} warped
   */
  #draw(axis, raw, warped) {
    const ghost = heightOf(axis, raw);
    const fill = heightOf(axis, warped);
    setVar(this.#ghost, '--share', round(Math.min(1, ghost)));
    setVar(this.#fill, '--share', round(Math.min(1, fill)));
    setVar(this.#value, '--share', round(Math.min(1, Math.max(ghost, fill))));
    setAttr(this.element, 'data-over', fill > 1 || ghost > 1);
  }
}

/** A hundredth of a pixel is enough. @param {number} share */
const round = (share) => Number(share.toFixed(5));
