// A knob that is a list of strings: one a line, with \n for a new line.

/** @import { KnobData, KnobValue } from './types.js' */

import { h } from './dom.js';
import { KnobRow } from './knob-row.js';
import { escapeLines, unescapeLines } from './text.js';

export class StringsKnob {
  #row;
  #input;

  /** @param {KnobData} knob @param {(value: KnobValue) => void} onInput */
  constructor(knob, onInput) {
    const choose = (/** @type {string[]} */ value) => {
      this.set(value);
      onInput(value);
    };
    this.#row = new KnobRow(knob, () => choose([]));
    this.#input = h('textarea', { name: knob.key, rows: 1, spellcheck: 'false', placeholder: 'one a line; \\n is a new line', 'aria-labelledby': this.#row.labelId });
    this.#input.addEventListener('change', () => choose(unescapeLines(this.#input.value)));
    this.#input.addEventListener('input', () => this.#grow());
    this.#row.addBelow(this.#input);
    this.element = this.#row.element;
    this.set(knob.default);
  }

  /** @param {KnobValue} value */
  set(value) {
    const strings = /** @type {string[]} */ (value);
    this.#input.value = escapeLines(strings);
    this.#row.setError(null);
    this.#row.setModified(strings.length > 0);
    this.#grow();
  }

  /** @param {string | null} message */
  setError(message) {
    this.#row.setError(message);
  }

  #grow() {
    this.#input.rows = Math.min(6, this.#input.value.split('\n').length);
  }
}
