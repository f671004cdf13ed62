// Tokens as text that can be seen: white space has glyphs, and bytes that are no character have a form.

/** @typedef {{ text: string, kind: 'text' | 'mark' | 'byte' }} Run  `mark`: a glyph in place of white space */

/** @type {Record<string, string>} */
const GLYPHS = { ' ': '␣', '\n': '↵', '\r': '␍', '\t': '⇥', '\u00a0': '⍽' };
const RUNS = /(?<mark>[ \n\r\t\u00a0])|(?<byte>\\x[0-9A-F]{2})|(?<text>(?:(?!\\x[0-9A-F]{2})[^ \n\r\t\u00a0])+)/gu;

/**
 * @param {string} text
 * @param {boolean} [partial]  `\xE2` in it stands for a byte
 * @returns {Run[]}
 */
export function runs(text, partial = false) {
  /** @type {Run[]} */
  const found = [];
  for (const { 0: whole, groups = {} } of text.matchAll(RUNS)) {
    const kind = groups.mark ? 'mark' : groups.byte && partial ? 'byte' : 'text';
    const shown = kind === 'mark' ? GLYPHS[whole] : whole;
    const last = found.at(-1);
    if (last?.kind === kind) last.text += shown;
    else found.push({ text: shown, kind });
  }
  return found;
}

/** The same as one string. @param {string} text */
export const visible = (text) => runs(text).map((run) => run.text).join('') || '∅';

/** The same as nodes, in which everything but text is dim. @param {string} text @param {boolean} partial @returns {(Node | string)[]} */
export function tokenNodes(text, partial) {
  const nodes = runs(text, partial).map((run) => {
    if (run.kind === 'text') return run.text;
    const span = document.createElement('span');
    span.className = run.kind;
    span.textContent = run.text;
    return span;
  });
  return nodes.length > 0 ? nodes : ['∅'];
}

/** For a screen reader, which passes over white space. @param {string} text */
export function spoken(text) {
  if (text === '') return 'nothing';
  if (/^\s+$/.test(text)) return [...text].map((char) => (char === '\n' ? 'new line' : char === '\t' ? 'tab' : 'space')).join(', ');
  return text.trim().replace(/\s+/g, ' ');
}

/** One string a line; `\n`, `\t` and `\\` are written out. @param {string[]} strings */
export const escapeLines = (strings) =>
  strings.map((text) => text.replace(/[\\\n\t\r]/g, (char) => ({ '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' })[char] ?? char)).join('\n');

/** The strings of such lines; empty lines count for nothing. @param {string} lines @returns {string[]} */
export const unescapeLines = (lines) =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/\\([\\ntr])/g, (_, code) => ({ '\\': '\\', n: '\n', t: '\t', r: '\r' })[/** @type {string} */ (code)] ?? ''));
