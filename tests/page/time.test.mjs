// Time: steps side by side, to walk, play and scrub.

import assert from 'node:assert/strict';
import { HOOKS } from './driver.mjs';
import { pageTest } from './harness.mjs';

const PROMPT = 'The largest ocean is the';

pageTest('steps side by side: only those in sight are drawn; a click selects', { context: { reducedMotion: 'reduce' } }, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.open('time');
  await page.locator('#time-view [data-begin]').waitFor();
  await reader.type(PROMPT);
  await reader.set('maxNewTokens', 40);
  await reader.set('temperature', 1.5);
  await reader.generate();
  const length = (await reader.output()).length;
  await reader.at('graphs').first().waitFor();
  if (length > 20) assert.ok((await reader.at('graphs').count()) < length, 'what is out of sight is not in the document');

  await page.locator('#time-view input[type=range]').fill('0');
  const first = page.locator('#time-view [data-step="0"]');
  await first.locator('.graph-row[data-others]').waitFor();
  await page.locator('#time-view [data-step="0"][aria-current=step]').waitFor();
  assert.equal(await first.locator('.graph-row[data-chosen]').count(), 1);
  await page.locator('#time-view [data-step="1"]').click();
  const positions = await reader.at('outputChips').evaluateAll((chips) => chips.map((chip) => chip.getAttribute('data-position')));
  const selected = (/** @type {number} */ step) => page.locator(`#strip [data-position="${positions[step]}"][aria-selected=true]`).waitFor();
  await selected(1);
  await page.keyboard.press('ArrowRight');
  await selected(2);
});

pageTest('a knob redraws the graphs; play walks on and pauses', { context: { reducedMotion: 'reduce' } }, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('maxNewTokens', 5);
  await reader.generate();
  await reader.open('time');
  await page.locator('#time-view input[type=range]').fill('0');
  const rows = page.locator('#time-view [data-step="0"] .graph-rows');
  await rows.locator('[data-others]').waitFor();
  const before = await rows.evaluate((element) => element.outerHTML);
  await reader.set('topK', 2);
  await page.waitForFunction((old) => document.querySelector('#time-view [data-step="0"] .graph-rows')?.outerHTML !== old, before);
  await reader.ready();

  await page.locator('#time-view input[type=range]').fill('0');
  await reader.at('play').click();
  assert.equal(await reader.at('play').getAttribute('aria-pressed'), 'true');
  await page.locator(`${HOOKS.graphs}[data-step="1"][aria-current]`).waitFor();
  await reader.at('play').click();
  assert.equal(await reader.at('play').getAttribute('aria-pressed'), 'false');
});
