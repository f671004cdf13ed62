// One browser and one server for each test file; a fresh profile, and a judge of faults, for each test.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { chromium } from 'playwright-core';
import { STRICT_CSP, serve } from '../../tools/serve.mjs';
import { SITE, collectFaults, launchOptions } from '../browser.mjs';
import { HOOKS, Reader } from './driver.mjs';

export { SITE, STRICT_CSP };

/** @type {Promise<import('playwright-core').Browser> | undefined} */
let browser;

after(async () => {
  await (await browser)?.close();
});

/**
 * @typedef {object} Scene
 * @property {import('playwright-core').Page} page
 * @property {import('playwright-core').BrowserContext} context
 * @property {Reader} reader
 * @property {string} url                       where the page is
 * @property {string[]} requests                paths that the server was asked for
 * @property {() => Promise<void>} stopServer
 * @property {(pattern: RegExp) => void} expectFault  a fault that the test itself causes
 */

/**
 * @typedef {object} Options
 * @property {Partial<Parameters<typeof serve>[0]>} [server]   by default the strictest policy
 * @property {string} [path]                                   page to open, by default `/`
 * @property {import('playwright-core').BrowserContextOptions} [context]
 */

/**
 * A test on the page. It fails on any page error, console error or failed request, at any time,
 * apart from those that it expects.
 * @param {string} name
 * @param {Options} options
 * @param {(scene: Scene) => Promise<void>} body
 */
export function pageTest(name, options, body) {
  test(name, { timeout: 300_000 }, async () => {
    /** @type {string[]} */
    const requests = [];
    const server = await serve({
      root: SITE,
      csp: STRICT_CSP,
      onRequest: (request) => requests.push(request.url ?? ''),
      ...options.server,
    });
    browser ??= chromium.launch(launchOptions());
    const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options.context });
    context.setDefaultTimeout(20_000);
    const faults = collectFaults(context);
    /** @type {RegExp[]} */
    const expected = [];
    try {
      const page = await context.newPage();
      const url = new URL(options.path ?? '', server.url).href;
      await page.goto(url);
      const expectFault = (/** @type {RegExp} */ pattern) => void expected.push(pattern);
      const scene = { page, context, reader: new Reader(page), url, requests, stopServer: server.close, expectFault };
      await body(scene).catch(async (error) => {
        throw new Error(`${error.message}\n${await whatStands(page, faults)}`, { cause: error });
      });
    } finally {
      await context.close();
      await server.close();
    }
    assert.deepEqual(faults.filter((fault) => !expected.some((pattern) => pattern.test(fault))), []);
  });
}

/**
 * What a reader would see of it, for whoever finds a test failed that passes everywhere else.
 * @param {import('playwright-core').Page} page
 * @param {string[]} faults
 */
async function whatStands(page, faults) {
  const said = [HOOKS.status, HOOKS.alert, HOOKS.load, HOOKS.progress, 'progress'].join(', ');
  const read = () => page.locator(said).evaluateAll((all) => all.map((each) => each.outerHTML));
  const lines = await read().catch((error) => [`the page cannot be read: ${error.message}`]);
  return ['The page says:', ...lines, 'Its workers:', ...page.workers().map((worker) => worker.url()), 'Its faults:', ...faults].join('\n  ');
}
