// One browser and one server for a test file; each test gets a page of its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../browser.mjs';
import { Site } from './server.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {typeof import('../../www/engine/index.js')} Tokenscope */

/** No test may take longer, whatever hangs. */
const LIMIT = 30_000;

export const site = new Site();
/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  await site.open();
  browser = await chromium.launch(launchOptions());
});
after(async () => {
  await browser?.close();
  site.close();
});

/**
 * A test in a fresh page with fresh storage. Whatever the page reports as an error fails it.
 * @param {string} name
 * @param {(page: Page) => Promise<void>} run
 * @param {{ init?: () => void, expected?: RegExp }} [options]  init: runs in the page before anything else;
 *   expected: console errors that belong to the test
 */
export function pageTest(name, run, { init, expected } = {}) {
  test(name, { timeout: LIMIT }, async () => {
    const context = await browser.newContext();
    try {
      /** @type {string[]} */
      const faults = [];
      context.on('weberror', (error) => faults.push(String(error.error().stack)));
      context.on('console', (message) => {
        if (message.type() === 'error' && !expected?.test(message.text())) faults.push(message.text());
      });
      await context.addInitScript(recordWorkers);
      if (init) await context.addInitScript(init);
      await run(await openPage(context));
      assert.deepEqual(faults, []);
    } finally {
      await context.close();
    }
  });
}

/** @param {import('playwright-core').BrowserContext} context @returns {Promise<Page>} */
export async function openPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT / 2);
  await page.goto(site.url);
  await page.waitForFunction(() => 'tokenscope' in globalThis);
  return page;
}

/** Lets a test end workers behind the engine's back: `workers` lists all that were ever started. */
function recordWorkers() {
  /** @type {Worker[]} */
  const workers = [];
  globalThis.Worker = class extends Worker {
    /** @param {string | URL} url @param {WorkerOptions} [options] */
    constructor(url, options) {
      super(url, options);
      workers.push(this);
    }
  };
  Object.assign(globalThis, {
    workers,
    /** @param {Promise<unknown>} work @returns {Promise<{ code: string, name: string, message: string }>} how it fails */
    failure: async (work) => {
      try {
        await work;
      } catch (error) {
        const { code, name, message } = /** @type {any} */ (error);
        return { code, name, message };
      }
      throw new Error('it did not fail');
    },
  });
}

/** How many workers of a page are running. @param {Page} page */
export const running = (page) => page.workers().length;

/** @param {() => boolean | Promise<boolean>} condition @param {string} what */
export async function eventually(condition, what) {
  for (let tries = 0; tries < 100; tries++) {
    if (await condition()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`not within 5 s: ${what}`);
}
