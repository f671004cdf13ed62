// Numbers as they are written on the page.

const NBSP = '\u00a0';

/** @param {number} value */
export const count = (value) => value.toLocaleString('en');

/** A size in decimal units, as browsers and file managers tell it. @param {number} bytes */
export function size(bytes) {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)}${NBSP}GB`;
  if (bytes >= 1e7) return `${Math.round(bytes / 1e6)}${NBSP}MB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)}${NBSP}MB`;
  return `${Math.round(bytes / 1e3)}${NBSP}kB`;
}

/** @param {number} bytesPerSecond */
export const rate = (bytesPerSecond) => (bytesPerSecond > 0 ? `${size(bytesPerSecond)}/s` : '');

/** A probability in percent, with about three digits at any size. @param {number} p */
export function percent(p) {
  if (p === 0) return '0%';
  if (p >= 0.99995) return '100%';
  if (p >= 0.1) return `${(p * 100).toFixed(1)}%`;
  if (p >= 0.01) return `${(p * 100).toFixed(2)}%`;
  if (p >= 0.0001) return `${(p * 100).toFixed(3)}%`;
  return scientific(p);
}

/** The same where there is room for four characters. @param {number} p */
export function shortPercent(p) {
  if (p >= 0.995) return '100%';
  if (p >= 0.0995) return `${Math.round(p * 100)}%`;
  if (p >= 0.0005) return `${(p * 100).toFixed(1)}%`;
  return p > 0 ? '≈0' : '0';
}

/** @param {number} value */
export function scientific(value) {
  const [mantissa, exponent] = value.toExponential(1).split('e');
  return `${mantissa}·10${superscript(exponent.replace('+', ''))}`;
}

/** @param {string} digits */
const superscript = (digits) => [...digits].map((char) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(char)] ?? '').join('');

/** An effective number of tokens. @param {number} value */
export const effective = (value) => (value < 100 ? value.toFixed(1) : count(Math.round(value)));

/** Any value of a knob, without noise in the last digits. @param {number} value */
export const plain = (value) => String(Number(value.toPrecision(12)));

/** A natural logarithm of a probability. @param {number | null} value  null: of nothing */
export const logProb = (value) => (value === null ? '−∞' : minus(value.toFixed(2)));

/** A number with a sign that lines up with digits. @param {string} text */
export const minus = (text) => text.replace('-', '−');

/** A factor that is read at a glance: 13×, 2.5×. @param {number} value */
export const times = (value) => `${value < 9.95 ? Number(value.toFixed(1)) : count(Math.round(value))}×`;

/** How much work was saved by computing equal prefixes once. @param {number} computed @param {number} separate */
export function workSaved(computed, separate) {
  if (computed === 0 || separate <= computed) return `computed ${count(computed)} ${computed === 1 ? 'position' : 'positions'}`;
  return `computed ${count(computed)} positions instead of ${count(separate)}: ${times(separate / computed)} less work`;
}
