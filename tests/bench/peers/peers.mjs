// Tokenscope and other engines side by side, on the same files, in one Chromium.
//
//   ./build.sh bench --peers [--quick] [--rounds N] [--files Q4_1,Q8_0,Q4_0] [--only NAME,…] [--json FILE] [--markdown FILE]
//
// Each measurement is a fresh tab with one engine and one file. In each round every engine has its turn on each file,
// and the order is turned by one from round to round, so that no engine always follows the same other one. The page is
// cross-origin isolated, since the engines with threads need it.
//
// What an engine writes is compared with what native llama.cpp writes from the same file. Greedy texts may part where
// two tokens are nearly equally probable, so the number of equal characters is told and not required.
//
// Biases, declared: the server is on the same machine; memory is the peak of the tab's process, Chromium's own part
// and what the driver keeps of the files that an engine fetches included; every engine is timed from the call to the first token, which has the prompt in it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { serve } from '../../../tools/serve.mjs';
import { ROOT, SITE, launchOptions } from '../../browser.mjs';
import { peakMemory } from '../memory.mjs';
import { digits, measure, quantile } from '../statistics.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** What each run is asked for: tokens of the prompt, and tokens to write. */
const RUNS = { short: [8, 32], p128: [128, 2], p512: [512, 16] };

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} engine   see peer.js, or `native`
 * @property {number} threads
 * @property {Record<string, unknown>} [options]
 * @property {string} [file]  the only one that it reads
 */

/** @type {Contender[]} */
const CONTENDERS = [
  { name: 'Tokenscope, threads', engine: 'tokenscope', threads: 2, options: { variant: 'threads' } },
  { name: 'Tokenscope, fast', engine: 'tokenscope', threads: 1, options: { variant: 'fast' } },
  { name: 'Tokenscope, baseline', engine: 'tokenscope', threads: 1, options: { variant: 'baseline' } },
  { name: `wllama ${process.env.PEER_WLLAMA_2}`, engine: 'wllama2', threads: 1 },
  { name: `wllama ${process.env.PEER_WLLAMA_2}, two threads`, engine: 'wllama2', threads: 2 },
  { name: `wllama ${process.env.PEER_WLLAMA_3}`, engine: 'wllama3', threads: 1 },
  { name: `wllama ${process.env.PEER_WLLAMA_3}, two threads`, engine: 'wllama3', threads: 2 },
  { name: `candle ${process.env.PEER_CANDLE}`, engine: 'candle', threads: 1 },
  { name: `transformers.js ${process.env.PEER_TRANSFORMERS}`, engine: 'transformers', threads: 1, file: 'int8' },
  { name: `transformers.js ${process.env.PEER_TRANSFORMERS}, two threads`, engine: 'transformers', threads: 2, file: 'int8' },
  { name: 'native llama.cpp', engine: 'native', threads: 1 },
  { name: 'native llama.cpp, two threads', engine: 'native', threads: 2 },
];

/** @typedef {{ prompt: string, ids: number[], count: number }} Job */
/** @typedef {{ first: number, gaps: number[], ids?: number[], text?: string, read?: number[] }} Answer */
/** @typedef {Record<string, number>} Figures */

/** The start of a text that a session of the page reads as so many tokens. @param {import('playwright-core').Page} page @param {string} text @param {number} count */
const promptOf = (page, text, count) =>
  page.evaluate(
    async ([text, count]) => {
      const { load } = await import(/** @type {any} */ ('/engine/index.js'));
      const engine = (/** @type {any} */ (globalThis).tokenizing ??= await load({ model: 'default', keep: false }));
      const { startOf } = await import(/** @type {any} */ ('/bench/prompt.js'));
      const prompt = await startOf(engine, text, count);
      return { prompt, ids: (await engine.tokenize(prompt)).map((/** @type {{ id: number }} */ { id }) => id) };
    },
    /** @type {[string, number]} */ ([text, count]),
  );

/** @param {import('playwright-core').Browser} browser @param {string} url @returns {Promise<{ jobs: Record<keyof typeof RUNS, Job>, products: string }>} */
async function makeJobs(browser, url) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${url}peers/peer.html`);
    const text = await readFile(join(HERE, '../filler.txt'), 'utf8');
    const jobs = {};
    for (const [name, [length, count]] of Object.entries(RUNS)) Object.assign(jobs, { [name]: { ...(await promptOf(page, text, length)), count } });
    const products = await page.evaluate(() => /** @type {any} */ (globalThis).tokenizing.info.products);
    return { jobs: /** @type {Record<keyof typeof RUNS, Job>} */ (jobs), products };
  } finally {
    await context.close();
  }
}

/** What an engine opens: a file of the model, or the folder that has all it needs. @param {Contender} contender @param {string} file */
const pathOf = ({ file: own }, file) => own ?? `${file}.gguf`;

/** One engine on one file in a tab of its own. @param {import('playwright-core').Browser} browser @param {string} url @param {Contender} contender @param {string} file @param {Record<string, Job>} jobs */
async function playInTab(browser, url, contender, file, jobs) {
  const { engine, threads, options } = contender;
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${url}peers/peer.html`);
    await page.waitForSelector('html[data-ready]');
    await page.evaluate((wanted) => /** @type {any} */ (window).peer.open(wanted), { engine, model: `/files/${pathOf(contender, file)}`, options: { threads, ...options } });
    /** @type {Record<string, Answer>} */
    const answers = {};
    for (const [name, { prompt, ids, count }] of Object.entries(jobs)) {
      answers[name] = await page.evaluate(([prompt, ids, count]) => /** @type {any} */ (window).peer.run(prompt, ids, count), /** @type {[string, number[], number]} */ ([prompt, ids, count]));
    }
    const memory = await peakMemory(context);
    return { answers, memory };
  } finally {
    await context.close();
  }
}

/** @param {string} path @param {number} threads @param {Record<string, Job>} jobs */
async function playNatively(path, threads, jobs) {
  const program = spawn(/** @type {string} */ (process.env.PEER_PYTHON), [join(HERE, 'native.py'), 'run', path, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  /** @type {Record<string, Answer>} */
  const answers = {};
  for (const [name, { ids, count }] of Object.entries(jobs)) {
    program.stdin.write(`${JSON.stringify({ ids, count })}\n`);
    answers[name] = JSON.parse((await lines.next()).value);
  }
  program.stdin.end();
  await once(program, 'exit');
  return { answers, memory: null };
}

/** @param {Record<string, Answer>} answers @param {Record<string, Job>} jobs @param {number | null} memory @returns {Figures} */
function figuresOf({ short, p128, p512 }, jobs, memory) {
  const perSecond = (/** @type {number[]} */ gaps) => 1000 / quantile(gaps, 0.5);
  return {
    'prefill 128': (1000 * jobs.p128.ids.length) / p128.first,
    'prefill 512': (1000 * jobs.p512.ids.length) / p512.first,
    'decode, short': perSecond(short.gaps),
    'decode after 512': perSecond(p512.gaps),
    ...(memory === null ? {} : { 'tab memory, MB': memory / 1e6 }),
  };
}

/** Characters, or tokens where an engine gives no text, that two answers have in common from the start. @param {Answer} a @param {Answer} b */
function common(a, b) {
  const [one, other] = a.text !== undefined && b.text !== undefined ? [a.text, b.text] : [a.ids ?? [], b.ids ?? []];
  let equal = 0;
  while (equal < one.length && equal < other.length && one[equal] === other[equal]) equal++;
  return { equal, of: Math.min(one.length, other.length), unit: typeof one === 'string' ? 'characters' : 'tokens' };
}

/** @param {Record<string, Record<string, import('../statistics.mjs').Measure>>} rows */
function tableOf(rows) {
  const columns = ['prefill 128', 'prefill 512', 'decode, short', 'decode after 512', 'tab memory, MB'];
  const cell = (/** @type {import('../statistics.mjs').Measure | undefined} */ it) => (it ? `${digits(it.median)} (${digits(it.min)}–${digits(it.max)})` : '–');
  return [
    `| engine, file | ${columns.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(columns.length)}`,
    ...Object.entries(rows).map(([name, measures]) => `| ${name} | ${columns.map((column) => cell(measures[column])).join(' | ')} |`),
  ].join('\n');
}

/**
 * How many times as fast as each other engine on its own best file Tokenscope is.
 * @param {Record<string, Record<string, import('../statistics.mjs').Measure>>} rows
 * @param {string} file  that Tokenscope reads
 */
function ratiosOf(rows, file) {
  const others = [...new Set(CONTENDERS.filter(({ engine }) => engine !== 'tokenscope').map(({ name }) => name))];
  const lines = [];
  for (const other of others) {
    const threads = CONTENDERS.find(({ name }) => name === other)?.threads ?? 1;
    const ours = rows[`${threads > 1 ? 'Tokenscope, threads' : 'Tokenscope, fast'}, ${file}`];
    const theirs = Object.entries(rows).filter(([name]) => name.slice(0, name.lastIndexOf(', ')) === other);
    if (!ours || theirs.length === 0) continue;
    const ratio = (/** @type {string} */ column) => {
      const [name, best] = theirs.reduce((a, b) => (b[1][column].median > a[1][column].median ? b : a));
      return `${(ours[column].median / best[column].median).toFixed(2)}× (${name.slice(other.length + 2)})`;
    };
    lines.push(`| ${other} | ${['prefill 128', 'prefill 512', 'decode, short', 'decode after 512'].map(ratio).join(' | ')} |`);
  }
  return [`| Tokenscope (${file}) against, on its own best file | prefill 128 | prefill 512 | decode, short | decode after 512 |`, '| --- | ---: | ---: | ---: | ---: |', ...lines].join('\n');
}

/** Puts text between the marks of a document. @param {string} path @param {string} text */
async function putInto(path, text) {
  const old = await readFile(path, 'utf8');
  const marked = /(<!-- measured -->\n)[\s\S]*?(<!-- end -->)/;
  if (!marked.test(old)) throw new Error(`${path} has no place for the table: a line <!-- measured --> and a line <!-- end -->.`);
  await writeFile(path, old.replace(marked, (_, before, after) => `${before}${text}\n${after}`));
}

/** Who plays on which file, in the order of one round. @param {Contender[]} contenders @param {string[]} files @param {number} round @returns {[Contender, string][]} */
function turnsOf(contenders, files, round) {
  const turned = contenders.map((_, i) => contenders[(i + round) % contenders.length]);
  // The baseline is a fallback: one file tells how it stands. Who reads a file of its own reads one.
  const once = (/** @type {Contender} */ { options, file }) => options?.variant === 'baseline' || file !== undefined;
  return files.flatMap((file, i) => turned.filter((contender) => i === 0 || !once(contender)).map((contender) => /** @type {[Contender, string]} */ ([contender, file])));
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      files: { type: 'string', default: 'Q4_1,Q8_0,Q4_0' },
      only: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
    },
  });
  const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
  const files = options.files.split(',');
  const wanted = options.only?.split(',');
  const contenders = CONTENDERS.filter(({ name }) => !wanted || wanted.some((part) => name.includes(part)));
  const folder = /** @type {string} */ (process.env.PEER_FILES);
  const mounts = { '/peers': HERE, '/bench': join(ROOT, 'tests/bench'), '/npm': /** @type {string} */ (process.env.PEER_NPM), '/candle': /** @type {string} */ (process.env.PEER_CANDLE_PKG), '/files': folder };
  const server = await serve({ root: SITE, mounts, isolated: true });
  const browser = await chromium.launch(launchOptions());
  /** @type {Record<string, Figures[]>} */
  const played = {};
  /** @type {string[]} */
  const agreement = [];
  try {
    const { jobs, products } = await makeJobs(browser, server.url);
    /** @type {Record<string, Record<string, Answer>>} */
    const reference = {};
    for (const file of files) reference[file] = (await playNatively(join(folder, `${file}.gguf`), 1, { short: jobs.short })).answers;
    for (let round = 0; round < rounds; round++) {
      for (const [contender, file] of turnsOf(contenders, files, round)) {
        const name = `${contender.name}, ${contender.file ?? file}`;
        const { answers, memory } = contender.engine === 'native' ? await playNatively(join(folder, `${file}.gguf`), contender.threads, jobs) : await playInTab(browser, server.url, contender, file, jobs);
        const figures = figuresOf(answers, jobs, memory);
        (played[name] ??= []).push(figures);
        if (round === 0) {
          const { equal, of, unit } = common(answers.short, reference[file].short);
          agreement.push(`${name}: ${equal} of ${of} ${unit}`);
        }
        console.log(`round ${round + 1}: ${name}: ${Object.entries(figures).map(([key, value]) => `${key} ${digits(value)}`).join(', ')}`);
      }
    }
    const rows = Object.fromEntries(Object.entries(played).map(([name, all]) => [name, Object.fromEntries(Object.keys(all[0]).map((key) => [key, measure(all.map((figures) => figures[key]), '')]))]));
    const about = { command: ['./build.sh bench --peers', ...process.argv.slice(2)].join(' '), date: new Date().toISOString(), rounds, cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), browser: browser.version() };
    const heading = `${about.cpu}, ${about.cores} cores; Chromium ${about.browser}, where Tokenscope makes products of ${products}; ${rounds} rounds on ${about.date.slice(0, 10)}; \`${about.command}\`. Tokens per second: median (least–greatest).`;
    const text = [heading, '', tableOf(rows), '', ratiosOf(rows, files[0]), '', 'What each engine has in common with native llama.cpp on the same file, from the start of a greedy text:', '', ...agreement.map((line) => `- ${line}`)].join('\n');
    console.log(`\n${text}`);
    if (options.json) await writeFile(options.json, `${JSON.stringify({ about, measures: rows, agreement }, null, 1)}\n`);
    if (options.markdown) await putInto(options.markdown, text);
  } finally {
    await browser.close();
    await server.close();
  }
}

main().catch((error) => {
  console.error(`error: ${error.stack ?? error.message}`);
  process.exit(1);
});
