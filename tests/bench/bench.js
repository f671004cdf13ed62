// The page's half of the benchmark: what is timed runs here, through the public client alone.
// All times are in milliseconds.

// @ts-ignore: served from the site's root, which the type checker does not know
import { load } from '/engine/index.js';
import { readBandwidth } from './bandwidth.js';
import { measureContext, measureLanes } from './lanes.js';
import { startOf } from './prompt.js';
import { measureSampling } from './sampling.js';

const GREEDY = { doSample: false, maxNewTokens: 100_000 };
/** A text of no repeated sentences, so that a prompt of any length reads like one. */
const FILLER = await (await fetch('filler.txt')).text();

/** @type {any} */
let engine;

/** Loads the default model: from the network at first, from storage afterwards. */
async function loadModel() {
  const start = performance.now();
  engine = await load({ model: 'default' });
  return { time: performance.now() - start, info: engine.info };
}

/** A prompt of so many tokens. @param {number} count */
const promptOf = (count) => startOf(engine, FILLER, count);

/**
 * Time to read a prompt, and then to write `newTokens` greedily.
 * The first new token needs no forward pass of its own, so it is left out of the time per token.
 * @param {string} prompt
 * @param {number} newTokens
 */
async function run(prompt, newTokens) {
  const start = performance.now();
  const session = await engine.session({ prompt, template: 'raw' });
  const prefill = performance.now() - start;
  const ids = [];
  /** @type {number[]} */
  const times = [];
  while (ids.length < newTokens) {
    const step = await session.step(GREEDY, { top: 50 });
    times.push(performance.now());
    ids.push(step.id);
    if (step.finish) break;
  }
  const { promptLength } = session;
  await session.close();
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  return { promptTokens: promptLength, prefill, ids, gaps, firstToken: times[0] - start };
}

/** Writes so many tokens, whether the text ends or not. @param {string} prompt @param {number} newTokens */
async function write(prompt, newTokens) {
  const session = await engine.session({ prompt, template: 'raw' });
  for (let step = 0; step < newTokens; step++) await session.step(GREEDY, { top: 50 });
  await session.close();
}

/** What sampling, many continuations and a long context cost; the long prompt repeats the text. */
async function lanes() {
  const length = (await engine.tokenize(FILLER)).length;
  const long = FILLER.repeat(Math.floor(2000 / length)) + (await promptOf(2000 % length));
  return { ...(await measureSampling(engine)), ...(await measureLanes(engine)), ...(await measureContext(engine, long, await promptOf(10))) };
}

Object.assign(window, { bench: { loadModel, promptOf, run, write, lanes, readBandwidth, now: () => performance.now() } });
document.documentElement.dataset.ready = 'yes';
