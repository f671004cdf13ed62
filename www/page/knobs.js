// The knob panel: presets, the knobs of the distribution, and those of the text's length.

/** @import { Controller } from '../element/controller.js' */
/** @import { KnobData, PresetData } from '../views/types.js' */

import { KNOBS, PRESETS } from '../engine/knobs.js';
import { KnobPanel } from '../views/knob-panel.js';
import { Presets } from '../views/presets.js';
import { byId } from './by-id.js';

/** The chain panel sets these. @type {Set<string>} */
const IN_CHAIN = new Set(['dialect', 'order', 'disabled']);

export class Knobs {
  #controller;
  #presets;
  #panel;

  /** @param {Controller} controller */
  constructor(controller) {
    this.#controller = controller;
    this.#presets = new Presets(/** @type {PresetData[]} */ (PRESETS), (knobs) => controller.setKnobs(knobs));
    this.#panel = new KnobPanel(/** @type {KnobData[]} */ (KNOBS.filter(({ key }) => !IN_CHAIN.has(key))), (key, value) => controller.setKnobs({ [key]: value }));
    byId('knobs').append(this.#presets.element, this.#panel.element);
    controller.addEventListener('knob-error', (event) => {
      const { key, message } = /** @type {CustomEvent<{ key: string, message: string }>} */ (event).detail;
      this.update();
      this.#panel.setError(key, message);
    });
  }

  /** The bands in which the token that is looked at stays, as far as the engine told them. */
  updateBands() {
    this.#panel.setIntervals(/** @type {Partial<Record<string, [number, number]>>} */ (this.#controller.bands));
  }

  update() {
    const knobs = /** @type {Record<string, any>} */ (this.#controller.knobs);
    this.#panel.set(knobs);
    this.#presets.update(knobs);
  }
}
