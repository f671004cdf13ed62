// Knobs and chain as JSON, and back.

/** @import { Knobs } from '../engine/knobs.js' */

import { DEFAULTS, KNOBS } from '../engine/knobs.js';
import { isModified } from '../views/knob-groups.js';

/** The knobs that are not at their default. @param {Readonly<Knobs>} knobs @returns {Partial<Knobs>} */
export function chainText(knobs) {
  const changed = KNOBS.filter((knob) => isModified(knob, knobs[knob.key]));
  // Whoever reads it must know whose rules are meant.
  return { dialect: knobs.dialect, ...Object.fromEntries(changed.map(({ key }) => [key, knobs[key]])) };
}

/**
 * All knobs that such a text stands for. Ranges are the engine's business.
 * @param {string} text
 * @returns {Knobs}
 */
export function knobsOf(text) {
  const given = parse(text);
  for (const [key, value] of Object.entries(given)) {
    const knob = KNOBS.find((each) => each.key === key);
    if (!knob) throw new Error(`There is no knob '${key}'.`);
    if (kindOf(value) !== kindOf(knob.default)) throw new Error(`${key} must be ${kindOf(knob.default)}, not ${kindOf(value)}.`);
  }
  return { ...DEFAULTS, ...given };
}

/** @param {string} text @returns {Record<string, unknown>} */
function parse(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${/** @type {Error} */ (error).message}`);
  }
  if (kindOf(value) !== 'an object') throw new Error(`A chain is an object such as {"dialect":"huggingFace","temperature":0.8}, not ${kindOf(value)}.`);
  return value;
}

/** @param {unknown} value */
const kindOf = (value) => (Array.isArray(value) ? 'a list' : value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`);
