// <token-scope>: a prompt, its continuation and the bars of one step, in any document.
//
//   <token-scope prompt="The largest ocean is the" temperature="0.8" top-k="40" views="bars strip"></token-scope>
//
// Attributes: `prompt`, `template` (raw, chat), `model` (default, or an address), `views` (of: bars strip), and
// every knob in kebab-case. The properties of the same names, `knobs` for all knobs at once. Nothing is
// fetched before the reader's click. Events, which bubble: `token-scope-change` after the text changed.
// Parts: bars, strip, step, cdf, numbers.

/** @import { Knobs } from '../engine/knobs.js' */

import { DEFAULT_MODEL } from '../engine/models.js';
import { listModels } from '../engine/storage.js';
import { Alerts } from '../views/alerts.js';
import { h, setAttr, setText } from '../views/dom.js';
import { size } from '../views/format.js';
import { Frames } from '../views/frames.js';
import { Loading } from '../views/loading.js';
import { statusText } from '../views/status-text.js';
import { StepView } from '../views/step-view.js';
import { Strip } from '../views/strip.js';
import { KNOB_ATTRIBUTES, knobFrom } from './attributes.js';
import { Controller } from './controller.js';
import { defaultKept, memoryFor } from './offer.js';
import { possible, statusOf } from './status.js';
import { drawViews, showStep, showStrip } from './show.js';

const STYLES = ['../views/theme.css', '../views/controls.css', '../views/strip.css', '../views/step.css', './token-scope.css'];
const OWN_ATTRIBUTES = ['prompt', 'template', 'model', 'views'];
const VIEWS = ['bars', 'strip'];

export class TokenScope extends HTMLElement {
  static observedAttributes = [...OWN_ATTRIBUTES, ...KNOB_ATTRIBUTES];

  #controller = new Controller();
  #frames = new Frames();
  #strip = new Strip({ onSelect: (position) => this.#controller.select(position), empty: '' });
  #step = new StepView({ top: 20, onTop: (top) => this.#controller.setTop(top) });
  #alerts = new Alerts();
  #loading = new Loading({ onCancel: () => this.#controller.models.cancel() });
  #status = h('span', { class: 'status', role: 'status' });
  #prompt = h('span', { class: 'prompt' });
  #load = h('button', { type: 'button', class: 'primary', part: 'load', onclick: () => void this.#controller.load(this.model) });
  #buttons = {
    generate: h('button', { type: 'button', class: 'primary', onclick: () => void this.#controller.generate() }, 'Generate'),
    step: h('button', { type: 'button', onclick: () => void this.#controller.step() }, 'Step'),
    stop: h('button', { type: 'button', onclick: () => this.#controller.stop() }, 'Stop'),
    clear: h('button', { type: 'button', onclick: () => this.#controller.clear() }, 'Clear'),
  };
  #bar = h('div', { class: 'bar-of-buttons' }, this.#load, ...Object.values(this.#buttons), this.#status);

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const links = STYLES.map((path) => h('link', { rel: 'stylesheet', href: new URL(path, import.meta.url).href }));
    const figure = h('div', { class: 'figure' }, this.#prompt, this.#bar, this.#loading.element, this.#alerts.element, this.#strip.element, this.#step.element);
    root.append(...links, figure);
    this.#listen();
  }

  connectedCallback() {
    // Properties that were set before the element was defined.
    for (const name of ['prompt', 'template', 'model', 'views', 'knobs']) {
      if (!Object.hasOwn(this, name)) continue;
      const self = /** @type {Record<string, any>} */ (/** @type {unknown} */ (this));
      const value = self[name];
      delete self[name];
      self[name] = value;
    }
    this.#showViews();
    this.#showModel();
    void this.#offer();
  }

  disconnectedCallback() {
    // A move within the document disconnects and connects again at once: that keeps the engine.
    queueMicrotask(() => {
      if (!this.isConnected) this.#controller.release();
    });
  }

  /** @param {string} name @param {string | null} _before @param {string | null} value */
  attributeChangedCallback(name, _before, value) {
    if (name === 'prompt' || name === 'template') this.#controller.setPrompt(this.prompt, this.template);
    else if (name === 'views') this.#showViews();
    else if (name === 'model') void this.#offer();
    else this.#controller.setKnobs(knobFrom(name, value));
  }

  get prompt() {
    return this.getAttribute('prompt') ?? '';
  }

  set prompt(prompt) {
    this.setAttribute('prompt', prompt);
  }

  /** @returns {'raw' | 'chat'} */
  get template() {
    return this.getAttribute('template') === 'chat' ? 'chat' : 'raw';
  }

  set template(template) {
    this.setAttribute('template', template);
  }

  get model() {
    return this.getAttribute('model') ?? 'default';
  }

  set model(model) {
    this.setAttribute('model', model);
  }

  /** Which views are shown, by name and separated by spaces. */
  get views() {
    return this.getAttribute('views') ?? VIEWS.join(' ');
  }

  set views(views) {
    this.setAttribute('views', views);
  }

  /** All knobs. Those that are set this way have no attribute. @returns {Readonly<Knobs>} */
  get knobs() {
    return this.#controller.knobs;
  }

  /** @param {Partial<Knobs>} knobs */
  set knobs(knobs) {
    this.#controller.setKnobs(knobs);
  }

  /** The text that was written. */
  get text() {
    const { tokens, promptLength } = this.#controller.trajectory;
    return tokens.slice(promptLength).map(({ text }) => text).join('');
  }

  #listen() {
    const controller = this.#controller;
    this.#frames.giveWay(() => controller.busy);
    const text = this.#frames.add(() => {
      showStrip(controller, this.#strip);
      this.dispatchEvent(new CustomEvent('token-scope-change', { bubbles: true, composed: true }));
    });
    const model = this.#frames.add(() => this.#showModel());
    controller.addEventListener('text', text);
    drawViews(controller, this.#frames, () => showStep(controller, this.#step, ''));
    for (const type of ['model', 'text', 'status']) controller.addEventListener(type, model);
    // What was clicked must not be there for a second click.
    controller.addEventListener('status', () => {
      if (controller.busy) this.#showButtons();
    });
    controller.addEventListener('prompt', () => setText(this.#prompt, controller.prompt));
    for (const type of ['notice', 'knob-error']) {
      controller.addEventListener(type, (event) => {
        const { message, tone } = /** @type {CustomEvent<{ message: string, tone?: 'error' | 'notice' }>} */ (event).detail;
        this.#alerts.show(message, tone);
      });
    }
  }

  #showViews() {
    const wanted = new Set(this.views.split(/\s+/));
    this.#strip.element.hidden = !wanted.has('strip');
    this.#step.element.hidden = !wanted.has('bars');
  }

  #showModel() {
    const { models } = this.#controller;
    const there = models.engine !== null;
    this.#load.hidden = there || models.loading;
    this.#loading.update(models.progress);
    this.#showButtons();
    setText(this.#status, there || models.loading ? statusText(statusOf(this.#controller)) : '');
  }

  #showButtons() {
    const there = this.#controller.models.engine !== null;
    for (const [name, able] of Object.entries(possible(this.#controller))) {
      const button = this.#buttons[/** @type {keyof ReturnType<typeof possible>} */ (name)];
      setAttr(button, 'hidden', !there);
      setAttr(button, 'disabled', !able);
    }
  }

  /** What the button says of the cost. */
  async #offer() {
    if (this.model !== 'default') {
      setText(this.#load, `Load the model from ${this.model}`);
      return;
    }
    const cost = `${DEFAULT_MODEL.name} · ${size(DEFAULT_MODEL.bytes)}`;
    setText(this.#load, `Go live: load ${cost}`);
    this.#load.title = `Needs about ${size(memoryFor(DEFAULT_MODEL.bytes))} of memory while in use. The file is kept in this browser for the next time.`;
    if (defaultKept(await listModels().catch(() => []))) setText(this.#load, `Go live: ${cost}, kept here: no download`);
  }
}

if (!customElements.get('token-scope')) customElements.define('token-scope', TokenScope);
