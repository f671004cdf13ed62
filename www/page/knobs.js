// The knob panel: presets, the knobs of the distribution, and those of the text's length.

/** @import { Controller } from '../element/controller.js' */
/** @import { KnobData, PresetData } from '../views/types.js' */

import { KNOBS, PRESETS } from '../engine/knobs.js';
import { KnobPanel } from '../views/knob-panel.js';
import { Presets } from '../views/presets.js';
import { byId } from './by-id.js';

export class Knobs {
  #controller;
  #presets;
  #panel;

  /** @param {Controller} controller */
  constructor(controller) {
    this.#controller = controller;
    this.#presets = new Presets(/** @type {PresetData[]} */ (PRESETS), (knobs) => controller.setKnobs(knobs));
    this.#panel = new KnobPanel(/** @type {KnobData[]} */ (KNOBS), (key, value) => controller.setKnobs({ [key]: value }));
    byId('knobs').append(this.#presets.element, this.#panel.element);
    controller.addEventListener('knob-error', (event) => {
      const { key, message } = /** @type {CustomEvent<{ key: string, message: string }>} */ (event).detail;
      this.update();
      this.#panel.setError(key, message);
    });
  }

  update() {
    const knobs = /** @type {Record<string, any>} */ (this.#controller.knobs);
    this.#panel.set(knobs);
    this.#presets.update(knobs);
  }
}
