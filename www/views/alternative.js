// What can be done with the bar that was chosen: write its token here, in a text of its own.

/** @import { BarData, StepData } from './types.js' */

import { h, setText } from './dom.js';
import { percent } from './format.js';
import { visible } from './text.js';

export class Alternative {
  #what = h('p', {});
  #write;
  #goOn;
  /** @type {{ position: number, id: number } | null} */
  #shown = null;

  /** @param {{ onBranch: (position: number, id: number, goOn: boolean) => void, onClose: () => void }} options */
  constructor({ onBranch, onClose }) {
    const branch = (/** @type {boolean} */ goOn) => () => {
      const shown = this.#shown;
      this.hide();
      if (shown) onBranch(shown.position, shown.id, goOn);
    };
    this.#write = h('button', { type: 'button', class: 'primary', 'data-write': true, onclick: branch(false) }, 'Write this token here');
    this.#goOn = h('button', { type: 'button', 'data-write-on': true, onclick: branch(true) }, 'and go on');
    const close = h('button', { type: 'button', class: 'quiet', onclick: onClose }, 'Cancel');
    this.element = h('div', { class: 'alternative', role: 'group', 'aria-label': 'Another token', hidden: true }, this.#what, this.#write, this.#goOn, close);
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      onClose();
    });
  }

  /** @param {BarData} bar @param {StepData} step */
  show(bar, step) {
    this.#shown = { position: step.position, id: bar.id };
    setText(this.#what, `${visible(bar.text)} in place of ${visible(step.chosen.text)} at step ${step.step + 1}: the model gives it ${percent(bar.raw)}. The text as it is stays in the list of texts.`);
    this.element.hidden = false;
    this.#write.focus();
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
