// How far a slider travels for a value. A log scale gives small values room: travel = ln(1 + (value − min) / step).

/** @import { NumberKnobData } from './types.js' */

/** @typedef {Pick<NumberKnobData, 'kind' | 'min' | 'max' | 'step' | 'scale'>} Range */

/** @param {Range} range @param {number} value */
export const toTravel = ({ scale, min, step }, value) => (scale === 'log' ? Math.log1p((value - min) / step) : value);

/** @param {Range} range @param {number} travel @returns {number} the value on the knob's grid that is nearest */
export function fromTravel(range, travel) {
  const { scale, min, step } = range;
  return snap(range, scale === 'log' ? min + step * Math.expm1(travel) : travel);
}

/** The nearest value that a slider offers. @param {Range} range @param {number} value */
export function snap({ min, max, step }, value) {
  const onGrid = min + Math.round((value - min) / step) * step;
  return Number(Math.min(max, Math.max(min, onGrid)).toFixed(decimals(step)));
}

/**
 * The value one key press away: a hundredth of the travel, but never less than the grid has.
 * @param {Range} range
 * @param {number} value
 * @param {number} presses  below 0 to go down
 */
export function nudge(range, value, presses) {
  const { min, max, step } = range;
  const reach = toTravel(range, max) - toTravel(range, min);
  const moved = fromTravel(range, toTravel(range, value) + (reach / 100) * presses);
  const least = snap(range, value + Math.sign(presses) * step);
  return presses > 0 ? Math.max(moved, least) : Math.min(moved, least);
}

/** @param {number} step */
const decimals = (step) => Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
