// The texts of tokens that are known by id alone. A token has one text, whatever stands around it, so the
// tokens of any text that contains it tell it.

/** @import { Engine } from '../engine/client.js' */

/** So many texts are looked into; the others are too improbable to be drawn. */
const MOST = 300;

export class TokenTexts {
  /** By id. @type {Map<number, string>} */
  known = new Map();
  #busy = false;

  /**
   * Learns the tokens of some texts.
   * @param {Engine} engine
   * @param {{ ids: number[], text: string }[]} texts
   * @returns {Promise<boolean>} whether there was anything new
   */
  async learn(engine, texts) {
    const unknown = texts.slice(0, MOST).filter(({ ids }) => ids.some((id) => !this.known.has(id)));
    if (this.#busy || unknown.length === 0) return false;
    this.#busy = true;
    const before = this.known.size;
    try {
      for (const { text } of unknown) for (const token of await engine.tokenize(text)) this.known.set(token.id, token.text);
    } finally {
      this.#busy = false;
    }
    return this.known.size > before;
  }

  /** Of another model ids mean other texts. */
  clear() {
    this.known.clear();
  }
}
