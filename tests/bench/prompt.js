// The page's half of both benchmarks: prompts of a given length.

/**
 * The start of a text that has exactly `count` tokens, or the next possible number below it.
 * @param {any} engine
 * @param {string} text
 * @param {number} count
 * @returns {Promise<string>}
 */
export async function startOf(engine, text, count) {
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const tokens = await engine.tokenize(text.slice(0, middle));
    if (tokens.length <= count) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, low);
}
