// What can be done with the bar that was chosen: write its token here, in a text of its own; or ban it, or bias it.

/** @import { BarData, StepData, TokenName } from './types.js' */

import { h, setText } from './dom.js';
import { percent } from './format.js';
import { visible } from './text.js';

/**
 * @typedef {object} ChoiceOptions
 * @property {(position: number, id: number, goOn: boolean) => void} onBranch  writes another token, and goes on from there
 * @property {(token: TokenName, how: 'ban' | 'bias') => void} onRule          changes the knobs
 */

export class Alternative {
  #what = h('p', {});
  #write;
  #goOn;
  /** @type {(TokenName & { position: number }) | null} */
  #shown = null;

  /** @param {ChoiceOptions & { onClose: () => void }} options */
  constructor({ onBranch, onRule, onClose }) {
    const branch = (/** @type {boolean} */ goOn) => () => {
      const shown = this.#shown;
      this.hide();
      if (shown) onBranch(shown.position, shown.id, goOn);
    };
    this.#write = h('button', { type: 'button', class: 'primary', 'data-write': true, onclick: branch(false) }, 'Write this token here');
    this.#goOn = h('button', { type: 'button', 'data-write-on': true, onclick: branch(true) }, 'and go on');
    const rule = (/** @type {'ban' | 'bias'} */ how) => () => {
      const shown = this.#shown;
      onClose();
      if (shown) onRule({ id: shown.id, text: shown.text }, how);
    };
    const ban = h('button', { type: 'button', 'data-ban': true, title: 'No text may have this token', onclick: rule('ban') }, 'Ban it');
    const bias = h('button', { type: 'button', 'data-bias': true, title: 'Add to its logit: a slider for it appears among the knobs', onclick: rule('bias') }, 'Bias it');
    const close = h('button', { type: 'button', class: 'quiet', onclick: onClose }, 'Cancel');
    this.element = h('div', { class: 'alternative', role: 'group', 'aria-label': 'Another token', hidden: true }, this.#what, this.#write, this.#goOn, ban, bias, close);
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      onClose();
    });
  }

  /** @param {BarData} bar @param {StepData} step */
  show(bar, step) {
    this.#shown = { position: step.position, id: bar.id, text: bar.text };
    // The token that stands here needs no branch.
    const other = bar.id !== step.chosen.id;
    const what = other
      ? `${visible(bar.text)} in place of ${visible(step.chosen.text)} at step ${step.step + 1}: the model gives it ${percent(bar.raw)}. The text as it is stays in the list of texts.`
      : `${visible(bar.text)} stands at step ${step.step + 1}: the model gives it ${percent(bar.raw)}.`;
    setText(this.#what, what);
    for (const button of [this.#write, this.#goOn]) button.hidden = !other;
    this.element.hidden = false;
    /** @type {HTMLElement | null} */ (this.element.querySelector('button:not([hidden])'))?.focus();
  }

  hide() {
    this.#shown = null;
    this.element.hidden = true;
  }

  /** The picture is of another position now. @param {number} position */
  keepFor(position) {
    if (this.#shown && this.#shown.position !== position) this.hide();
  }
}
