// Outcomes: many whole texts as a distribution, sampled and most probable first.

import assert from 'node:assert/strict';
import { HOOKS } from './driver.mjs';
import { pageTest } from './harness.mjs';

const PROMPT = 'The largest ocean is the';

/** @param {import('playwright-core').Page} page @param {string} name @param {number} value */
async function setting(page, name, value) {
  const field = page.locator(`#outcomes-view input[type=number][name=${name}]`);
  await field.fill(String(value));
  await field.press('Enter');
}

/** Percent that a text tells last. @param {string} text */
const lastPercent = (text) => Number(/([\d.]+)%[^%]*$/.exec(text)?.[1]);

pageTest('sampled texts, their counts, the mass not seen and the work saved', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('topK', 3);
  await reader.open('outcomes');
  await setting(page, 'samples', 60);
  await setting(page, 'outcome-tokens', 3);
  await page.locator('#outcomes-view [data-begin]').click();
  await reader.searched('outcomes');
  const figures = await page.locator(`${HOOKS.outcomes} .outcome-figures`).allTextContents();
  assert.ok(figures.length > 1);
  const counts = figures.map((text) => Number(text.split(' ')[0]));
  assert.ok(counts.every((count, index) => index === 0 || count <= counts[index - 1]), 'most frequent first');
  assert.match((await page.locator('#outcomes-view [data-work]').textContent()) ?? '', /computed \d+ positions instead of 1?\d\d: [\d.]+× less work/);
  assert.match((await page.locator('#outcomes-view [role=status]').textContent()) ?? '', /Done: 60 of 60/);
  assert.equal(await reader.at('unseen').count(), 1);
  assert.ok((await reader.at('prefixNodes').count()) >= 3);

  await reader.set('temperature', 2);
  await page.locator('#outcomes-view .stale-note:not([hidden])').waitFor();
});

pageTest('most probable first, in order, with a bound; and the tree by keyboard', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('topK', 4);
  await reader.open('outcomes');
  await page.locator('#outcomes-view input[type=radio][value="most probable first"]').check();
  await setting(page, 'listed', 6);
  await setting(page, 'outcome-tokens', 3);
  await reader.start('outcomes');
  await reader.searched('outcomes');
  const exact = (await page.locator(`${HOOKS.outcomes} .outcome-figures`).allTextContents()).map(lastPercent);
  assert.equal(exact.length, 6);
  assert.ok(exact.every((p, index) => index === 0 || p <= exact[index - 1]), `${exact}`);
  assert.match((await page.locator('#outcomes-view [data-work]').textContent()) ?? '', /no text that is not listed is more probable than/);

  await page.locator(`${HOOKS.prefixNodes}[tabindex="0"]`).focus();
  const from = await page.locator(`${HOOKS.prefixNodes}:focus`).getAttribute('data-node');
  await page.keyboard.press('ArrowDown');
  assert.ok((await page.locator(`${HOOKS.prefixNodes}:focus`).getAttribute('data-node'))?.startsWith(`${from}.`));
  await page.keyboard.press('Enter');
  await page.locator(`${HOOKS.prefixNodes}[aria-selected=true]`).waitFor();
});

pageTest('Stop keeps what was found', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.open('outcomes');
  await setting(page, 'samples', 10_000);
  await setting(page, 'outcome-tokens', 40);
  await reader.start('outcomes');
  await page.locator('#outcomes-view .outcomes-body').waitFor();
  await page.locator('#outcomes-view [data-stop]').click();
  const status = page.locator('#outcomes-view [role=status]');
  await status.filter({ hasText: /^Stopped/ }).waitFor();
  const told = await status.textContent();
  await page.waitForTimeout(400);
  assert.equal(await status.textContent(), told, 'nothing comes after Stop');
  // The engine is free again.
  await reader.set('maxNewTokens', 2);
  await reader.generate();
  assert.ok((await reader.output()).length > 0);
});
