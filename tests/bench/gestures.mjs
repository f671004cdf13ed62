// What the reader feels on the real page: how soon bars follow a knob, how long the main thread is ever busy while
// the model runs, and how fast a text comes with all that is drawn of it.

import { HOOKS, Reader } from '../page/driver.mjs';
import { quantile } from './statistics.mjs';

const KNOB_EVENTS = 60;
const CACHED_STEPS = 200;
const CHANGES = 8;
const WRITTEN = 128;
/** A task beyond this makes a page feel stuck (the browser's own definition of a long task). */
const LONG_TASK = 50;

/**
 * @param {import('playwright-core').Page} page  whose profile has the model stored
 * @param {string} site
 * @returns {Promise<Record<string, { value: number, unit: string }>>}
 */
export async function measureGestures(page, site) {
  await page.goto(site);
  const reader = new Reader(page);
  await reader.loadModel();
  await reader.type('The largest ocean is the');
  await reader.set('maxNewTokens', 32);

  await watchDocument(page);

  const tasks = await mainThreadTasks(page, () => reader.generate());
  const delays = await knobDelays(page);

  await reader.set('maxNewTokens', CACHED_STEPS);
  await reader.generate();
  const later = await knobDelays(page);
  const changes = await changeDelays(page);
  const speed = await writingSpeed(page, reader);
  return {
    'knob event to bars redrawn, p50': { value: quantile(delays, 0.5), unit: 'ms' },
    'knob event to bars redrawn, p95': { value: quantile(delays, 0.95), unit: 'ms' },
    [`the same with ${CACHED_STEPS} steps cached, p50`]: { value: quantile(later, 0.5), unit: 'ms' },
    [`the same with ${CACHED_STEPS} steps cached, p95`]: { value: quantile(later, 0.95), unit: 'ms' },
    [`knob event to the first changed token, ${CACHED_STEPS} steps, p50`]: { value: quantile(changes, 0.5), unit: 'ms' },
    'writing on the page': { value: speed, unit: 'tokens/s' },
    'longest main-thread task while generating': { value: Math.max(0, ...tasks), unit: 'ms' },
    'main-thread tasks over 50 ms while generating': { value: tasks.filter((task) => task > LONG_TASK).length, unit: '' },
  };
}

/**
 * Gives the page `whenChanged(holds, limit)`: whether, within `limit` ms, the document changed so that a condition holds.
 * @param {import('playwright-core').Page} page
 */
function watchDocument(page) {
  return page.evaluate(() => {
    const whenChanged = (/** @type {() => boolean} */ holds, /** @type {number} */ limit) =>
      new Promise((done) => {
        const end = (/** @type {boolean} */ held) => {
          observer.disconnect();
          clearTimeout(timer);
          done(held);
        };
        const timer = setTimeout(() => end(false), limit);
        const observer = new MutationObserver(() => holds() && end(true));
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      });
    Object.assign(window, { whenChanged });
  });
}

/**
 * From an `input` event on the temperature slider until the bars in the document differ.
 * (Another knob would often change none of them.)
 * @param {import('playwright-core').Page} page
 * @returns {Promise<number[]>}  ms
 */
function knobDelays(page) {
  return page.evaluate(
    async ({ bars, events }) => {
      const slider = /** @type {HTMLInputElement} */ (document.querySelector('input[type=range][name=temperature]'));
      const picture = () => [...document.querySelectorAll(bars)].map((bar) => bar.outerHTML).join('');
      const travel = Number(slider.max) - Number(slider.min);
      const delays = [];
      for (let event = 0; event < events; event++) {
        const before = picture();
        // Back and forth through the middle of the travel, a little at a time.
        slider.value = String(Number(slider.min) + travel * (0.3 + 0.4 * Math.abs((event % 20) / 10 - 1)));
        const start = performance.now();
        // Watched from before the event: the page may redraw at once.
        const redrawn = /** @type {any} */ (window).whenChanged(() => picture() !== before, 2000);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        if (!(await redrawn)) throw new Error('The bars did not follow the temperature within 2 s.');
        delays.push(performance.now() - start);
        await new Promise((done) => setTimeout(done, 30));
      }
      return delays;
    },
    { bars: HOOKS.bars, events: KNOB_EVENTS },
  );
}

/**
 * From an `input` event that changes the text until the strip shows its first other token. The text is written to its
 * end before the next one.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<number[]>}  ms
 */
async function changeDelays(page) {
  const delays = [];
  for (let event = 0; event < CHANGES; event++) {
    const delay = await page.evaluate(
      async ({ chips, hot }) => {
        const slider = /** @type {HTMLInputElement} */ (document.querySelector('input[type=range][name=temperature]'));
        const text = () => [...document.querySelectorAll(chips)].map(({ textContent }) => textContent);
        const before = text();
        slider.value = String(Number(slider.min) + (Number(slider.max) - Number(slider.min)) * (hot ? 0.6 : 0.5));
        const start = performance.now();
        const changed = /** @type {any} */ (window).whenChanged(() => text().some((token, index) => token !== before[index]), 5000);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        return (await changed) ? performance.now() - start : null;
      },
      { chips: HOOKS.outputChips, hot: event % 2 === 0 },
    );
    if (delay !== null) delays.push(delay);
    // The knob must come to rest before the text is written on, and all of it is to be there for the next event.
    await page.waitForTimeout(600);
    await page.locator(`${HOOKS.stop}:disabled`).waitFor({ timeout: 120_000 });
  }
  if (delays.length === 0) throw new Error('No knob changed the text.');
  return delays;
}

/**
 * From the first tokens that are drawn until the page says that all are.
 * @param {import('playwright-core').Page} page
 * @param {Reader} reader
 * @returns {Promise<number>}  tokens/s
 */
async function writingSpeed(page, reader) {
  await reader.set('minNewTokens', WRITTEN);
  await reader.set('maxNewTokens', WRITTEN);
  await reader.at('clear').click();
  return page.evaluate(
    async ({ chips, generate, stop }) => {
      const find = (/** @type {string} */ selector) => /** @type {HTMLButtonElement} */ (document.querySelector(selector));
      const written = () => document.querySelectorAll(chips).length;
      const { whenChanged } = /** @type {any} */ (window);
      const begun = whenChanged(() => written() > 0, 10_000);
      find(generate).click();
      if (!(await begun)) throw new Error('No token was written within 10 s.');
      const start = performance.now();
      const drawn = written();
      if (!(await whenChanged(() => find(stop).disabled, 60_000))) throw new Error('The text was not written within a minute.');
      return (1000 * (written() - drawn)) / (performance.now() - start);
    },
    { chips: HOOKS.outputChips, generate: HOOKS.generate, stop: HOOKS.stop },
  );
}

/**
 * The lengths of the tasks on the page's main thread while something is done, from the browser's trace.
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<void>} action
 * @returns {Promise<number[]>}  ms
 */
async function mainThreadTasks(page, action) {
  const session = await page.context().newCDPSession(page);
  /** @type {any[]} */
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'] },
  });
  await action();
  const complete = new Promise((done) => session.once('Tracing.tracingComplete', done));
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const thread = (/** @type {any} */ { pid, tid }) => `${pid}/${tid}`;
  const mains = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(thread));
  // A task that the end of the trace cuts off has no length.
  const tasks = events.filter((event) => event.name === 'RunTask' && mains.has(thread(event)) && Number.isFinite(event.dur));
  return tasks.map(({ dur }) => dur / 1000);
}
