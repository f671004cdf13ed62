// The model menu: what is loaded, what is kept here, and where else a model may come from.

/** @import { Controller } from '../element/controller.js' */
/** @import { Engine } from '../engine/client.js' */
/** @import { Alerts } from '../views/alerts.js' */
/** @import { ModelSource, StoredModel } from '../engine/types.js' */

import { memoryFor } from '../element/offer.js';
import { DEFAULT_MODEL } from '../engine/models.js';
import { deleteModel, listModels } from '../engine/storage.js';
import { h, setText } from '../views/dom.js';
import { count, size } from '../views/format.js';
import { byId } from './by-id.js';
import { makeDialog } from './dialog.js';
import { acceptDrops } from './drop.js';

export class Models {
  #controller;
  #alerts;
  #dialog;
  #button = /** @type {HTMLButtonElement} */ (byId('model-button'));
  #current = h('div', { class: 'model-current' });
  /** What the text that is shown takes beside the weights. */
  #memory = h('p', { class: 'small', 'data-memory': true, hidden: true });
  #list = h('ul', { class: 'model-list' });
  /** The model whose file was looked for last. @type {unknown} */
  #seen = null;
  /** Models in this browser's storage. @type {StoredModel[]} */
  kept = [];

  /** @param {Controller} controller @param {Alerts} alerts */
  constructor(controller, alerts) {
    this.#controller = controller;
    this.#alerts = alerts;
    this.#dialog = makeDialog({ id: 'model-menu', title: 'Model' }, this.#current, this.#memory, h('h3', {}, 'In this browser'), this.#list, h('h3', {}, 'Another model'), this.#fileRow(), this.#urlRow());
    this.#button.addEventListener('click', () => {
      this.#dialog.showModal();
      void this.#refresh();
      void this.#showMemory();
    });
    acceptDrops((file) => this.#load(file));
    void this.#refresh();
  }

  update() {
    this.updateName();
    const { models } = this.#controller;
    const model = models.engine?.model ?? null;
    if (model === this.#seen && this.#current.childElementCount > 0) return;
    this.#seen = model;
    this.#current.replaceChildren(...(models.engine ? describe(nameOf(models.engine.model.name, models.engine.info.name), models.engine) : [h('p', {}, 'No model is loaded.')]));
    void this.#refresh();
  }

  /** What the header says. */
  updateName() {
    const { models, tokensPerSecond } = this.#controller;
    const { engine } = models;
    const parts = engine ? [nameOf(engine.model.name, engine.info.name), size(engine.model.bytes)] : ['No model yet'];
    if (engine && tokensPerSecond !== null) parts.push(`${tokensPerSecond.toFixed(0)} tok/s`);
    setText(this.#button, parts.join(' · '));
  }

  async #refresh() {
    this.kept = await listModels().catch(() => []);
    const kept = this.kept.map((model) => this.#keptRow(model));
    this.#list.replaceChildren(...(this.kept.some(({ name }) => name === DEFAULT_MODEL.file) ? [] : [this.#defaultRow()]), ...kept);
    this.#controller.dispatchEvent(new CustomEvent('model'));
  }

  async #showMemory() {
    const memory = await this.#controller.session?.memory().catch(() => null);
    this.#memory.hidden = !memory;
    if (!memory) return;
    const { stateBytes, logitsBytes, budgetBytes } = memory;
    setText(this.#memory, `The text that is shown takes ${size(stateBytes)} for the model’s states and ${size(logitsBytes)} for its scores, of which at most ${size(budgetBytes)} are kept: the others are computed again when they are looked at.`);
  }

  #defaultRow() {
    const use = h('button', { type: 'button', onclick: () => this.#load('default') }, `Download ${size(DEFAULT_MODEL.bytes)}`);
    return row(DEFAULT_MODEL.name, `${DEFAULT_MODEL.license}, about ${size(memoryFor(DEFAULT_MODEL.bytes))} of memory`, use);
  }

  /** @param {StoredModel} kept */
  #keptRow(kept) {
    const name = nameOf(kept.name, kept.model);
    const use = h('button', { type: 'button', 'aria-label': `Use ${name}`, onclick: () => this.#load(kept.url === null ? { id: kept.id } : kept.url) }, 'Use');
    const remove = h('button', { type: 'button', class: 'quiet', 'data-delete': kept.id, 'aria-label': `Delete ${name} from this browser`, onclick: () => void this.#delete(kept) }, 'Delete');
    const when = new Date(kept.date).toLocaleDateString('en', { dateStyle: 'medium' });
    return row(name, `${size(kept.bytes)}, kept since ${when}, about ${size(memoryFor(kept.bytes))} of memory`, use, remove);
  }

  #fileRow() {
    const input = h('input', { type: 'file', id: 'model-file', accept: '.gguf' });
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      input.value = '';
      if (file) this.#load(file);
    });
    return h('div', { class: 'model-source' }, h('label', { for: 'model-file' }, 'A GGUF file of yours, picked here or dropped anywhere on the page'), input);
  }

  #urlRow() {
    const input = h('input', { type: 'url', id: 'model-url', name: 'model-url', required: true, placeholder: 'https://…/model.gguf' });
    const form = h('form', { class: 'model-source' }, h('label', { for: 'model-url' }, 'The address of a GGUF file, on a server that lets other sites read it'), input, h('button', { type: 'submit' }, 'Download'));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#load(input.value);
    });
    return form;
  }

  /** @param {ModelSource} model */
  #load(model) {
    this.#dialog.close();
    void this.#controller.load(model);
  }

  /** @param {StoredModel} kept */
  async #delete({ id }) {
    try {
      await deleteModel(id);
    } catch (error) {
      this.#alerts.show(/** @type {Error} */ (error).message);
    }
    await this.#refresh();
  }
}

/** @param {string} name @param {string} facts @param {...Node} buttons */
const row = (name, facts, ...buttons) => h('li', {}, h('div', {}, h('b', {}, name), h('span', { class: 'small' }, facts)), ...buttons);

/** A file may give itself an odd name; the default model has its own. @param {string} file @param {string} given */
const nameOf = (file, given) => (file === DEFAULT_MODEL.file ? DEFAULT_MODEL.name : given || file);

/** What a processor multiplies at once for each sum. */
const PRODUCTS = { words: 'products of two words', pairs: 'products of two bytes', fours: 'products of four bytes' };

/** @param {string} name @param {Pick<Engine, 'info' | 'model' | 'variant'>} engine */
function describe(name, { info, model, variant }) {
  /** @type {[string, string][]} */
  const facts = [
    ['Architecture', info.architecture],
    ['Parameters', `${(info.parameters / 1e6).toFixed(0)} million`],
    ['Layers', String(info.layers)],
    ['Vocabulary', count(info.vocabulary)],
    ['Context', `${count(info.contextLength)} tokens`],
    ['Weights', size(info.weightBytes)],
    ['Licence', info.license ?? 'not stated'],
    ['Engine', `${variant.name}: ${variant.means}${info.products ? `, ${PRODUCTS[info.products]}` : ''} (${variant.reason})`],
  ];
  const list = h('dl', { class: 'facts' }, ...facts.map(([fact, value]) => h('div', { 'data-fact': fact }, h('dt', {}, fact), h('dd', {}, value))));
  return [h('h3', {}, name), list, ...(model.reason ? [h('p', { class: 'small' }, `Not kept in this browser: ${model.reason}`)] : [])];
}
