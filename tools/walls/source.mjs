// Source text with what is not code taken out, so that a wall is crossed by code alone:
// an import in a comment (JSDoc types) or a name in a message counts for nothing.

/** Characters after which a slash begins a regular expression rather than a division. */
const BEFORE_REGEX = /(^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|delete|yield|await))\s*$/;

/**
 * JavaScript without its comments; strings stay, for they hold the specifiers.
 * @param {string} text
 */
export function withoutJsComments(text) {
  let out = '';
  /** Braces still open inside each `${…}` that we stand in. @type {number[]} */
  const nesting = [];
  let at = 0;
  const take = (/** @type {number} */ end) => {
    out += text.slice(at, end);
    at = end;
  };
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    const char = text[at];
    if (two === '//') at = endOf(text, '\n', at) - 1;
    else if (two === '/*') at = blank(text, at, endOf(text, '*/', at + 2), (lines) => (out += lines));
    else if (char === '"' || char === "'") take(endOfQuoted(text, at + 1, char));
    else if (char === '/' && BEFORE_REGEX.test(out.slice(-40))) take(endOfRegex(text, at + 1));
    else if (char === '`' || (char === '}' && nesting.at(-1) === 0)) {
      if (char === '}') nesting.pop();
      const end = endOfTemplatePart(text, at + 1);
      if (text[end - 1] === '{') nesting.push(0);
      take(end);
    } else {
      if (nesting.length > 0 && char === '{') nesting[nesting.length - 1]++;
      if (nesting.length > 0 && char === '}') nesting[nesting.length - 1]--;
      take(at + 1);
    }
  }
  return out;
}

/**
 * Rust without comments (they nest) and without what stands in strings and characters.
 * @param {string} text
 */
export function withoutRustText(text) {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at, at + 40);
    const raw = /^b?r(#*)"/.exec(rest);
    const char = /^b?'(?:\\(?:u\{[0-9a-fA-F_]+\}|x..|.)|[^\\'])'/.exec(rest);
    if (rest.startsWith('//')) at = endOf(text, '\n', at) - 1;
    else if (rest.startsWith('/*')) at = blank(text, at, endOfNested(text, at), (lines) => (out += lines));
    else if (raw && !/[\w]$/.test(out)) at = blank(text, at, endOf(text, `"${raw[1]}`, at + raw[0].length), (lines) => (out += `""${lines}`));
    else if (rest[0] === '"') at = blank(text, at, endOfQuoted(text, at + 1, '"'), (lines) => (out += `""${lines}`));
    else if (char) {
      out += "' '";
      at += char[0].length;
    } else out += text[at++];
  }
  return out;
}

/**
 * Rust without its inline test modules: what only tests use is no dependency of the module.
 * @param {string} code  already without comments and strings
 * @returns {string}
 */
export function withoutInlineTests(code) {
  const start = code.search(/#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*\{/);
  if (start < 0) return code;
  let depth = 0;
  for (let at = code.indexOf('{', start); at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return code.slice(0, start) + withoutInlineTests(code.slice(at + 1));
  }
  return code.slice(0, start);
}

/** @param {string} text @param {string} mark @param {number} from */
function endOf(text, mark, from) {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length + (mark === '\n' ? 1 : 0) : found + mark.length;
}

/** @param {string} text @param {number} at @param {string} quote */
function endOfQuoted(text, at, quote) {
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** @param {string} text @param {number} at */
function endOfRegex(text, at) {
  let inClass = false;
  for (; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at + 1;
  }
  return at;
}

/** Up to the closing backtick, or up to and with a `${`. @param {string} text @param {number} at */
function endOfTemplatePart(text, at) {
  for (; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2;
  }
  return at;
}

/** @param {string} text @param {number} at  at the opening mark */
function endOfNested(text, at) {
  let depth = 0;
  for (; at < text.length; at++) {
    const two = text.slice(at, at + 2);
    if (two === '/*') depth++;
    if (two === '*/' && --depth === 0) return at + 2;
    if (two === '/*' || two === '*/') at++;
  }
  return at;
}

/**
 * Skips a stretch but hands on its line ends, so that line numbers stay true.
 * @param {string} text @param {number} from @param {number} to @param {(lines: string) => void} keep
 */
function blank(text, from, to, keep) {
  keep(text.slice(from, to).replace(/[^\n]/g, '') || ' ');
  return to;
}

/** The line (from 1) of an index. @param {string} text @param {number} index */
export const lineAt = (text, index) => text.slice(0, index).split('\n').length;
