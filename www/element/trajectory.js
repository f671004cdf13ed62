// The tokens of a text as the page knows them, and what of them changed since a knob moved.

/** @import { Step, TokenInfo } from '../engine/types.js' */

/** @typedef {Omit<TokenInfo, 'kind'> & { kind: TokenInfo['kind'] | 'stale' }} Token */

export class Trajectory {
  /** The prompt and the output that holds. @type {Token[]} */
  tokens = [];
  /** Output of before that was cut off and is not written anew yet. @type {Token[]} */
  tail = [];
  promptLength = 0;
  /** Ids of the output before the last knob move. @type {number[] | null} */
  #before = null;

  /** @param {Token[]} tokens  those of the prompt */
  begin(tokens) {
    this.tokens = tokens;
    this.promptLength = tokens.length;
    this.tail = [];
    this.#before = null;
  }

  /** A text that was begun elsewhere. @param {Token[]} tokens  prompt and output @param {number} promptLength */
  adopt(tokens, promptLength) {
    this.begin(tokens);
    this.promptLength = promptLength;
  }

  /** ln of the probability that the model gives the output; null without one. */
  get logProb() {
    const output = this.tokens.slice(this.promptLength);
    return output.length === 0 ? null : output.reduce((sum, { raw }) => sum + Math.log(raw ?? 1), 0);
  }

  get outputLength() {
    return this.tokens.length - this.promptLength;
  }

  /** @param {Step} step */
  push(step) {
    this.tokens.push(tokenOf(step));
    this.tail.shift();
  }

  /** Puts replayed steps in the place of the output; what is left over becomes the tail. @param {Step[]} steps */
  replace(steps) {
    const old = [...this.tokens.slice(this.promptLength), ...this.tail];
    this.tokens = [...this.tokens.slice(0, this.promptLength), ...steps.map(tokenOf)];
    this.tail = old.slice(steps.length).map((token) => ({ ...token, kind: 'stale' }));
  }

  /** Keeps the first tokens of the output; the rest becomes the tail. @param {number} length */
  cut(length) {
    const output = this.tokens.slice(this.promptLength);
    this.tail = [...output.slice(length), ...this.tail].map((token) => ({ ...token, kind: 'stale' }));
    this.tokens = this.tokens.slice(0, this.promptLength + length);
  }

  /** Nothing will take the tail's place any more. */
  settle() {
    this.tail = [];
  }

  /** Remembers the output, to be compared with what a knob makes of it. */
  remember() {
    this.#before = [...this.tokens.slice(this.promptLength), ...this.tail].map(({ id }) => id);
  }

  /** Positions whose token is another one than before. @returns {Set<number>} */
  changed() {
    const before = this.#before;
    if (!before) return new Set();
    const output = this.tokens.slice(this.promptLength);
    return new Set(output.filter(({ id }, index) => index < before.length && id !== before[index]).map(({ position }) => position));
  }
}

/** @param {Step} step @returns {Token} */
function tokenOf({ id, position, finish, chosen }) {
  const { text, partial, raw, warped } = chosen;
  return { id, text, partial, raw, warped, position, special: finish === 'end', kind: 'output' };
}
