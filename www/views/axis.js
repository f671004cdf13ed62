// The y axis of the bars: linear up to a round number just above the highest bar, or logarithmic.

/** @import { BarData } from './types.js' */

/** @typedef {{ log: boolean, top: number, ticks: { at: number, label: string }[] }} Axis  at: 0 below, 1 above */

/** The least probability that a logarithmic axis shows. */
const FLOOR = 1e-6;
const TOPS = [1, 0.8, 0.6, 0.4, 0.2, 0.1];

/** @param {Pick<BarData, 'raw' | 'warped'>[]} bars @param {boolean} log @returns {Axis} */
export function axisOf(bars, log) {
  if (log) {
    const ticks = [1, 1e-2, 1e-4, 1e-6].map((p) => ({ at: logHeight(p), label: p === 1 ? '100%' : p === 1e-2 ? '1%' : p === 1e-4 ? '0.01%' : '10⁻⁶' }));
    return { log, top: 1, ticks };
  }
  const highest = bars.reduce((most, { raw, warped }) => Math.max(most, raw, warped), 0);
  const top = roundAbove(highest);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: `${Number((at * top * 100).toPrecision(3))}%` }));
  return { log, top, ticks };
}

/** @param {number} highest */
function roundAbove(highest) {
  if (highest <= 1e-9) return 1;
  const power = 10 ** Math.ceil(Math.log10(highest) - 1e-9);
  const [first, ...lower] = TOPS.map((top) => top * power);
  return lower.reduce((best, top) => (top >= highest ? top : best), first);
}

/** @param {Axis} axis @param {number} p @returns {number} share of the plot's height, over 1 where it does not fit */
export const heightOf = ({ log, top }, p) => (log ? logHeight(p) : p / top);

/** @param {number} p */
const logHeight = (p) => (p <= FLOOR ? 0 : 1 - Math.log(p) / Math.log(FLOOR));
