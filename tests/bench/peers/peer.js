// The page's half of the comparison: one engine in a fresh tab. Each engine is opened on a file, and writes greedily.
//
// An engine is `open(options)` that gives `write(prompt, ids, count, onToken)`: the prompt as text and as tokens, and
// what is called at each new token. All are timed in the same way, from the call to the first token and from token to token.

/** @typedef {{ engine: string, model: string, options: Record<string, any> }} Wanted */
/** @typedef {(prompt: string, ids: number[], count: number, onToken: () => void) => Promise<{ text?: string, ids?: number[] }>} Write */

/** @type {Record<string, () => Promise<{ open: (model: string, options: any) => Promise<Write> }>>} */
const ENGINES = {
  tokenscope: () => import('./engines/tokenscope.js'),
  wllama2: () => import('./engines/wllama2.js'),
  wllama3: () => import('./engines/wllama3.js'),
  candle: () => import('./engines/candle.js'),
  transformers: () => import('./engines/transformers.js'),
};

/** @type {Write} */
let write;

/** @param {Wanted} wanted */
async function open({ engine, model, options }) {
  write = await (await ENGINES[engine]()).open(model, options);
}

/** @param {string} prompt @param {number[]} ids @param {number} count */
async function run(prompt, ids, count) {
  /** @type {number[]} */
  const times = [];
  const start = performance.now();
  const written = await write(prompt, ids, count, () => times.push(performance.now()));
  return { ...written, first: times[0] - start, gaps: times.slice(1).map((time, i) => time - times[i]) };
}

Object.assign(window, { peer: { open, run } });
document.documentElement.dataset.ready = 'yes';
