// The invitation: what this is, and what loading the default model costs.

/** @import { Controller } from '../element/controller.js' */
/** @import { Models } from './models.js' */

import { defaultKept, memoryFor } from '../element/offer.js';
import { DEFAULT_MODEL } from '../engine/models.js';
import { Loading } from '../views/loading.js';
import { setText } from '../views/dom.js';
import { size } from '../views/format.js';
import { byId } from './by-id.js';

export class Start {
  #controller;
  #models;
  #loading;
  #button = /** @type {HTMLButtonElement} */ (byId('load'));

  /** @param {Controller} controller @param {Models} models */
  constructor(controller, models) {
    this.#controller = controller;
    this.#models = models;
    this.#loading = new Loading({ id: 'load-progress', onCancel: () => controller.models.cancel() });
    byId('loading').replaceWith(this.#loading.element);
    this.#button.addEventListener('click', () => void controller.load('default'));
  }

  update() {
    const { models } = this.#controller;
    byId('start').hidden = models.engine !== null;
    this.#button.disabled = models.loading;
    this.#loading.update(models.progress);
    const kept = defaultKept(this.#models.kept);
    setText(this.#button, `Load ${DEFAULT_MODEL.name} · ${kept ? 'no download' : size(DEFAULT_MODEL.bytes)}`);
    setText(byId('start-cost'), cost(kept));
  }
}

/** @param {boolean} kept */
function cost(kept) {
  const bytes = size(DEFAULT_MODEL.bytes);
  const download = kept
    ? `The model (${bytes}) is kept in this browser: nothing is downloaded.`
    : `Downloads ${bytes} once and keeps it in this browser for your next visit; you can delete it under Model.`;
  return `${download} Needs about ${size(memoryFor(DEFAULT_MODEL.bytes))} of memory. What you type never leaves this machine.`;
}
