// The knob panel: presets, the knobs of the distribution, and those of the text's length.

/** @import { Controller } from '../element/controller.js' */
/** @import { KnobData, PresetData } from '../views/types.js' */

import { KNOBS, PRESETS } from '../engine/knobs.js';
import { KnobPanel } from '../views/knob-panel.js';
import { Presets } from '../views/presets.js';
import { byId } from './by-id.js';

/** The chain panel sets these. @type {Set<string>} */
const IN_CHAIN = new Set(['dialect', 'order', 'disabled']);

/**
 * The tokens of a word, as it stands and behind a space, where it is mostly another token.
 * @param {Controller} controller
 * @param {string} word
 */
async function tokensOf({ models: { engine } }, word) {
  if (!engine) throw new Error('Load a model first: tokens are its own.');
  const ways = await Promise.all([...new Set([` ${word.trimStart()}`, word])].map((text) => engine.tokenize(text)));
  // One token that is the whole word comes before parts of it.
  const tokens = ways.sort((a, b) => a.length - b.length).flat();
  return [...new Map(tokens.map(({ id, text }) => [id, { id, text }])).values()];
}

export class Knobs {
  #controller;
  #presets;
  #panel;

  /** @param {Controller} controller */
  constructor(controller) {
    this.#controller = controller;
    this.#presets = new Presets(/** @type {PresetData[]} */ (PRESETS), (knobs) => controller.setKnobs(knobs));
    this.#panel = new KnobPanel(/** @type {KnobData[]} */ (KNOBS.filter(({ key }) => !IN_CHAIN.has(key))), (key, value) => controller.setKnobs({ [key]: value }), (word) => tokensOf(controller, word));
    byId('knobs').append(this.#presets.element, this.#panel.element);
    controller.addEventListener('knob-error', (event) => {
      const { key, message } = /** @type {CustomEvent<{ key: string, message: string }>} */ (event).detail;
      this.update();
      this.#panel.setError(key, message);
    });
  }

  /** The bands in which the token that is looked at stays, and the whole text, as far as the engine told them. */
  updateBands() {
    const { step, text } = this.#controller.bands;
    this.#panel.setIntervals(step, text);
  }

  update() {
    const knobs = /** @type {Record<string, any>} */ (this.#controller.knobs);
    this.#panel.set(knobs);
    this.#presets.update(knobs);
  }
}
