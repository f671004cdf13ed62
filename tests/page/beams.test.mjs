// Beams: the search as a tree, its finished texts, and what another length penalty makes of them.

import assert from 'node:assert/strict';
import { HOOKS } from './driver.mjs';
import { pageTest } from './harness.mjs';

const PROMPT = 'The largest ocean is the';

pageTest('the search is drawn, finished texts are ranked, and rivals compared', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('maxNewTokens', 5);
  await reader.generate();
  await reader.open('beams');
  const tokens = page.locator('#beams-view input[type=number][name=beam-tokens]');
  await tokens.fill('6');
  await tokens.press('Enter');
  await page.locator('#beams-view [data-begin]').click();
  await reader.searched('beams');
  assert.match((await page.locator('#beams-view [role=status]').textContent()) ?? '', /^Done: 6 steps/);
  assert.ok((await page.locator(`${HOOKS.beamNodes}[data-fate=kept]`).count()) >= 4);
  assert.ok((await page.locator(`${HOOKS.beamNodes}[data-way]`).count()) >= 1, 'the way to the best text is marked');
  await reader.at('finishedBeams').first().waitFor();

  await page.locator(`${HOOKS.beamNodes}[tabindex="0"]`).focus();
  const from = await page.locator(`${HOOKS.beamNodes}:focus`).getAttribute('data-key');
  await page.keyboard.press('ArrowDown');
  assert.notEqual(await page.locator(`${HOOKS.beamNodes}:focus`).getAttribute('data-key'), from);

  const scores = () => page.locator('#beams-view .beam-figures').allTextContents();
  const before = await scores();
  const penalty = page.locator('#beams-view input[type=number][name=length-penalty]');
  await penalty.fill('0');
  await penalty.press('Enter');
  assert.notDeepEqual(await scores(), before, 'ranked anew at once');
  assert.equal(await page.locator('#beams-view [data-stop]').isDisabled(), true, 'without a search');

  await page.locator('#beams-view [data-compare]').click();
  await reader.at('rivals').nth(2).waitFor();
  const values = (await page.locator(`${HOOKS.rivals} .beam-figures`).allTextContents()).map((text) => Number(/ln p (\S+)/.exec(text)?.[1].replace('−', '-')));
  assert.equal(values.length, 3);
  assert.ok(values.every((value, index) => index === 0 || value <= values[index - 1]), `${values}`);
});

pageTest('Stop ends the search and keeps its steps', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.open('beams');
  const tokens = page.locator('#beams-view input[type=number][name=beam-tokens]');
  await tokens.fill('200');
  await tokens.press('Enter');
  await reader.start('beams');
  await page.locator(HOOKS.beamNodes).nth(8).waitFor();
  await page.locator('#beams-view [data-stop]').click();
  const status = page.locator('#beams-view [role=status]');
  await status.filter({ hasText: /^Stopped/ }).waitFor();
  const told = await status.textContent();
  await page.waitForTimeout(400);
  assert.equal(await status.textContent(), told);
});
