// <token-scope> in somebody else's document.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../browser.mjs';
import { pageTest } from './harness.mjs';

const FIXTURES = join(ROOT, 'tests/page/fixtures');
const OPTIONS = { server: { mounts: { '/fixtures': FIXTURES } }, path: 'fixtures/element.html' };
const AXE = await readFile(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
/** How long a model may take to load on a slow machine. */
const PATIENCE = 120_000;

/** @param {import('playwright-core').Page} page @param {string} id */
function figure(page, id) {
  const element = page.locator(`#${id}`);
  const button = (/** @type {string | RegExp} */ name) => element.getByRole('button', { name });
  return {
    element,
    load: button(/^Go live/),
    generate: button('Generate'),
    output: element.locator('[data-kind=output]'),
    bars: element.locator('[data-bar]'),
    ready: () => element.locator('button:enabled', { hasText: 'Generate' }).waitFor({ timeout: PATIENCE }),
    knobs: () => element.evaluate((it) => /** @type {any} */ (it).knobs),
  };
}

pageTest('nothing is fetched before the click, and the size is on the button', OPTIONS, async ({ page, requests }) => {
  const first = figure(page, 'first');
  await first.load.waitFor();
  assert.match((await first.load.textContent()) ?? '', /98\s*MB/);
  assert.deepEqual(requests.filter((path) => /gguf|wasm|worker/.test(path)), []);
  assert.equal(page.workers().length, 0);
});

pageTest('attributes and properties count, from before and after the upgrade', OPTIONS, async ({ page }) => {
  await page.evaluate(() => customElements.whenDefined('token-scope').then(() => {}));
  const [first, second] = [figure(page, 'first'), figure(page, 'second')];
  const { temperature, topK, maxNewTokens } = await first.knobs();
  assert.deepEqual([temperature, topK, maxNewTokens], [0.8, 40, 4]);
  const { topP, seed } = await second.knobs();
  assert.deepEqual([topP, seed], [0.9, 5]);
  await first.element.evaluate((it) => it.setAttribute('min-p', '0.1'));
  await first.element.evaluate((it) => it.removeAttribute('top-k'));
  const after = await first.knobs();
  assert.deepEqual([after.minP, after.topK], [0.1, 0]);
  assert.equal(await second.bars.first().isVisible(), false, 'views="strip" shows no bars');
});

pageTest('two figures on a page share one worker and one download', OPTIONS, async ({ page, requests }) => {
  const [first, second] = [figure(page, 'first'), figure(page, 'second')];
  await first.load.click();
  await first.ready();
  assert.equal(await second.load.isVisible(), true, 'each figure asks for itself');
  await second.load.click();
  await second.ready();
  const figures = /** @type {const} */ ([[first, 4], [second, 3]]);
  for (const [each, tokens] of figures) {
    await each.generate.click();
    // The button may still be as it was before the click.
    await each.output.nth(tokens - 1).waitFor();
    await each.ready();
  }
  assert.deepEqual([await first.output.count(), await second.output.count()], [4, 3]);
  assert.ok((await first.bars.count()) > 5);
  assert.equal(page.workers().length, 1);
  assert.equal(requests.filter((path) => path.includes('.gguf')).length, 1);

  const before = await first.bars.evaluateAll((bars) => bars.map((bar) => bar.outerHTML).join());
  await first.element.evaluate((it) => it.setAttribute('temperature', '3'));
  await page.waitForFunction((old) => [...(document.querySelector('#first')?.shadowRoot?.querySelectorAll('[data-bar]') ?? [])].map((bar) => bar.outerHTML).join() !== old, before);

  await page.evaluate(AXE);
  // To look at style sheets inside shadow roots it would write inline styles, which the policy refuses.
  const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { preload: false }));
  assert.deepEqual(violations.map((/** @type {any} */ { id, nodes }) => [id, nodes[0].html]), []);

  await page.evaluate(() => document.querySelectorAll('token-scope').forEach((it) => it.remove()));
  for (let tries = 0; tries < 50 && page.workers().length > 0; tries++) await page.waitForTimeout(100);
  assert.equal(page.workers().length, 0, 'the worker ends with its last figure');
});

pageTest('a figure that is moved keeps its model and its text', OPTIONS, async ({ page }) => {
  const first = figure(page, 'first');
  await first.load.click();
  await first.ready();
  await first.generate.click();
  await first.output.nth(3).waitFor();
  await first.ready();
  const text = await first.element.evaluate((it) => /** @type {any} */ (it).text);
  assert.notEqual(text, '');
  await first.element.evaluate((it) => document.body.prepend(it));
  await page.waitForTimeout(100);
  assert.equal(await first.element.evaluate((it) => /** @type {any} */ (it).text), text);
  assert.equal(await first.generate.isEnabled(), true);
});
