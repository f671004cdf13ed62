// Knobs in their groups. Those that everybody needs are in sight; the others fold away and tell how many are set.

/** @import { KnobData, KnobValue } from './types.js' */

import { h, setText } from './dom.js';

/** In this order; a group that is not here stands at the end, folded. @type {Record<string, { label: string, folded: boolean }>} */
const GROUPS = {
  basic: { label: 'Basic', folded: false },
  penalties: { label: 'Penalties', folded: true },
  truncation: { label: 'Truncation', folded: true },
  adaptive: { label: 'Adaptive', folded: true },
  length: { label: 'Length', folded: false },
  random: { label: 'Random numbers', folded: false },
};

/** @param {KnobData[]} knobs @returns {{ name: string, label: string, folded: boolean, knobs: KnobData[] }[]} */
export function grouped(knobs) {
  const names = [...Object.keys(GROUPS), ...new Set(knobs.map(({ group }) => group ?? 'basic').filter((name) => !(name in GROUPS)))];
  return names
    .map((name) => ({ name, ...(GROUPS[name] ?? { label: name, folded: true }), knobs: knobs.filter(({ group }) => (group ?? 'basic') === name) }))
    .filter((group) => group.knobs.length > 0);
}

/** Whether a knob is not at its default. @param {Pick<KnobData, 'default'>} knob @param {KnobValue | undefined} value */
export function isModified(knob, value) {
  if (value === undefined) return false;
  return typeof value === 'object' ? JSON.stringify(value) !== JSON.stringify(knob.default) : value !== knob.default;
}

/** One group around its knobs. */
export class KnobGroup {
  #count = h('span', { class: 'group-count' });
  #knobs;

  /** @param {ReturnType<typeof grouped>[number]} group @param {HTMLElement[]} rows */
  constructor({ name, label, folded, knobs }, rows) {
    this.#knobs = knobs;
    const head = h('summary', {}, label, this.#count);
    this.element = folded ? h('details', { class: 'knob-group', 'data-group': name }, head, ...rows) : h('div', { class: 'knob-group', 'data-group': name }, ...rows);
  }

  /** @param {Record<string, KnobValue>} values */
  update(values) {
    const modified = this.#knobs.filter((knob) => isModified(knob, values[knob.key])).length;
    setText(this.#count, modified > 0 ? ` ${modified} set` : '');
  }
}
