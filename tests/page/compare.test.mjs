// Compare: two settings on the same draws.

import assert from 'node:assert/strict';
import { HOOKS } from './driver.mjs';
import { pageTest } from './harness.mjs';

const PROMPT = 'The largest ocean is the';

pageTest('equal settings agree; after a knob moved they part where the chips say', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('seed', 5);
  await reader.set('maxNewTokens', 8);
  await reader.generate();
  await reader.open('compare');
  await page.locator('#compare-view [data-begin]').click();
  await reader.start('compare');
  await reader.searched('compare');
  const parting = page.locator('#compare-view [data-parting]');
  assert.match((await parting.textContent()) ?? '', /No difference in \d+ tokens/);
  const known = page.locator('#compare-view .divergence[data-kind=tv][data-known]');
  await known.nth((await reader.output()).length - 1).waitFor();
  assert.ok((await known.evaluateAll((bars) => bars.map((bar) => /** @type {HTMLElement} */ (bar).style.getPropertyValue('--share')))).every((share) => Number(share) < 1e-6), 'equal settings are nowhere apart');

  await reader.set('temperature', 4);
  await parting.filter({ hasText: 'They part at token' }).waitFor();
  await reader.ready();
  const at = Number(/token (\d+)/.exec((await parting.textContent()) ?? '')?.[1]) - 1;
  const words = async (/** @type {'A' | 'B'} */ side) => page.locator(`${HOOKS.columns} [data-side=${side}]`).allTextContents();
  const [a, b] = [await words('A'), await words('B')];
  assert.deepEqual(a.slice(0, at), b.slice(0, at));
  assert.notEqual(a[at], b[at]);
  assert.match((await page.locator('#compare-view .differences').textContent()) ?? '', /temperature A 4 · B 1/);
  await page.waitForFunction(() => Number(/** @type {HTMLElement | null} */ (document.querySelector('#compare-view .divergence[data-kind=tv][data-known]'))?.style.getPropertyValue('--share')) > 0.01);
});

pageTest('a preset as B; it is out of date after another prompt', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('maxNewTokens', 4);
  await reader.generate();
  await reader.open('compare');
  await page.locator('#compare-view select').selectOption('greedy');
  await reader.start('compare');
  await reader.searched('compare');
  assert.ok((await page.locator(`${HOOKS.columns} [data-side=B]`).count()) >= 1);
  await reader.type('Another prompt');
  await page.locator('#compare-view .stale-note:not([hidden])').waitFor();
});
