// A knob with a number: a slider and a field that stay in step.

/** @import { Band } from './knob-panel.js' */
/** @import { KnobValue, NumberKnobData } from './types.js' */

import { h, setAttr, setVar } from './dom.js';
import { plain } from './format.js';
import { KnobRow } from './knob-row.js';
import { fromTravel, nudge, toTravel } from './scale.js';

/** Beyond this a slider cannot name every value, so there is only the field. */
const MOST_FOR_SLIDER = 1e7;

export class NumberKnob {
  #knob;
  #onInput;
  #row;
  #value;
  #field;
  #slider;
  #stepBand = h('span', { class: 'band step', hidden: true });
  #textBand = h('span', { class: 'band text', hidden: true });

  /** @param {NumberKnobData} knob @param {(value: KnobValue) => void} onInput */
  constructor(knob, onInput) {
    this.#knob = knob;
    this.#onInput = onInput;
    this.#value = /** @type {number} */ (knob.default);
    this.#row = new KnobRow(knob, () => this.#choose(/** @type {number} */ (knob.default)));
    this.element = this.#row.element;
    this.#field = h('input', {
      type: 'number', name: knob.key, min: knob.min, max: knob.max, step: 'any', autocomplete: 'off',
      inputmode: knob.kind === 'integer' ? 'numeric' : 'decimal', 'aria-labelledby': this.#row.labelId,
    });
    this.#field.addEventListener('change', () => this.#typed());
    this.#field.addEventListener('keydown', (event) => this.#steppedField(event));
    this.#row.addToHead(this.#field);
    this.#slider = knob.max > MOST_FOR_SLIDER ? null : this.#makeSlider();
    if (!this.#slider) this.#row.addToHead(this.#makeDice());
    this.set(knob.default);
  }

  #makeSlider() {
    const { key, min, max, off } = this.#knob;
    const [from, to] = [min, max].map((value) => toTravel(this.#knob, value));
    const slider = h('input', { type: 'range', name: key, min: from, max: to, step: 'any', 'aria-labelledby': this.#row.labelId });
    const track = h('div', { class: 'knob-track' }, this.#stepBand, this.#textBand, slider);
    if (typeof off === 'number') {
      const mark = h('span', { class: 'off-mark', title: `Does nothing at ${plain(off)}` });
      setVar(mark, '--at', (toTravel(this.#knob, off) - from) / (to - from));
      track.prepend(mark);
    }
    slider.addEventListener('input', () => this.#dragged());
    slider.addEventListener('keydown', (event) => this.#pressed(event));
    slider.addEventListener('dblclick', () => this.#choose(/** @type {number} */ (this.#knob.default)));
    this.#row.addBelow(track, slider);
    return slider;
  }

  #makeDice() {
    const roll = () => this.#choose(Math.floor(Math.random() * 1e6));
    return h('button', { type: 'button', class: 'icon dice', 'aria-label': `Another ${this.#knob.label}`, title: 'Another at random', onclick: roll }, '⚂');
  }

  /** Shows a value that comes from elsewhere. @param {KnobValue} value */
  set(value) {
    this.#value = /** @type {number} */ (value);
    this.#field.value = plain(this.#value);
    if (this.#slider) this.#slider.value = String(toTravel(this.#knob, this.#value));
    this.#shown();
  }

  /** @param {string | null} message */
  setError(message) {
    this.#row.setError(message);
  }

  /** The values between which the chosen token stays, and the whole text. @param {Band | null} step @param {Band | null} text */
  setBands(step, text) {
    if (!this.#slider) return;
    this.#place(this.#stepBand, step);
    this.#place(this.#textBand, text);
    const facts = [step && `The chosen token stays ${within(step)}`, text && `the whole text ${within(text)}`].filter(Boolean).join('; ');
    for (const element of [this.#stepBand, this.#textBand]) setAttr(element, 'title', facts);
    setAttr(this.#slider, 'aria-description', facts === '' ? null : facts);
  }

  /** @param {HTMLElement} element @param {Band | null} band */
  #place(element, band) {
    element.hidden = band === null;
    if (!band) return;
    const { min, max } = this.#knob;
    const [from, to, low, high] = [min, max, ...band.map((value) => Math.min(max, Math.max(min, value)))].map((value) => toTravel(this.#knob, value));
    setVar(element, '--low', Number(((low - from) / (to - from)).toFixed(4)));
    setVar(element, '--high', Number(((high - from) / (to - from)).toFixed(4)));
  }

  #shown() {
    const { min, max } = this.#knob;
    this.#row.setError(null);
    this.#row.setModified(this.#value !== this.#knob.default);
    if (!this.#slider) return;
    const [from, to, at] = [min, max, this.#value].map((value) => toTravel(this.#knob, value));
    setVar(this.#slider, '--at', Number(Math.min(1, (at - from) / (to - from)).toFixed(4)));
    setAttr(this.#slider, 'aria-valuetext', plain(this.#value));
  }

  /** @param {number} value */
  #choose(value) {
    this.set(value);
    this.#onInput(value);
  }

  /** The thumb stays under the finger: only the field gets the value on the grid. */
  #dragged() {
    const value = fromTravel(this.#knob, Number(this.#slider?.value));
    this.#field.value = plain(value);
    if (value === this.#value) return;
    this.#value = value;
    this.#shown();
    this.#onInput(value);
  }

  #typed() {
    const value = this.#field.valueAsNumber;
    const fault = rangeFault(this.#knob, value, this.#field.value);
    if (fault) this.#row.setError(fault);
    else if (value !== this.#value) this.#choose(value);
    else this.set(value);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const presses = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (presses === undefined) return;
    event.preventDefault();
    this.#choose(nudge(this.#knob, this.#value, presses));
  }

  /** The browser would go up by one. @param {KeyboardEvent} event */
  #steppedField(event) {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    const { min, max, step } = this.#knob;
    const next = this.#value + (event.key === 'ArrowUp' ? step : -step);
    this.#choose(Math.min(max, Math.max(min, Number(next.toPrecision(12)))));
  }
}

/**
 * What is wrong with a number, in the engine's words.
 * @param {Pick<NumberKnobData, 'key' | 'kind' | 'min' | 'max'>} knob
 * @param {number} value
 * @param {string} typed
 */
export function rangeFault({ key, kind, min, max }, value, typed) {
  const whole = kind === 'integer';
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return null;
  return `${key} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not ${typed === '' ? 'empty' : typed}.`;
}

/** @param {Band} band */
const within = ([low, high]) => `from ${short(low)} to ${short(high)}`;

/** @param {number} value */
const short = (value) => (Number.isFinite(value) ? plain(Number(value.toPrecision(3))) : value > 0 ? 'no upper limit' : 'no lower limit');
