// A number that belongs to one view: a name, a field, and a slider where there is room to drag.

/** @import { Range } from './scale.js' */

import { freshId, h, setAttr, setVar } from './dom.js';
import { plain } from './format.js';
import { fromTravel, nudge, snap, toTravel } from './scale.js';

/** @typedef {Range & { name: string, label: string, value: number, title?: string, slider?: boolean, onInput?: (value: number) => void }} SettingOptions */

export class Setting {
  #options;
  #field;
  /** @type {HTMLInputElement | null} */
  #slider;
  #value;

  /** @param {SettingOptions} options */
  constructor(options) {
    const { name, label, value, min, max, kind, title } = options;
    this.#options = options;
    this.#value = value;
    const labelId = freshId('setting');
    this.#field = h('input', { type: 'number', name, min, max, step: 'any', autocomplete: 'off', inputmode: kind === 'integer' ? 'numeric' : 'decimal', 'aria-labelledby': labelId });
    this.#field.addEventListener('change', () => this.#choose(this.#field.value === '' ? this.#value : this.#field.valueAsNumber));
    this.#slider = options.slider ? this.#makeSlider(labelId) : null;
    this.element = h('div', { class: 'setting', title }, h('span', { id: labelId, class: 'setting-label' }, label), this.#slider, this.#field);
    this.set(value);
  }

  get value() {
    return this.#value;
  }

  /** Shows a value that comes from elsewhere. @param {number} value */
  set(value) {
    this.#value = value;
    this.#field.value = plain(value);
    if (!this.#slider) return;
    const { min, max } = this.#options;
    const [from, to, at] = [min, max, value].map((each) => toTravel(this.#options, each));
    this.#slider.value = String(at);
    setVar(this.#slider, '--at', Number(((at - from) / (to - from)).toFixed(4)));
    setAttr(this.#slider, 'aria-valuetext', plain(value));
  }

  /** @param {string} labelId */
  #makeSlider(labelId) {
    const [from, to] = [this.#options.min, this.#options.max].map((each) => toTravel(this.#options, each));
    const slider = h('input', { type: 'range', name: this.#options.name, min: from, max: to, step: 'any', 'aria-labelledby': labelId });
    slider.addEventListener('input', () => this.#choose(fromTravel(this.#options, Number(slider.value))));
    slider.addEventListener('keydown', (event) => {
      const presses = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (presses === undefined) return;
      event.preventDefault();
      this.#choose(nudge(this.#options, this.#value, presses));
    });
    return slider;
  }

  /** @param {number} wanted */
  #choose(wanted) {
    const value = snap(this.#options, wanted);
    const changed = value !== this.#value;
    this.set(value);
    if (changed) this.#options.onInput?.(value);
  }
}
