// All knobs, in the order of the table.

/** @import { KnobData, KnobValue, NumberKnobData } from './types.js' */

import { h } from './dom.js';
import { NumberKnob } from './knob-number.js';
import { StringsKnob } from './knob-strings.js';
import { SwitchKnob } from './knob-switch.js';

/** @typedef {{ element: HTMLElement, set: (value: KnobValue) => void, setError: (message: string | null) => void }} KnobControl */

export class KnobPanel {
  /** @type {Map<string, KnobControl>} */
  #knobs = new Map();
  /** @type {Record<string, KnobValue>} */
  #shown = {};

  /** @param {KnobData[]} knobs @param {(key: string, value: KnobValue) => void} onInput */
  constructor(knobs, onInput) {
    for (const knob of knobs) {
      const tell = (/** @type {KnobValue} */ value) => {
        this.#shown[knob.key] = value;
        onInput(knob.key, value);
      };
      this.#knobs.set(knob.key, makeKnob(knob, tell));
    }
    this.element = h('div', { class: 'knobs' }, ...[...this.#knobs.values()].map(({ element }) => element));
  }

  /** Shows values that come from elsewhere. A control that has its value already is left alone. @param {Record<string, KnobValue>} values */
  set(values) {
    for (const [key, value] of Object.entries(values)) {
      if (this.#shown[key] === value) continue;
      this.#shown[key] = value;
      this.#knobs.get(key)?.set(value);
    }
  }

  /** @param {string} key @param {string | null} message */
  setError(key, message) {
    this.#knobs.get(key)?.setError(message);
  }
}

/** @param {KnobData} knob @param {(value: KnobValue) => void} onInput @returns {KnobControl} */
function makeKnob(knob, onInput) {
  if (knob.kind === 'bool') return new SwitchKnob(knob, onInput);
  if (knob.kind === 'strings') return new StringsKnob(knob, onInput);
  return new NumberKnob(/** @type {NumberKnobData} */ (knob), onInput);
}
