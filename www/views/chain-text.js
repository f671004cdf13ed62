// The chain as text: to be copied, kept and sent, and put back.

import { freshId, h } from './dom.js';

export class ChainText {
  #text;
  /** What the field said of the chain, last. Another text in it is the reader's own. */
  #shown = '';
  #error = h('p', { class: 'knob-error', role: 'alert', hidden: true });
  #discard;
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
    this.#text = h('textarea', { id, rows: 6, spellcheck: 'false', 'data-part': 'text', oninput: () => this.#offerDiscard() });
    const button = (/** @type {string} */ part, /** @type {string} */ label, /** @type {() => void} */ onclick) => h('button', { type: 'button', class: 'quiet', 'data-part': part, onclick }, label);
    this.#discard = button('discard', 'Discard', () => this.#show());
    this.element = h(
      'details',
      { class: 'chain-text' },
      h('summary', {}, 'As text'),
      h('label', { for: id, class: 'small' }, 'The chain and all knobs that are not at their default. Change it, or put another in its place.'),
      this.#text,
      this.#error,
      h('div', { class: 'actions' }, button('copy', 'Copy', () => this.#copy()), button('apply', 'Apply', () => this.#put()), this.#discard),
    );
    this.#offerDiscard();
    this.element.addEventListener('toggle', () => this.update());
    this.#text.addEventListener('blur', () => this.update());
  }

  /** Shows the chain as it is. A text of the reader's stays, and what was wrong with it, until it is applied or discarded. */
  update() {
    // Whoever is in the field may have selected it all, to put another text in its place: a new value would leave the caret behind the old one.
    const reading = document.activeElement === this.#text;
    if (this.element.open && !reading && this.#text.value === this.#shown) this.#show();
  }

  #show() {
    const now = JSON.stringify(this.#read(), null, 1);
    this.#text.value = now;
    this.#shown = now;
    this.#error.hidden = true;
    this.#offerDiscard();
  }

  #offerDiscard() {
    this.#discard.hidden = this.#text.value === this.#shown;
  }

  #copy() {
    this.#text.select();
    navigator.clipboard?.writeText(this.#text.value).catch(() => {}); // What is selected can be copied by hand.
  }

  #put() {
    try {
      this.#apply(this.#text.value);
      this.#show();
    } catch (error) {
      this.#error.textContent = /** @type {Error} */ (error).message;
      this.#error.hidden = false;
    }
  }
}
