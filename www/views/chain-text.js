// The chain as text: to be copied, kept and sent, and put back.

import { freshId, h } from './dom.js';

export class ChainText {
  #text;
  #error = h('p', { class: 'knob-error', role: 'alert', hidden: true });
  #read;
  #apply;

  /**
   * @param {() => object} read  the chain as it is
   * @param {(text: string) => void} apply  throws a sentence on what is wrong with it
   */
  constructor(read, apply) {
    this.#read = read;
    this.#apply = apply;
    const id = freshId('chain-text');
    this.#text = h('textarea', { id, rows: 6, spellcheck: 'false', 'data-part': 'text' });
    const button = (/** @type {string} */ part, /** @type {string} */ label, /** @type {() => void} */ onclick) => h('button', { type: 'button', class: 'quiet', 'data-part': part, onclick }, label);
    this.element = h(
      'details',
      { class: 'chain-text' },
      h('summary', {}, 'As text'),
      h('label', { for: id, class: 'small' }, 'The chain and all knobs that are not at their default. Change it, or put another in its place.'),
      this.#text,
      this.#error,
      h('div', { class: 'actions' }, button('copy', 'Copy', () => this.#copy()), button('apply', 'Apply', () => this.#put())),
    );
    this.element.addEventListener('toggle', () => this.update());
  }

  /** Shows the chain as it is; what is being typed stays. */
  update() {
    if (!this.element.open || document.activeElement === this.#text) return;
    this.#text.value = JSON.stringify(this.#read(), null, 1);
    this.#error.hidden = true;
  }

  #copy() {
    this.#text.select();
    navigator.clipboard?.writeText(this.#text.value).catch(() => {}); // What is selected can be copied by hand.
  }

  #put() {
    try {
      this.#apply(this.#text.value);
      this.update();
    } catch (error) {
      this.#error.textContent = /** @type {Error} */ (error).message;
      this.#error.hidden = false;
    }
  }
}
