// Measures the built site in a real browser, and checks what it writes on the way.
//
//   node tests/bench/bench.mjs [--quick] [--rounds N] [--threads] [--json FILE] [--update]
//
// Each round starts a new browser with an empty profile. Every run is greedy and must write the
// tokens in expected.json; --update writes that file anew. The page is not isolated, so the engine has one thread;
// with --threads it is, and the engine has them all.
//
// Biases, declared: the server is on the same machine, so "from network" leaves the network out;
// brotli is at quality 9; memory is the peak of the renderer process, which includes Chromium's own, in a
// tab that no driver follows.

import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, platform, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { serve } from '../../tools/serve.mjs';
import { sizesOf } from '../../tools/sizes.mjs';
import { ROOT, SITE, collectFaults, launchOptions } from '../browser.mjs';
import { measureGestures } from './gestures.mjs';
import { measureMemory } from './memory.mjs';
import { measure, table } from './statistics.mjs';

const EXPECTED = fileURLToPath(new URL('expected.json', import.meta.url));
const SHORT_PROMPT = 'The largest ocean is the';

/** @typedef {Record<string, { unit: string, value: number }>} Round  what one round measured, by name */
/** @typedef {Record<string, number[]>} Tokens  greedy token ids, by the name of the run */

/**
 * Calls a function of the page's half, see bench.js.
 * @param {import('playwright-core').Page} page @param {string} name @param {...unknown} args
 * @returns {Promise<any>}
 */
const call = (page, name, ...args) =>
  page.evaluate(([key, values]) => /** @type {any} */ (window).bench[key](...values), /** @type {[string, any[]]} */ ([name, args]));

/** @param {import('playwright-core').Page} page @param {string} site */
async function open(page, site) {
  await page.goto(`${site}bench/bench.html`);
  await page.waitForSelector('html[data-ready]');
}

/**
 * @param {string} site  URL of the server
 * @param {{ longPrompts: number[], newTokens: number }} plan
 * @returns {Promise<{ round: Round, tokens: Tokens, about: { model: unknown, browser: string } }>}
 */
async function playRound(site, plan) {
  const profile = await mkdtemp(join(tmpdir(), 'tokenscope-bench-'));
  const context = await chromium.launchPersistentContext(profile, launchOptions());
  const faults = collectFaults(context);
  /** @type {Round} */ const round = {};
  /** @type {Tokens} */ const tokens = {};
  /** @param {string} name @param {number} value @param {string} unit */
  const put = (name, value, unit) => (round[name] = { value, unit });
  /** @param {string} name @param {any} run */
  const decoded = (name, run) => {
    tokens[name] = run.ids;
    put(`decode, ${name}`, 1000 / mean(run.gaps), 'tokens/s');
  };
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await open(page, site);
    const { time, info } = await call(page, 'loadModel');
    put('load, from network', time, 'ms');

    await open(page, site);
    put('load, from storage', (await call(page, 'loadModel')).time, 'ms');
    await call(page, 'run', SHORT_PROMPT, 1);
    put('page open to first token, stored model', await call(page, 'now'), 'ms');

    decoded('short prompt', await call(page, 'run', SHORT_PROMPT, plan.newTokens));
    for (const length of plan.longPrompts) {
      const run = await call(page, 'run', await call(page, 'promptOf', length), plan.newTokens);
      put(`prefill, ${run.promptTokens} tokens`, (1000 * run.promptTokens) / run.prefill, 'tokens/s');
      decoded(`after ${run.promptTokens} tokens`, run);
    }
    const bandwidth = await call(page, 'readBandwidth');
    put("memory's reading speed from wasm, one thread", bandwidth, 'GB/s');
    // Each token reads every weight once: the table of tokens is also the output layer.
    put('decode, short prompt: share of that speed', (100 * round['decode, short prompt'].value * info.weightBytes) / (bandwidth * 1e9), '%');
    Object.assign(round, await call(page, 'lanes'));
    Object.assign(round, await measureGestures(page, site));
    put('writing on the page: share of decoding alone', (100 * round['writing on the page'].value) / round['decode, short prompt'].value, '%');
    if (faults.length > 0) throw new Error(`The page did something wrong:\n${faults.join('\n')}`);
    return { round, tokens, about: { model: info, browser: await versionOf(context) } };
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** @param {number[]} values */
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** @param {import('playwright-core').BrowserContext} context */
async function versionOf(context) {
  const session = await context.newCDPSession(context.pages()[0]);
  return (await session.send('Browser.getVersion')).product;
}

/**
 * Compares the tokens with the committed ones; a shorter run must agree as far as it goes.
 * @param {Tokens} tokens
 * @param {Tokens} expected
 */
function checkTokens(tokens, expected) {
  for (const [name, ids] of Object.entries(tokens)) {
    if (!expected[name]) throw new Error(`expected.json knows no run '${name}': refresh it with --update.`);
    if (!isDeepStrictEqual(expected[name].slice(0, ids.length), ids)) {
      throw new Error(`The run '${name}' wrote other tokens than expected.json has:\n  expected ${expected[name]}\n  written  ${ids}`);
    }
  }
}

function machine() {
  const git = (/** @type {string[]} */ ...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  let commit = 'unknown';
  try {
    commit = git('rev-parse', 'HEAD') + (git('status', '--porcelain') ? ', changed' : '');
  } catch {
    // Not a clone: an unpacked archive has no commit.
  }
  return { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), system: platform(), node: process.version, commit };
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      threads: { type: 'boolean', default: false },
      json: { type: 'string' },
      update: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(options.rounds ?? (options.quick || options.update ? 1 : 5));
  // The expected tokens are those of the full plan: --update does not take --quick's.
  const plan = options.quick && !options.update ? { longPrompts: [128], newTokens: 8 } : { longPrompts: [128, 512], newTokens: 32 };

  const server = await serve({ root: SITE, mounts: { '/bench': join(ROOT, 'tests/bench') }, isolated: options.threads });
  /** @type {Awaited<ReturnType<typeof playRound>>[]} */
  const played = [];
  try {
    while (played.length < rounds) {
      console.log(`round ${played.length + 1} of ${rounds} …`);
      const result = await playRound(server.url, plan);
      Object.assign(result.round, await measureMemory(server.url, SHORT_PROMPT, plan));
      if (options.update) await writeFile(EXPECTED, `${JSON.stringify({ prompt: SHORT_PROMPT, tokens: result.tokens }, null, 1)}\n`);
      checkTokens(result.tokens, JSON.parse(await readFile(EXPECTED, 'utf8')).tokens);
      played.push(result);
    }
  } finally {
    await server.close();
  }

  const measures = Object.fromEntries(
    Object.entries(played[0].round).map(([name, { unit }]) => [name, measure(played.map(({ round }) => round[name].value), unit)]),
  );
  const sizes = sizesOf(SITE);
  for (const kind of ['wasm, threads', 'wasm, fast', 'wasm, baseline', 'JavaScript']) {
    for (const form of /** @type {const} */ (['raw', 'gzip', 'brotli'])) {
      measures[`${kind}, ${form}`] = measure([sizes[kind][form] / 1024], 'KiB');
    }
  }
  const about = { command: ['./build.sh bench', ...process.argv.slice(2)].join(' '), date: new Date().toISOString(), rounds, ...machine(), ...played[0].about };
  console.log(`\n${about.cpu}, ${about.cores} cores; ${about.browser}; products of ${/** @type {any} */ (about.model).products}; commit ${about.commit}\n`);
  console.log(table(measures));
  console.log('\nEvery run wrote the expected tokens.');
  if (options.json) await writeFile(options.json, `${JSON.stringify({ about, measures }, null, 2)}\n`);
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});
