// Settings with a name. The one that is in force is marked.

/** @import { KnobValue, PresetData } from './types.js' */

import { h, setAttr } from './dom.js';
import { isModified } from './knob-groups.js';

export class Presets {
  #presets;
  #buttons;

  /** @param {PresetData[]} presets @param {(knobs: Record<string, KnobValue>) => void} onChoose */
  constructor(presets, onChoose) {
    this.#presets = presets;
    this.#buttons = presets.map(({ label, meaning, knobs }) =>
      h('button', { type: 'button', class: 'pill', title: meaning, 'aria-pressed': 'false', onclick: () => onChoose(knobs) }, label),
    );
    this.element = h('div', { class: 'presets', role: 'group', 'aria-label': 'Presets' }, ...this.#buttons);
  }

  /** @param {Record<string, KnobValue>} values */
  update(values) {
    this.#presets.forEach(({ knobs }, index) => {
      const inForce = Object.entries(knobs).every(([key, value]) => !isModified({ default: value }, values[key]));
      setAttr(this.#buttons[index], 'aria-pressed', String(inForce));
    });
  }
}
