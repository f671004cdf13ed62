// One line: the exact probability of the whole text, and a field to score another.

/** @import { TotalsData } from './types.js' */

import { freshId, h, setText } from './dom.js';
import { count, logProb } from './format.js';

export class TotalsLine {
  #facts = h('dl', { class: 'totals', hidden: true });
  #form;
  #field;
  #open;

  /** @param {(text: string) => void} onScore */
  constructor(onScore) {
    const id = freshId('score');
    this.#field = h('textarea', { id, rows: 2, spellcheck: 'false' });
    this.#open = h('button', { type: 'button', class: 'quiet', 'data-score': true, 'aria-expanded': 'false', disabled: true, onclick: () => this.#toggle(Boolean(this.#form.hidden)) }, 'Score a text…');
    this.#form = h(
      'form',
      { class: 'score-form', hidden: true },
      h('label', { for: id }, 'How probable is this text after the prompt? It begins with a space if a word does.'),
      this.#field,
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Score'), h('button', { type: 'button', class: 'quiet', onclick: () => this.#toggle(false) }, 'Cancel')),
    );
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#field.value === '') return this.#field.focus();
      this.#toggle(false);
      onScore(this.#field.value);
    });
    this.element = h('div', { class: 'totals-line' }, this.#facts, this.#open, this.#form);
  }

  /** @param {boolean} possible */
  setPossible(possible) {
    this.#open.disabled = !possible;
  }

  /** What is shown no longer holds. */
  dim() {
    this.#facts.classList.add('stale');
  }

  /** @param {TotalsData | null} totals */
  update(totals) {
    this.#facts.classList.remove('stale');
    this.#facts.hidden = totals === null;
    if (!totals) return;
    const { tokens, raw, warped, perplexity } = totals;
    /** @type {[string, string, string][]} */
    const facts = [
      ['tokens', count(tokens.length), 'Tokens of the text, the prompt not counted'],
      ['ln p, model', logProb(raw), 'The logarithm of the probability that the model itself gives the whole text'],
      ['ln p, knobs', logProb(warped), 'The same under the knobs as they are; −∞ if they forbid one of its tokens'],
      ['perplexity', perplexity === null ? '–' : perplexity.toPrecision(3), 'exp(−ln p / tokens) under the model: as many equally probable tokens to choose from, on average'],
    ];
    if (this.#facts.childElementCount === 0) this.#facts.append(...facts.map(([name, , means]) => h('div', { title: means, 'data-total': name }, h('dt', {}, name), h('dd', {}))));
    for (const [index, [, value]] of facts.entries()) setText(/** @type {Node} */ (this.#facts.children[index].lastChild), value);
  }

  /** @param {boolean} open */
  #toggle(open) {
    this.#form.hidden = !open;
    this.#open.setAttribute('aria-expanded', String(open));
    if (open) this.#field.focus();
    else this.#open.focus();
  }
}
