// A pretend engine with the classes of the real one, served in its place by server.mjs. Its model
// file is a line of JSON after the magic letters, then padding; its tokens are characters, and the
// next one is a function of the text and the knobs, so that a restored text can be told from a
// wrong one. It checks the bytes that it is given by their sum.

/** @import { Outcome, OutcomesSettings, SearchKind, SearchSettings, WasmSearch } from '../../www/engine/types.js' */
/** @import { Json, ModelInfo, Step, TokenInfo, View, WasmEngine, WasmLoader, WasmSession, SomeKnobs } from '../../www/engine/types.js' */

/** @typedef {{ name: string, bytes: number, slow?: number, corrupt?: boolean, trap?: string }} Header */

/** Breaks off as compiled code does. @type {() => void} */
let trap = () => {
  throw new Error('not started');
};

/** @param {{ module_or_path: WebAssembly.Module }} options */
export default async function init({ module_or_path }) {
  const instance = await WebAssembly.instantiate(module_or_path);
  trap = /** @type {() => void} */ (instance.exports.trap);
  return { memory: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) };
}

// What the build with threads has besides; these helpers have nothing to do.

/** @param {{ memory: WebAssembly.Memory }} options */
export function initSync({ memory }) {
  if (!(memory.buffer instanceof SharedArrayBuffer)) throw new Error('a helper was given a memory of its own');
}

export const failureFlag = () => 0;

export const help = () => {};

/** @template T @param {T} value @returns {Json<T>} */
const json = (value) => new TextEncoder().encode(JSON.stringify(value));

/** @param {string} code @param {string} message */
const coded = (code, message) => Object.assign(new Error(message), { code });

/** Keeps the thread busy, as a forward pass does. @param {number} [ms] */
function compute(ms = 0) {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** @implements {WasmLoader} */
export class Loader {
  #head = '';
  /** @type {Header | null} */
  #header = null;
  #bytes = 0;
  #sum = 0;

  /** @param {Uint8Array} chunk */
  push(chunk) {
    this.#bytes += chunk.length;
    for (const byte of chunk) this.#sum = (this.#sum * 31 + byte) >>> 0;
    if (!this.#header) this.#parse(new TextDecoder().decode(chunk));
  }

  /** @param {string} text */
  #parse(text) {
    this.#head += text;
    if (!'GGUF'.startsWith(this.#head.slice(0, 4))) throw coded('not-gguf', 'this does not begin like a GGUF file');
    const end = this.#head.indexOf('\n');
    if (end < 0) return;
    this.#header = /** @type {Header} */ (JSON.parse(this.#head.slice(4, end)));
    if (this.#header.corrupt) throw coded('corrupt', 'the header contradicts itself');
    if (this.#header.trap === 'push') trap();
  }

  total() {
    return this.#header?.bytes;
  }

  finish() {
    const header = this.#header;
    if (!header || this.#bytes < header.bytes) throw coded('truncated', 'the file ends too early');
    if (header.trap === 'finish') trap();
    return new Engine(header, this.#sum);
  }
}

/** @implements {WasmEngine} */
class Engine {
  #header;
  #sum;

  /** @param {Header} header @param {number} sum */
  constructor(header, sum) {
    this.#header = header;
    this.#sum = sum;
  }

  /** @returns {ModelInfo} */
  info() {
    const { name, bytes } = this.#header;
    return {
      name, architecture: 'fake', parameters: 1, layers: 1, vocabulary: 26, contextLength: 1000, tensorTypes: { sum: this.#sum },
      fileBytes: bytes, weightBytes: bytes, chatTemplate: true, endTokens: [], license: null, engine: 'tokenscope', products: 'words',
    };
  }

  /** @param {string} text */
  tokenize(text) {
    return [...text].map((char, position) => token(char.charCodeAt(0), position, 'prompt'));
  }

  /** @param {{ prompt: string, template: string, system?: string }} options */
  session({ prompt, template, system }) {
    if (prompt === '') throw coded('empty-prompt', 'the prompt has no token');
    return new Session(template === 'chat' ? `<${system ?? ''}|${prompt}>` : prompt, this.#header.slow);
  }
}

/** @param {number} id @param {number} position @param {TokenInfo['kind']} kind @returns {TokenInfo} */
const token = (id, position, kind) => ({ id, text: String.fromCharCode(id), partial: false, special: false, kind, position, raw: 0.5, warped: null });

/** @implements {WasmSession} */
class Session {
  #prompt;
  #slow;
  #read = 0;
  #scored = 0;
  #ended = false;
  /** @type {number[]} */
  #output = [];

  /** @param {string} prompt @param {number} [slow] */
  constructor(prompt, slow) {
    this.#prompt = [...prompt].map((char) => char.charCodeAt(0));
    this.#slow = slow;
  }

  get promptLength() {
    return this.#prompt.length;
  }

  /** @param {number} maxTokens */
  prefill(maxTokens) {
    compute(this.#slow);
    this.#read = Math.min(this.#read + maxTokens, this.promptLength);
    return { done: this.#read, total: this.promptLength };
  }

  /** @param {number} maxTokens */
  score(maxTokens) {
    this.#scored = Math.min(this.#scored + maxTokens, this.promptLength + this.#output.length);
    return { done: this.#scored, total: this.promptLength + this.#output.length };
  }

  output() {
    return Uint32Array.from(this.#output);
  }

  tokens() {
    const all = [...this.#prompt, ...this.#output];
    return all.map((id, position) => token(id, position, position < this.promptLength ? 'prompt' : 'output'));
  }

  /** @param {SomeKnobs} knobs @param {number} top @returns {Json<Step>} */
  step(knobs, top) {
    check(knobs);
    compute(this.#slow);
    if (knobs.seed === 666) trap();
    this.#read = this.promptLength + this.#output.length;
    this.#output.push(choose([...this.#prompt, ...this.#output], knobs));
    const step = this.#stepAt(this.#output.length - 1, knobs, top, false);
    this.#ended = step.finish !== null;
    return json(step);
  }

  readAhead() {
    if (this.#ended) return;
    if (String.fromCharCode(...this.#prompt) === 'trap ahead') trap();
    this.#read = this.promptLength + this.#output.length;
  }

  /** @param {number} step @param {SomeKnobs} knobs @param {number} top @param {boolean} cached @returns {Step} */
  #stepAt(step, knobs, top, cached) {
    const text = String.fromCharCode(...this.#output.slice(0, step + 1));
    const finish = step + 1 >= (knobs.maxNewTokens ?? 64) ? 'maxNewTokens' : null;
    const view = this.#viewAt(this.promptLength + step, knobs, top);
    return { ...view, id: this.#output[step], delta: text.slice(-1), text, finish, cached };
  }

  /** @param {number} position @param {SomeKnobs} knobs @param {number} top @returns {Json<View>} */
  view(position, knobs, top) {
    return json(this.#viewAt(position, knobs, top));
  }

  /** @param {number} position @param {SomeKnobs} knobs @param {number} top @returns {View} */
  #viewAt(position, knobs, top) {
    check(knobs);
    const id = [...this.#prompt, ...this.#output][position];
    if (id === undefined) throw coded('out-of-range', `there is no position ${position}`);
    const spread = { entropy: 1, effective: 2 };
    return {
      position, step: position - this.promptLength, vocabulary: 26, tokens: [], others: { count: 26 - top, kept: 0, raw: 1, warped: 1 },
      raw: spread, warped: spread, kept: { count: 26, mass: 1 }, stages: [], draw: null,
      chosen: { id, text: String.fromCharCode(id), partial: false, rank: 0, raw: 0.5, warped: 0.5, logProb: Math.log(0.5) },
    };
  }

  /** @param {SomeKnobs} knobs @param {number} top @param {number} from @param {number} to */
  replayPart(knobs, top, from, to) {
    check(knobs);
    const steps = [];
    for (let step = from; step < Math.min(to, this.#output.length); step++) {
      const id = choose([...this.#prompt, ...this.#output.slice(0, step)], knobs);
      const flips = id !== this.#output[step];
      if (flips) this.#output = [...this.#output.slice(0, step), id];
      steps.push(this.#stepAt(step, knobs, top, true));
      if (flips) return { flip: step, steps: json(steps), last: true };
    }
    return { flip: null, steps: json(steps), last: to >= this.#output.length };
  }

  /** @param {Uint32Array} ids */
  force(ids) {
    this.#output.push(...ids);
  }

  /** @param {number} position @param {number} id */
  branch(position, id) {
    if (position < this.promptLength || position > this.promptLength + this.#output.length) throw coded('out-of-range', `nothing branches at ${position}`);
    const branch = new Session(String.fromCharCode(...this.#prompt), this.#slow);
    branch.#read = this.#read;
    branch.#output = [...this.#output.slice(0, position - this.promptLength), id];
    return branch;
  }

  /** @param {SomeKnobs} knobs @param {number} from @param {number} to */
  tokenLikelihoods(knobs, from, to) {
    check(knobs);
    const raw = Math.log(0.5);
    const tokens = this.#output.map((id, step) => ({ id, position: this.promptLength + step, text: String.fromCharCode(id), raw, warped: step < 6 ? raw : null }));
    return tokens.slice(from, to);
  }

  /** @param {number} position @param {SomeKnobs} a @param {SomeKnobs} b */
  divergence(position, a, b) {
    const apart = Math.abs((a.temperature ?? 1) - (b.temperature ?? 1));
    return { position, totalVariation: Math.min(1, apart), kl: apart };
  }

  /**
   * @param {number} position @param {SomeKnobs} knobs @param {number} from
   * @returns {{ intervals: import('../../www/engine/types.js').Intervals, last: boolean }}
   */
  intervalsPart(position, knobs, from) {
    check(knobs);
    const step = position - this.promptLength;
    if (step < 0) return { intervals: {}, last: true };
    return from === 0 ? { intervals: { temperature: [step / 10, 2 - step / 10] }, last: false } : { intervals: {}, last: true };
  }

  /** @param {SearchKind} kind @param {SearchSettings} settings */
  search(kind, settings) {
    if (kind === 'beams' || !('n' in settings)) throw coded('unsupported-feature', 'the pretend engine samples only');
    return new Search(settings, this.#slow);
  }

  text() {
    return String.fromCharCode(...this.#output);
  }

  memory() {
    return { stateBytes: this.#read, logitsBytes: 0, budgetBytes: 0 };
  }

  free() {}
}

let searches = 0;

/** Finishes a text at each call. @implements {WasmSearch} */
class Search {
  #n;
  #slow;
  /** @type {Outcome[]} */
  #outcomes = [];

  /** @param {OutcomesSettings} settings @param {number} [slow] */
  constructor({ n }, slow) {
    this.#n = n;
    this.#slow = slow;
    searches++;
  }

  advance() {
    compute(this.#slow);
    const id = 97 + this.#outcomes.length;
    this.#outcomes.push({ ids: [id], text: String.fromCharCode(id), count: 1, logProb: -1, rawLogProb: -1, finish: 'end' });
    return this.#outcomes.length >= this.#n;
  }

  report() {
    const finished = this.#outcomes.length;
    // `separate` tells how many searches are alive.
    return { outcomes: this.#outcomes, n: this.#n, finished, computed: finished, separate: searches, unseen: 0, done: finished >= this.#n };
  }

  free() {
    searches--;
  }
}

/** @param {SomeKnobs} knobs */
function check(knobs) {
  for (const [key, value] of Object.entries(knobs)) {
    if (!['seed', 'temperature', 'maxNewTokens'].includes(key)) throw coded('unknown-knob', `there is no knob '${key}'`);
    if (!Number.isFinite(value)) throw coded('knob-out-of-range', `${key} is not a number`);
  }
}

/** Depends on every token before it. @param {number[]} ids @param {SomeKnobs} knobs */
function choose(ids, { seed = 0, temperature = 1 }) {
  // A temperature above 1 matters from the fourth token on, so that a replay flips there.
  const warmth = ids.length % 4 === 3 ? temperature : 1;
  return 97 + (ids.reduce((hash, id) => (hash * 33 + id) >>> 0, (seed * 7919 + warmth * 104729) >>> 0) % 26);
}
