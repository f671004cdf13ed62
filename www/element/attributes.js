// Knobs as attributes: kebab-case names, values as text.

/** @import { Knobs, KnobSpec } from '../engine/knobs.js' */

import { KNOBS } from '../engine/knobs.js';

/** @param {string} key */
export const attributeOf = (key) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** By attribute. @type {Map<string, KnobSpec>} */
const BY_ATTRIBUTE = new Map(KNOBS.map((knob) => [attributeOf(knob.key), knob]));

export const KNOB_ATTRIBUTES = [...BY_ATTRIBUTE.keys()];

/**
 * The knob that an attribute sets. Without the attribute, or with a value that is none, it has its default.
 * @param {string} attribute
 * @param {string | null} text
 * @returns {Partial<Knobs>}
 */
export function knobFrom(attribute, text) {
  const knob = BY_ATTRIBUTE.get(attribute);
  if (!knob) return {};
  return { [knob.key]: text === null ? knob.default : (parse(knob, text) ?? knob.default) };
}

/** @param {KnobSpec} knob @param {string} text @returns {unknown}  null: it has no such value */
function parse(knob, text) {
  const { kind, min, max, choices = [] } = /** @type {{ kind: string, min: number | null, max: number | null, choices?: string[] }} */ (knob);
  if (kind === 'choice') return choices.includes(text) ? text : null;
  if (kind === 'stages') return text.split(/[\s,]+/).filter((name) => name !== '');
  if (kind === 'ids' || kind === 'biases') return parseJson(text);
  if (kind === 'bool') return text !== 'false';
  if (kind === 'strings') return parseStrings(text);
  const value = text.trim() === '' ? NaN : Number(text);
  const inRange = value >= (min ?? -Infinity) && value <= (max ?? Infinity);
  return inRange && (kind !== 'integer' || Number.isInteger(value)) ? value : null;
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A JSON list, or one string as it is. @param {string} text @returns {string[]} */
function parseStrings(text) {
  try {
    const list = JSON.parse(text);
    if (Array.isArray(list) && list.every((each) => typeof each === 'string')) return list;
  } catch {
    // Not JSON: it means itself.
  }
  return text === '' ? [] : [text];
}
