// Compare: the knobs as they are now beside settings that are held.

/** @import { Controller } from '../element/controller.js' */
/** @import { Knobs } from '../engine/knobs.js' */
/** @import { CompareState, SettingsChoice } from '../views/compare-view.js' */

import { Comparison } from '../element/comparison.js';
import { DEFAULTS, KNOBS, PRESETS } from '../engine/knobs.js';
import { CompareView } from '../views/compare-view.js';
import { partsAt, sharedLength } from '../views/divergence-text.js';

const HELD = 'held';

export class Compare {
  #controller;
  #comparison;
  #view;
  #chosen = '';
  /** Knobs that were held. @type {Readonly<Knobs> | null} */
  #held = null;

  /** @param {Controller} controller @param {() => void} onChange */
  constructor(controller, onChange) {
    this.#controller = controller;
    this.#comparison = new Comparison(controller, onChange);
    this.#view = new CompareView({
      onFreeze: () => this.#hold(),
      onChoose: (value) => this.#choose(value),
      onStart: () => void this.#comparison.write(),
      onStop: () => this.#comparison.stop(),
      onSelect: (position) => controller.select(position),
    });
    this.element = this.#view.element;
  }

  get running() {
    return this.#comparison.running;
  }

  clear() {
    this.#comparison.clear();
  }

  update() {
    const { models } = this.#controller;
    const { running, tokens, stale } = this.#comparison;
    const data = this.#data();
    this.#view.update({ data, choices: this.#choices(), chosen: this.#chosen, able: models.status === 'ready', running, stale, status: running ? `Writing B, ${tokens.length} tokens…` : '' });
    if (data) void this.#comparison.measure(shared(data));
  }

  #hold() {
    this.#held = this.#controller.knobs;
    this.#choose(HELD);
  }

  /** @param {string} value */
  #choose(value) {
    const preset = PRESETS.find(({ name }) => name === value);
    const knobs = preset ? { ...DEFAULTS, ...preset.knobs } : this.#held;
    if (!knobs) return;
    this.#chosen = value;
    this.#comparison.hold(knobs);
  }

  /** @returns {SettingsChoice[]} */
  #choices() {
    const held = this.#held ? [{ value: HELD, label: 'The knobs that were held' }] : [];
    return [...held, ...PRESETS.map(({ name, label }) => ({ value: name, label }))];
  }

  /** @returns {CompareState['data']} */
  #data() {
    const { knobs: other, tokens: b, divergences } = this.#comparison;
    if (!other) return null;
    const { trajectory, knobs } = this.#controller;
    const a = trajectory.tokens.slice(trajectory.promptLength);
    return { a, b, parts: partsAt(idsOf(a), idsOf(b)), differences: differences(knobs, other), divergences };
  }
}

/** @param {{ id: number }[]} tokens */
const idsOf = (tokens) => tokens.map(({ id }) => id);

/** Positions that can be compared: all of A's, as long as B has no text. @param {NonNullable<CompareState['data']>} data */
const shared = ({ a, b }) => (b.length === 0 ? a.length : sharedLength(idsOf(a), idsOf(b)));

/** @param {Readonly<Knobs>} a @param {Readonly<Knobs>} b */
function differences(a, b) {
  const text = (/** @type {unknown} */ value) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : Array.isArray(value) ? value.join(', ') || 'none' : String(value));
  return KNOBS.filter(({ key }) => key !== 'seed' && key !== 'maxNewTokens')
    .map(({ key, label }) => ({ label, a: text(a[key]), b: text(b[key]) }))
    .filter((each) => each.a !== each.b);
}
