// The chain panel: its stages, from the tables of the knobs, and what they did at the step that is shown.

/** @import { Controller } from '../element/controller.js' */
/** @import { Knobs } from '../engine/knobs.js' */
/** @import { ChainData } from '../views/types.js' */

import * as tables from '../engine/knobs.js';
import { ChainText } from '../views/chain-text.js';
import { ChainPanel } from '../views/chain-panel.js';
import { byId } from './by-id.js';
import { chainOf } from './chain-data.js';
import { chainText, knobsOf } from './chain-text.js';

export class Chain {
  #controller;
  #panel;
  #text;

  /** @param {Controller} controller */
  constructor(controller) {
    this.#controller = controller;
    const set = (/** @type {Record<string, unknown>} */ knobs) => controller.setKnobs(/** @type {Partial<Knobs>} */ (knobs));
    this.#panel = new ChainPanel({
      // The free chain begins as what it was before.
      onDialect: (dialect) => set(dialect === 'free' ? { dialect, order: this.#keys() } : { dialect }),
      onOrder: (order) => set({ order }),
      onSwitch: (key, on) => set(this.#switched(key, on)),
    });
    this.#text = new ChainText(() => chainText(controller.knobs), (text) => set(knobsOf(text)));
    this.#panel.element.append(this.#text.element);
    byId('knobs').append(this.#panel.element);
  }

  update() {
    this.#panel.update(this.#data());
    this.#text.update();
  }

  /** @returns {ChainData | null} */
  #data() {
    const { knobs, view } = this.#controller;
    return chainOf(/** @type {Record<string, any>} */ (tables), /** @type {Record<string, any>} */ (knobs), view?.stages ?? []);
  }

  /** Stages that have a place in the chain. */
  #keys() {
    return (this.#data()?.stages ?? []).filter(({ listed }) => listed).map(({ key }) => key);
  }

  /** @param {string} key @param {boolean} on */
  #switched(key, on) {
    if (!on) return { disabled: [...this.#disabled(), key] };
    const disabled = this.#disabled().filter((each) => each !== key);
    return this.#keys().includes(key) ? { disabled } : { disabled, order: [...this.#keys(), key] };
  }

  /** @returns {string[]} */
  #disabled() {
    return /** @type {Record<string, any>} */ (this.#controller.knobs).disabled ?? [];
  }
}
