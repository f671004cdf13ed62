// All knobs of the table that have a control, by group and in the table's order.

/** @import { FindTokens } from './knob-tokens.js' */
/** @import { KnobData, KnobValue, NumberKnobData, TokenName } from './types.js' */

import { h } from './dom.js';
import { ChoiceKnob } from './knob-choice.js';
import { KnobGroup, grouped } from './knob-groups.js';
import { NumberKnob } from './knob-number.js';
import { StringsKnob } from './knob-strings.js';
import { SwitchKnob } from './knob-switch.js';
import { TokensKnob } from './knob-tokens.js';

/** @typedef {[number, number]} Band */
/**
 * @typedef {{ element: HTMLElement, set: (value: KnobValue) => void, setError: (message: string | null) => void, setBands?: (step: Band | null, text: Band | null) => void,
 *   name?: (tokens: TokenName[]) => void, forgetNames?: () => void }} KnobControl
 */

export class KnobPanel {
  /** @type {Map<string, KnobControl>} */
  #knobs = new Map();
  /** @type {Record<string, KnobValue>} */
  #shown = {};
  #groups;
  /** What the bands under the sliders are. */
  #key = h('p', { class: 'band-key small idle' }, h('span', {}, h('span', { class: 'swatch step' }), 'token stays'), h('span', {}, h('span', { class: 'swatch text' }), 'whole text stays'));

  /** @param {KnobData[]} knobs @param {(key: string, value: KnobValue) => void} onInput @param {FindTokens} find */
  constructor(knobs, onInput, find) {
    for (const knob of knobs) {
      const tell = (/** @type {KnobValue} */ value) => {
        this.#shown[knob.key] = value;
        this.#count();
        onInput(knob.key, value);
      };
      const control = makeKnob(knob, tell, find);
      if (control) this.#knobs.set(knob.key, control);
    }
    this.#groups = grouped(knobs.filter(({ key }) => this.#knobs.has(key))).map((group) => new KnobGroup(group, group.knobs.flatMap(({ key }) => this.#knobs.get(key)?.element ?? [])));
    this.element = h('div', { class: 'knobs' }, this.#key, ...this.#groups.map(({ element }) => element));
  }

  /** Shows values that come from elsewhere. A control that has its value already is left alone. @param {Record<string, KnobValue>} values */
  set(values) {
    for (const [key, value] of Object.entries(values)) {
      if (this.#shown[key] === value) continue;
      this.#shown[key] = value;
      this.#knobs.get(key)?.set(value);
    }
    this.#count();
  }

  /**
   * Marks on each slider where the chosen token would stay, and where the whole text would.
   * @param {Partial<Record<string, Band>>} step
   * @param {Partial<Record<string, Band>>} text
   */
  setIntervals(step, text) {
    // It keeps its place: nothing may move under a finger.
    this.#key.classList.toggle('idle', Object.keys(step).length === 0);
    for (const [key, knob] of this.#knobs) knob.setBands?.(step[key] ?? null, text[key] ?? null);
  }

  /** Tells the knobs that name tokens what these look like. @param {TokenName[]} tokens */
  nameTokens(tokens) {
    for (const knob of this.#knobs.values()) knob.name?.(tokens);
  }

  /** Unfolds the group of a knob and shows the knob. @param {string} key */
  reveal(key) {
    const element = this.#knobs.get(key)?.element;
    element?.closest('details')?.setAttribute('open', '');
    element?.scrollIntoView({ block: 'nearest' });
  }

  /** The vocabulary is another. */
  forgetTokens() {
    for (const knob of this.#knobs.values()) knob.forgetNames?.();
  }

  #count() {
    for (const group of this.#groups) group.update(this.#shown);
  }

  /** @param {string} key @param {string | null} message */
  setError(key, message) {
    this.#knobs.get(key)?.setError(message);
  }
}

/** @param {KnobData} knob @param {(value: KnobValue) => void} onInput @param {FindTokens} find @returns {KnobControl | null}  null: of a kind that is not known here */
function makeKnob(knob, onInput, find) {
  if (knob.kind === 'bool') return new SwitchKnob(knob, onInput);
  if (knob.kind === 'strings') return new StringsKnob(knob, onInput);
  if (knob.kind === 'ids' || knob.kind === 'biases') return new TokensKnob(knob, onInput, find);
  if (knob.kind === 'choice') return new ChoiceKnob(knob, onInput);
  if (knob.kind !== 'number' && knob.kind !== 'integer') return null;
  return new NumberKnob(/** @type {NumberKnobData} */ (knob), onInput);
}
