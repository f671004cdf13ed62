// One line: the exact probability of the whole text, and a field to score another.

/** @import { TotalsData } from './types.js' */

import { freshId, h, setClass, setText } from './dom.js';
import { count, logProb } from './format.js';

/** Name and meaning of each number. @type {[string, string][]} */
const FACTS = [
  ['tokens', 'Tokens of the text, the prompt not counted'],
  ['ln p, model', 'The logarithm of the probability that the model itself gives the whole text'],
  ['ln p, knobs', 'The same under the knobs as they are; −∞ if they forbid one of its tokens'],
  ['perplexity', 'exp(−ln p / tokens) under the model: as many equally probable tokens to choose from, on average'],
];
const UNKNOWN = '–';

export class TotalsLine {
  // There from the first, with room for the numbers: what stands below must not move when they come.
  #facts = h('dl', { class: 'totals stale' }, ...FACTS.map(([name, means]) => h('div', { title: means, 'data-total': name }, h('dt', {}, name), h('dd', {}, UNKNOWN))));
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
    setClass(this.#facts, 'stale', true);
  }

  /** @param {TotalsData | null} totals  null: there is no text */
  update(totals) {
    setClass(this.#facts, 'stale', totals === null);
    const values = totals === null ? FACTS.map(() => UNKNOWN) : numbers(totals);
    for (const [index, value] of values.entries()) setText(/** @type {Node} */ (this.#facts.children[index].lastChild), value);
  }

  /** @param {boolean} open */
  #toggle(open) {
    this.#form.hidden = !open;
    this.#open.setAttribute('aria-expanded', String(open));
    if (open) this.#field.focus();
    else this.#open.focus();
  }
}

/** What stands beside the names. @param {TotalsData} totals */
const numbers = ({ tokens, raw, warped, perplexity }) => [count(tokens.length), logProb(raw), logProb(warped), perplexity === null ? UNKNOWN : perplexity.toPrecision(3)];
