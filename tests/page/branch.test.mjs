// Branches: another token is written in place of one that was drawn, and all texts can be walked.

import assert from 'node:assert/strict';
import { HOOKS } from './driver.mjs';
import { pageTest } from './harness.mjs';

const PROMPT = 'The largest ocean is the';

/** @param {import('./driver.mjs').Reader} reader */
async function written(reader) {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('seed', 3);
  await reader.set('maxNewTokens', 6);
  await reader.generate();
  await reader.at('outputChips').nth(2).click();
  // The bars of the step before are there until those of this one come, and go with what was chosen on them.
  await reader.page.locator('#step-view').getByText(/^Step 3\b/).waitFor();
  await reader.page.locator(HOOKS.bars).nth(4).waitFor();
  return reader.output();
}

/** A bar that is not of the token that stands there. @param {import('./driver.mjs').Reader} reader */
const another = (reader) => reader.page.locator(`${HOOKS.bars}:not([data-chosen], [data-bar=others])`).first();

pageTest('an alternative is written, the text goes on, and the first text is still there', {}, async ({ page, reader }) => {
  const before = await written(reader);
  const bar = another(reader);
  const id = await bar.getAttribute('data-bar');
  await bar.click();
  await reader.at('write').click();
  await page.locator(`${HOOKS.trajectories}[data-current]`).nth(0).waitFor();
  await reader.ready();
  assert.equal((await reader.output()).length, 3, 'it ends with the token that was written');
  assert.deepEqual((await reader.output()).slice(0, 2), before.slice(0, 2));
  assert.equal(await reader.at('trajectories').count(), 2);
  assert.match((await reader.at('outputChips').last().getAttribute('title')) ?? '', new RegExp(`token ${id}\\b`));

  await reader.generate();
  const after = await reader.output();
  assert.equal(after.length, 6);
  await page.locator(`${HOOKS.trajectories}:not([data-current]) [data-part=show]`).click();
  await reader.outputIs(before);
  await page.locator(`${HOOKS.trajectories}:not([data-current]) [data-part=show]`).click();
  await reader.outputIs(after);
});

pageTest('a knob rewrites what follows the written token, and never the token itself', {}, async ({ page, reader }) => {
  await written(reader);
  await another(reader).click();
  await page.locator('[data-write-on]').click();
  await reader.atLeastChips(6);
  await reader.ready();
  const before = await reader.output();
  await reader.set('temperature', 3);
  await page.waitForFunction(([selector, old]) => {
    const texts = [...document.querySelectorAll(selector)].map((chip) => chip.textContent);
    return texts.length === 6 && texts.join('|') !== old;
  }, [HOOKS.outputChips, before.join('|')]);
  await reader.ready();
  assert.deepEqual((await reader.output()).slice(0, 3), before.slice(0, 3));
});

pageTest('texts are named and dropped, by keyboard too', {}, async ({ page, reader }) => {
  const before = await written(reader);
  await another(reader).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  assert.equal(await reader.at('alternative').isVisible(), false);
  await another(reader).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await reader.at('trajectories').nth(1).waitFor();
  await reader.ready();
  const name = page.locator(`${HOOKS.trajectories}[data-current] [data-part=name]`);
  await name.fill('my own');
  await name.press('Enter');
  assert.equal(await name.inputValue(), 'my own');
  await page.locator(`${HOOKS.trajectories}[data-current] [data-part=drop]`).click();
  await reader.at('trajectories').first().waitFor({ state: 'hidden' });
  // Its parent is shown again.
  await reader.outputIs(before);
});
