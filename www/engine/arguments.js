// Arguments are checked where they are given, so that a mistake is told at once and in plain words.
// The values of knobs are checked by the engine, which knows their ranges.

/** @import { SessionSpec } from './protocol.js' */
/** @import { SomeKnobs, VariantName } from './types.js' */

import { TokenscopeError } from './errors.js';

/** @param {string} message */
const bad = (message) => new TokenscopeError('bad-argument', message);

/** @param {{ prompt: unknown, template?: unknown, system?: unknown }} options @returns {SessionSpec} */
export function checkPrompt({ prompt, template = 'raw', system }) {
  if (typeof prompt !== 'string') throw bad('The prompt must be a string.');
  if (template !== 'raw' && template !== 'chat') throw bad("The template must be 'raw' or 'chat'.");
  if (system === undefined || system === null) return { prompt, template };
  if (typeof system !== 'string') throw bad('The system message must be a string.');
  return { prompt, template, system };
}

/** A copy without the knobs that have no value. @param {SomeKnobs} knobs @returns {SomeKnobs} */
export function checkKnobs(knobs) {
  if (typeof knobs !== 'object' || knobs === null || Array.isArray(knobs)) throw bad('Knobs are an object such as { temperature: 0.8 }.');
  return Object.fromEntries(Object.entries(knobs).filter(([, value]) => value !== undefined));
}

/** @type {readonly (VariantName | 'auto')[]} */
const VARIANTS = ['auto', 'threads', 'fast', 'baseline'];

/** @param {string} variant @returns {VariantName | 'auto'} */
export function checkVariant(variant) {
  const known = VARIANTS.find((name) => name === variant);
  if (known) return known;
  throw bad(`The variant must be one of ${VARIANTS.join(', ')}, not '${String(variant)}'.`);
}

/** @param {number} value @param {string} name @returns {number} */
export function checkCount(value, name) {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw bad(`${name} must be a whole number from 0, not ${String(value)}.`);
}
