// Every knob of the table, as a reader meets it; and how far each can move.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { KNOBS } from '../../www/engine/knobs.js';
import { ROOT } from '../browser.mjs';
import { pageTest } from './harness.mjs';

/** @import { Reader } from './driver.mjs' */
/** @import { KnobSpec } from '../../www/engine/knobs.js' */

const PROMPT = 'The largest ocean is the';

/** The chain panel has the controls of these. */
const IN_CHAIN = ['dialect', 'order', 'disabled'];

/** @param {Reader} reader @param {number} tokens */
async function write(reader, tokens) {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('seed', 7);
  await reader.set('maxNewTokens', tokens);
  await reader.generate();
}

/** Moves a knob to some other value. @param {Reader} reader @param {KnobSpec} knob */
async function move(reader, { key, kind, min, max, step, choices, default: usual }) {
  const row = reader.knob(key);
  if (kind === 'bool') return row.locator('input[type=checkbox]').click();
  if (kind === 'strings') {
    await row.locator('textarea').fill('never written');
    return row.locator('textarea').blur();
  }
  if (kind === 'choice') return row.locator('select').selectOption(String((choices ?? []).find((choice) => choice !== usual)));
  if (kind === 'ids' || kind === 'biases') return reader.addToken(key, 'purple');
  const [least, most, by] = /** @type {number[]} */ ([min, max, step ?? 1]);
  const other = [Number(usual) + by, Number(usual) - by].find((value) => value >= least && value <= most);
  return reader.set(key, Number(Number(other).toPrecision(6)));
}

pageTest('every knob has a control that can be moved and put back', {}, async ({ page, reader }) => {
  await write(reader, 4);
  await reader.unfold();
  for (const knob of KNOBS.filter(({ key }) => !IN_CHAIN.includes(key))) {
    const row = reader.knob(knob.key);
    assert.equal(await row.count(), 1, `${knob.key} has no control`);
    const modified = await row.getAttribute('data-modified');
    // The seed and the length were set above.
    if (modified !== null) continue;
    await move(reader, knob);
    await page.locator(`[data-knob=${knob.key}][data-modified]`).waitFor();
    assert.equal(await row.locator('.knob-error:not([hidden])').count(), 0, `${knob.key}: ${await row.innerText()}`);
    await reader.ready();
    await row.locator('.reset').click();
    await page.locator(`[data-knob=${knob.key}]:not([data-modified])`).waitFor();
  }
  // The text goes on once the knobs rest, and not only while nothing is written.
  await reader.atLeastChips(4);
  await reader.ready();
  assert.equal((await reader.at('alert').allInnerTexts()).join(''), '');
  assert.equal((await reader.output()).length, 4);
});

pageTest('a banned token is not written, and the trace says why; a bias brings a token up', {}, async ({ page, reader }) => {
  await write(reader, 1);
  await reader.unfold();
  const [first] = await reader.output();
  await reader.addToken('bannedTokens', first.replace('␣', ''));
  await page.waitForFunction(([selector, old]) => document.querySelector(selector)?.textContent !== old, ['#strip [data-kind=output]', first]);
  await reader.ready();
  assert.match(await page.locator('#step-view').innerText(), /banned tokens/);
  await reader.knob('bannedTokens').getByRole('button', { name: 'Remove' }).click();
  await page.waitForFunction(([selector, old]) => document.querySelector(selector)?.textContent === old, ['#strip [data-kind=output]', first]);

  // The same from the bar of the token, and then a slider under the finger.
  await reader.ready();
  await reader.at('outputChips').first().click();
  // The bars follow the text; the one that is meant is that of the first token again.
  await page.locator('#step-view .step-title', { hasText: first.replace('␣', '') }).waitFor();
  await page.locator('#step-view [data-bar][data-chosen]').click();
  await page.locator('#step-view [data-ban]').click();
  await page.waitForFunction(([selector, old]) => document.querySelector(selector)?.textContent !== old, ['#strip [data-kind=output]', first]);
  assert.ok((await reader.knob('bannedTokens').locator('.token-name').innerText()).includes(first.replace('␣', '')));
  await reader.knob('bannedTokens').getByRole('button', { name: 'Remove' }).click();
  await page.waitForFunction(([selector, old]) => document.querySelector(selector)?.textContent === old, ['#strip [data-kind=output]', first]);
  await reader.ready();
  await page.locator('#step-view [data-bar]:not([data-chosen])').first().click();
  await page.locator('#step-view [data-bias]').click();
  const biased = reader.knob('logitBias');
  await biased.locator('input[type=range]').fill('12');
  const wanted = await biased.locator('.token-name').innerText();
  await page.waitForFunction(([selector, word]) => document.querySelector(selector)?.textContent === word, ['#strip [data-kind=output]', wanted]);
  assert.equal(await biased.locator('input[type=number]').inputValue(), '12');
  await biased.locator('.reset').click();
  await page.waitForFunction(([selector, old]) => document.querySelector(selector)?.textContent === old, ['#strip [data-kind=output]', first]);
  await reader.ready();

  await reader.addToken('logitBias', 'purple');
  const bias = reader.knob('logitBias').locator('input[type=number]');
  await bias.fill('60');
  await bias.press('Enter');
  await page.waitForFunction((selector) => document.querySelector(selector)?.textContent === '␣purple', '#strip [data-kind=output]');
  await bias.fill('500');
  await bias.press('Enter');
  await reader.knob('logitBias').locator('.knob-error:not([hidden])').waitFor();
  assert.deepEqual(await reader.output(), ['␣purple'], 'what is refused changes nothing');
});

pageTest('the bands under a slider tell where the token and the text change', {}, async ({ page, reader }) => {
  await write(reader, 6);
  await reader.at('outputChips').nth(2).click();
  const before = await reader.output();
  const { step, text } = await reader.bands('temperature');
  assert.ok(step[0] <= text[0] && text[1] <= step[1], `the text's ${text} within the token's ${step}`);
  assert.ok(text[0] <= 1 && text[1] >= 1);
  assert.equal(await page.locator('[data-knob=temperature] .band:visible').count(), 2);
  assert.match(await page.locator('.band-key').innerText(), /token stays/);

  /** @param {number} temperature */
  const textAt = async (temperature) => {
    await reader.set('temperature', temperature);
    await page.waitForTimeout(500);
    await reader.ready();
    return reader.output();
  };
  // The ends are told with three digits.
  const inside = text[0] + (1 - text[0]) * 0.05;
  assert.deepEqual(await textAt(inside), before, `nothing changes at ${inside}`);
  const ends = [text[0] > 0 ? text[0] * 0.98 : null, Number.isFinite(text[1]) && text[1] < 100 ? text[1] * 1.02 : null];
  const outside = ends.find((end) => end !== null);
  assert.ok(outside, 'this text changes at some temperature');
  assert.notDeepEqual(await textAt(outside), before, `something changes at ${outside}`);
});

pageTest('the text has its probability, and a text of the reader’s own is scored and held', {}, async ({ page, reader }) => {
  await write(reader, 3);
  const own = await reader.totals();
  assert.equal(own.tokens, '3');
  assert.match(own['ln p, model'], /^−\d+\.\d\d$/);
  assert.equal(own['ln p, knobs'], own['ln p, model'], 'at first no knob does anything');

  await reader.at('score').click();
  await page.locator('#strip .score-form textarea').fill(' Pacific Ocean.');
  await page.locator('#strip .score-form [type=submit]').click();
  await page.waitForFunction((selector) => document.querySelector(`${selector} dd`)?.textContent === '3', '#strip [data-total=tokens]');
  await reader.ready();
  assert.deepEqual(await reader.output(), ['␣Pacific', '␣Ocean', '.']);
  assert.equal(await reader.at('trajectories').count(), 2, 'it is a text beside the first');
  const scored = await reader.totals();
  assert.ok(Number(scored.perplexity) >= 1);

  await reader.set('temperature', 20);
  await page.waitForFunction((old) => document.querySelector('#strip .totals:not(.stale) [data-total="ln p, knobs"] dd')?.textContent !== old, scored['ln p, knobs']);
  const hot = await reader.totals();
  assert.deepEqual(await reader.output(), ['␣Pacific', '␣Ocean', '.'], 'it stays under any knobs');
  assert.equal(hot['ln p, model'], scored['ln p, model']);
});

pageTest('a text that ran to its end goes on when more tokens are allowed, and is cut when fewer are', {}, async ({ page, reader }) => {
  await write(reader, 6);
  const six = await reader.output();
  await reader.set('maxNewTokens', 3);
  await page.waitForFunction(([selector]) => document.querySelectorAll(selector).length === 3, ['#strip [data-kind=output]']);
  await reader.ready();
  await reader.set('maxNewTokens', 8);
  await reader.atLeastChips(8);
  await reader.ready();
  assert.deepEqual((await reader.output()).slice(0, 6), six);
});

pageTest('banned and biased tokens are those of one model: another one starts without', {}, async ({ reader }) => {
  await write(reader, 2);
  await reader.unfold();
  await reader.addToken('bannedTokens', 'purple');
  await reader.addToken('logitBias', 'purple');
  await reader.ready();
  await reader.at('file').setInputFiles(join(ROOT, 'tests/parity/models/tiny/llama.gguf'));
  await reader.at('alert').filter({ hasText: /banned and biased/ }).waitFor();
  for (const key of ['bannedTokens', 'logitBias']) assert.equal(await reader.knob(key).locator('[data-token]').count(), 0, key);
  await reader.ready();
  await reader.generate();
  assert.ok((await reader.output()).length > 0);
});
