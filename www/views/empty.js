// What a view says before there is anything to see: one sentence, and a button that begins.

import { h, setText } from './dom.js';

export class Empty {
  #button;
  #hint = h('p', { class: 'small' });

  /** @param {{ sentence: string, button: string, onBegin: () => void }} options */
  constructor({ sentence, button, onBegin }) {
    this.#button = h('button', { type: 'button', class: 'primary', 'data-begin': true, onclick: onBegin }, button);
    this.element = h('div', { class: 'empty' }, h('p', {}, sentence), this.#button, this.#hint);
  }

  /** @param {{ shown: boolean, able: boolean, why?: string }} state  why: said where it cannot begin */
  update({ shown, able, why = '' }) {
    this.element.hidden = !shown;
    this.#button.disabled = !able;
    setText(this.#hint, able ? '' : why);
    this.#hint.hidden = able || why === '';
  }
}
