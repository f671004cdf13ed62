// A knob that names tokens: a list of them, or a number for each. A word is typed, and one of its tokens chosen.

/** @import { KnobData, KnobValue, TokenName } from './types.js' */

import { h, setAttr, setVar } from './dom.js';
import { plain } from './format.js';
import { KnobRow } from './knob-row.js';
import { rangeFault } from './knob-number.js';
import { spoken, tokenNodes } from './text.js';

/** What a new bias is: enough to be seen. */
export const FIRST_BIAS = 2;
/** How far the slider of a bias goes to either side: e^±12 times the odds. The field takes more. */
const BIAS_TRAVEL = 12;

/** Milliseconds after the last key before a word is looked up. */
const REST = 150;

/** @typedef {(text: string) => Promise<TokenName[]>} FindTokens  the tokens of a word; rejected while there is no model */

export class TokensKnob {
  #knob;
  #onInput;
  #find;
  #row;
  /** By token: its bias, or 0 where only the tokens count. @type {Map<number, number>} */
  #entries = new Map();
  /** Texts of tokens, as far as they were typed. @type {Map<number, string>} */
  #names = new Map();
  #list = h('ul', { class: 'token-list' });
  #found = h('div', { class: 'token-found', role: 'group' });
  #input;
  #timer = /** @type {ReturnType<typeof setTimeout> | 0} */ (0);

  /** @param {KnobData} knob @param {(value: KnobValue) => void} onInput @param {FindTokens} find */
  constructor(knob, onInput, find) {
    this.#knob = knob;
    this.#onInput = onInput;
    this.#find = find;
    this.#row = new KnobRow(knob, () => this.#choose(new Map()));
    this.#input = h('input', { type: 'text', name: knob.key, class: 'token-search', autocomplete: 'off', spellcheck: 'false', placeholder: 'type a word, then choose its token', 'aria-labelledby': this.#row.labelId });
    setAttr(this.#found, 'aria-label', `Tokens for ${knob.label}`);
    this.#input.addEventListener('input', () => this.#typed());
    this.#input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      void this.#look().then(() => this.#found.querySelector('button')?.focus());
    });
    this.#row.addBelow(this.#input);
    this.#row.addBelow(this.#found);
    this.#row.addBelow(this.#list);
    this.element = this.#row.element;
    this.set(knob.default);
  }

  get #biased() {
    return this.#knob.kind === 'biases';
  }

  /** Shows a value that comes from elsewhere. @param {KnobValue} value */
  set(value) {
    const entries = Array.isArray(value) ? value.map((id) => [Number(id), 0]) : Object.entries(value).map(([id, bias]) => [Number(id), Number(bias)]);
    this.#entries = new Map(/** @type {[number, number][]} */ (entries));
    this.#row.setError(null);
    this.#row.setModified(this.#entries.size > 0);
    this.#list.replaceChildren(...[...this.#entries].map(([id, bias]) => this.#entry(id, bias)));
    this.#list.hidden = this.#entries.size === 0;
  }

  /** @param {string | null} message */
  setError(message) {
    this.#row.setError(message);
  }

  /** Tells what tokens look like that were not typed here. @param {TokenName[]} tokens */
  name(tokens) {
    for (const { id, text } of tokens) this.#names.set(id, text);
  }

  /** The vocabulary is another: what was known of tokens no longer holds. */
  forgetNames() {
    this.#names.clear();
    this.#found.replaceChildren();
  }

  /** @param {Map<number, number>} entries */
  #choose(entries) {
    const value = this.#biased ? Object.fromEntries(entries) : [...entries.keys()];
    this.set(/** @type {KnobValue} */ (value));
    this.#onInput(/** @type {KnobValue} */ (value));
  }

  /** @param {number} id @param {number} bias */
  #entry(id, bias) {
    const name = this.#names.get(id);
    const label = name === undefined ? `token ${id}` : spoken(name);
    const remove = h('button', { type: 'button', class: 'icon', 'aria-label': `Remove ${label}`, title: 'Remove', onclick: () => this.#choose(new Map([...this.#entries].filter(([other]) => other !== id))) }, '✕');
    const text = h('span', { class: 'token-name', title: `token ${id}` }, ...(name === undefined ? [`#${id}`] : tokenNodes(name, true)));
    return h('li', { 'data-token': id }, text, ...(this.#biased ? this.#biasControls(id, bias, label) : []), remove);
  }

  /** A slider and a field, which take the same bias. @param {number} id @param {number} bias @param {string} label */
  #biasControls(id, bias, label) {
    const { key, min, max } = /** @type {{ key: string, min: number, max: number }} */ (this.#knob);
    const slider = h('input', { type: 'range', min: -BIAS_TRAVEL, max: BIAS_TRAVEL, step: 0.1, value: bias, 'aria-label': `Bias of ${label}` });
    const field = h('input', { type: 'number', min, max, step: 0.5, value: plain(bias), autocomplete: 'off', 'aria-label': `Bias of ${label}, as a number` });
    const fill = () => setVar(slider, '--at', (slider.valueAsNumber + BIAS_TRAVEL) / (2 * BIAS_TRAVEL));
    // The list stays as it is while the finger is on it.
    const take = (/** @type {number} */ value) => {
      fill();
      this.#entries.set(id, value);
      this.#row.setError(null);
      this.#onInput(Object.fromEntries(this.#entries));
    };
    slider.addEventListener('input', () => {
      field.value = plain(slider.valueAsNumber);
      take(slider.valueAsNumber);
    });
    field.addEventListener('change', () => {
      const fault = rangeFault({ key, kind: 'number', min, max }, field.valueAsNumber, field.value);
      if (fault) return this.#row.setError(fault);
      slider.value = field.value;
      take(field.valueAsNumber);
    });
    fill();
    return [slider, field];
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), REST);
  }

  async #look() {
    clearTimeout(this.#timer);
    const word = this.#input.value;
    if (word === '') return this.#found.replaceChildren();
    try {
      const tokens = await this.#find(word);
      if (word === this.#input.value) this.#offer(tokens);
    } catch (error) {
      this.#row.setError(/** @type {Error} */ (error).message);
    }
  }

  /** @param {TokenName[]} tokens */
  #offer(tokens) {
    this.name(tokens);
    const button = (/** @type {TokenName} */ { id, text }) => h('button', { type: 'button', class: 'pill', 'data-token': id, 'aria-label': `${spoken(text)}, token ${id}`, title: `token ${id}`, onclick: () => this.#add(id) }, ...tokenNodes(text, true));
    this.#row.setError(null);
    this.#found.replaceChildren(...tokens.map(button));
  }

  /** @param {number} id */
  #add(id) {
    this.#input.value = '';
    this.#found.replaceChildren();
    this.#choose(new Map([...this.#entries, [id, this.#entries.get(id) ?? (this.#biased ? FIRST_BIAS : 0)]]));
    this.#input.focus();
  }
}
