// What the report says about a handful of numbers.

/** @param {number[]} values @param {number} share  0.5 is the median */
export function quantile(values, share) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/**
 * @typedef {object} Measure
 * @property {string} unit
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number[]} values  one for each round
 */

/** @param {number[]} values @param {string} unit @returns {Measure} */
export const measure = (values, unit) => ({
  unit,
  median: quantile(values, 0.5),
  min: Math.min(...values),
  max: Math.max(...values),
  values,
});

/** Three significant digits, without an exponent. @param {number} value */
export const digits = (value) =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);

/** @param {Record<string, Measure>} measures */
export function table(measures) {
  const width = Math.max(...Object.keys(measures).map((name) => name.length)) + 2;
  const lines = [`${''.padEnd(width)}${'median'.padStart(10)}${'min'.padStart(10)}${'max'.padStart(10)}`];
  for (const [name, { unit, median, min, max }] of Object.entries(measures)) {
    lines.push(`${name.padEnd(width)}${[median, min, max].map((value) => digits(value).padStart(10)).join('')}  ${unit}`);
  }
  return lines.join('\n');
}
