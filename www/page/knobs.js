// The knob panel: presets, the knobs of the distribution, and those of the text's length.

/** @import { Controller } from '../element/controller.js' */
/** @import { KnobData, PresetData, TokenName } from '../views/types.js' */

import { KNOBS, PRESETS } from '../engine/knobs.js';
import { KnobPanel } from '../views/knob-panel.js';
import { FIRST_BIAS } from '../views/knob-tokens.js';
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
  /** The model whose tokens the knobs name. @type {unknown} */
  #model = null;

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

  /** Bans a token, or gives it a bias to start from. @param {TokenName} token @param {'ban' | 'bias'} how */
  rule(token, how) {
    const { bannedTokens, logitBias } = this.#controller.knobs;
    this.#panel.nameTokens([token]);
    if (how === 'ban') this.#controller.setKnobs({ bannedTokens: [...new Set([...bannedTokens, token.id])] });
    else this.#controller.setKnobs({ logitBias: { ...logitBias, [token.id]: logitBias[token.id] ?? FIRST_BIAS } });
    this.#panel.reveal(how === 'ban' ? 'bannedTokens' : 'logitBias');
  }

  updateModel() {
    const model = this.#controller.models.engine?.model ?? null;
    if (model !== this.#model) this.#panel.forgetTokens();
    this.#model = model;
    this.update();
  }

  update() {
    const knobs = /** @type {Record<string, any>} */ (this.#controller.knobs);
    this.#panel.set(knobs);
    this.#presets.update(knobs);
  }
}
