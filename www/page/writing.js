// The prompt and what can be done with it.

/** @import { Controller } from '../element/controller.js' */
/** @import { Alerts } from '../views/alerts.js' */

import { possible, statusOf } from '../element/status.js';
import { choice } from '../views/choice.js';
import { h, setAttr, setText } from '../views/dom.js';
import { statusText } from '../views/status-text.js';
import { byId } from './by-id.js';
import { EXAMPLES } from './examples.js';

export class Writing {
  #controller;
  #alerts;
  #prompt = h('textarea', { id: 'prompt', rows: 2, spellcheck: 'false', autocomplete: 'off' });
  #template;
  #status = h('p', { role: 'status', class: 'status' });
  #buttons;
  /** The button that had the focus when it was disabled. @type {HTMLButtonElement | null} */
  #left = null;

  /** @param {Controller} controller @param {Alerts} alerts */
  constructor(controller, alerts) {
    this.#controller = controller;
    this.#alerts = alerts;
    this.#template = choice('Template', ['raw', 'chat'], 'raw', (value) => controller.setPrompt(controller.prompt, value === 'chat' ? 'chat' : 'raw'));
    this.#buttons = {
      generate: button('generate', 'Generate', 'primary', () => this.#generate()),
      step: button('step', 'Step', '', () => this.#step()),
      stop: button('stop', 'Stop', '', () => controller.stop()),
      clear: button('clear', 'Clear', 'quiet', () => controller.clear()),
    };
    this.#build();
    this.#prompt.addEventListener('input', () => controller.setPrompt(this.#prompt.value));
    this.#prompt.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && possible(controller).generate) this.#generate();
    });
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && controller.busy && !document.querySelector('dialog[open]')) controller.stop();
    });
  }

  /** The first example is there from the start. */
  begin() {
    const { prompt, template } = EXAMPLES[0];
    this.#controller.setPrompt(prompt, template);
  }

  updatePrompt() {
    const { prompt, template } = this.#controller;
    if (this.#prompt.value !== prompt) this.#prompt.value = prompt;
    for (const input of this.#template.querySelectorAll('input')) input.checked = input.value === template;
  }

  updateControls() {
    this.updateButtons();
    setText(this.#status, statusText(statusOf(this.#controller)));
  }

  updateButtons() {
    const able = possible(this.#controller);
    const focused = document.activeElement;
    for (const [name, can] of Object.entries(able)) {
      const each = this.#buttons[/** @type {keyof typeof able} */ (name)];
      if (!can && focused === each && !each.disabled) this.#left = each;
      setAttr(each, 'disabled', !can);
    }
    this.#keepFocus();
  }

  /** A disabled button loses the focus, and the reader their place: Stop holds it meanwhile. */
  #keepFocus() {
    const { generate, stop } = this.#buttons;
    const lost = document.activeElement === document.body || /** @type {HTMLButtonElement | null} */ (document.activeElement)?.disabled;
    if (!this.#left || !lost) return;
    if (!this.#left.disabled) {
      this.#left.focus();
      this.#left = null;
    } else if (this.#left === generate && !stop.disabled) stop.focus();
    else if (this.#left === stop && !generate.disabled) {
      generate.focus();
      this.#left = null;
    }
  }

  #generate() {
    this.#alerts.clear();
    void this.#controller.generate();
  }

  #step() {
    this.#alerts.clear();
    void this.#controller.step();
  }

  #build() {
    const label = h('label', { for: 'prompt', class: 'card-title' }, 'Prompt');
    const head = h('div', { class: 'writing-head' }, label, this.#template);
    const examples = EXAMPLES.map(({ prompt, template, shows, label = prompt }) =>
      h('button', { type: 'button', class: 'pill', title: shows, onclick: () => this.#controller.setPrompt(prompt, template) }, label),
    );
    byId('writing').append(
      head,
      this.#prompt,
      h('div', { class: 'examples', role: 'group', 'aria-label': 'Example prompts' }, ...examples),
      h('div', { class: 'actions' }, ...Object.values(this.#buttons), this.#status),
    );
  }
}

/** @param {string} id @param {string} text @param {string} look @param {() => void} onclick */
const button = (id, text, look, onclick) => h('button', { type: 'button', id, class: look, disabled: true, onclick }, text);
