// Finished beams by their normalised score. Another length penalty needs no search: score and length are known.

/** @import { FinishedBeamData } from './types.js' */

/** score / length^lengthPenalty, as in Hugging Face's beam search. @param {Pick<FinishedBeamData, 'score' | 'length'>} beam @param {number} lengthPenalty */
export const normalised = ({ score, length }, lengthPenalty) => score / Math.max(1, length) ** lengthPenalty;

/**
 * Best first; ties keep their order.
 * @template {Pick<FinishedBeamData, 'score' | 'length'>} T
 * @param {T[]} finished
 * @param {number} lengthPenalty
 * @returns {(T & { normalised: number })[]}
 */
export const ranked = (finished, lengthPenalty) =>
  finished.map((beam) => ({ ...beam, normalised: normalised(beam, lengthPenalty) })).sort((a, b) => b.normalised - a.normalised);
