// A knob that is one of a few named values.

/** @import { KnobData, KnobValue } from './types.js' */

import { h } from './dom.js';
import { KnobRow } from './knob-row.js';

export class ChoiceKnob {
  #knob;
  #row;
  #select;

  /** @param {KnobData} knob @param {(value: KnobValue) => void} onInput */
  constructor(knob, onInput) {
    this.#knob = knob;
    const choose = (/** @type {KnobValue} */ value) => {
      this.set(value);
      onInput(value);
    };
    this.#row = new KnobRow(knob, () => choose(knob.default));
    const options = (knob.choices ?? []).map((value) => h('option', { value }, value));
    this.#select = h('select', { name: knob.key, 'aria-labelledby': this.#row.labelId }, ...options);
    this.#select.addEventListener('change', () => choose(this.#select.value));
    this.#row.addToHead(this.#select);
    this.element = this.#row.element;
    this.set(knob.default);
  }

  /** @param {KnobValue} value */
  set(value) {
    this.#select.value = String(value);
    this.#row.setError(null);
    this.#row.setModified(value !== this.#knob.default);
  }

  /** @param {string | null} message */
  setError(message) {
    this.#row.setError(message);
  }
}
