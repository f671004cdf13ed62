// The step in numbers, each with what it means.

/** @import { StepData } from './types.js' */

import { h, setText } from './dom.js';
import { count, effective, percent } from './format.js';

/** @type {{ name: string, meaning: string, value: (step: StepData) => string }[]} */
const NUMBERS = [
  { name: 'Entropy', meaning: 'How uncertain the next token is, in bits: of the model itself, then after the knobs.', value: ({ raw, warped }) => `${raw.entropy.toFixed(2)} → ${warped.entropy.toFixed(2)} bits` },
  { name: 'Effective vocabulary', meaning: '2 to the entropy: that many equally probable tokens would be as uncertain.', value: ({ raw, warped }) => `${effective(raw.effective)} → ${effective(warped.effective)}` },
  { name: 'Kept', meaning: 'Tokens that every stage lets pass, out of the whole vocabulary.', value: ({ kept, vocabulary }) => (kept.count === vocabulary ? `all ${count(vocabulary)}` : `${count(kept.count)} of ${count(vocabulary)}`) },
  { name: 'Mass kept', meaning: 'Probability that the kept tokens had before the rest was removed.', value: ({ kept }) => percent(kept.mass) },
  { name: 'Draw u', meaning: 'The random number of this step, a function of seed and step alone.', value: ({ draw }) => (draw ? draw.u.toFixed(4) : 'none') },
  { name: 'Chosen token', meaning: 'Probability of the token that stands here: of the model itself, then after the knobs.', value: ({ chosen }) => `${percent(chosen.raw)} → ${percent(chosen.warped)}` },
];

export class Numbers {
  #values = NUMBERS.map(() => h('dd'));

  constructor() {
    const items = NUMBERS.map(({ name, meaning }, index) => h('div', { class: 'number', title: meaning }, h('dt', {}, name), this.#values[index]));
    this.element = h('dl', { class: 'numbers', part: 'numbers' }, ...items);
  }

  /** @param {StepData} step */
  update(step) {
    NUMBERS.forEach(({ value }, index) => setText(this.#values[index], value(step)));
  }
}
