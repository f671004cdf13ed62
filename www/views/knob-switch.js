// A knob that is on or off.

/** @import { KnobData, KnobValue } from './types.js' */

import { h } from './dom.js';
import { KnobRow } from './knob-row.js';

export class SwitchKnob {
  #knob;
  #row;
  #input;

  /** @param {KnobData} knob @param {(value: KnobValue) => void} onInput */
  constructor(knob, onInput) {
    this.#knob = knob;
    const choose = (/** @type {KnobValue} */ value) => {
      this.set(value);
      onInput(value);
    };
    this.#row = new KnobRow(knob, () => choose(knob.default));
    this.#input = h('input', { type: 'checkbox', role: 'switch', name: knob.key, 'aria-labelledby': this.#row.labelId });
    this.#input.addEventListener('change', () => choose(this.#input.checked));
    this.#row.addToHead(this.#input);
    this.element = this.#row.element;
    this.set(knob.default);
  }

  /** @param {KnobValue} value */
  set(value) {
    this.#input.checked = value === true;
    this.#row.setModified(value !== this.#knob.default);
  }

  /** @param {string | null} message */
  setError(message) {
    this.#row.setError(message);
  }
}
