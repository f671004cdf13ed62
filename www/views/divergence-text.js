// Two texts side by side: where they part, and how far the settings behind them are apart, in words.

import { percent } from './format.js';

/** Index of the first token that differs; null while one is the other's beginning. @param {number[]} a @param {number[]} b */
export function partsAt(a, b) {
  const index = a.findIndex((id, at) => at < b.length && id !== b[at]);
  return index < 0 ? null : index;
}

/** Positions at which both have the same text before them, the parting included. @param {number[]} a @param {number[]} b */
export const sharedLength = (a, b) => {
  const parts = partsAt(a, b);
  return parts === null ? Math.min(a.length, b.length) : parts + 1;
};

/** @param {{ totalVariation: number, kl: number | null }} divergence */
export const describeDivergence = ({ totalVariation, kl }) =>
  `total variation ${percent(totalVariation)}, KL ${kl === null ? 'infinite: B forbids what A allows' : `${kl.toFixed(3)} bits`}`;
