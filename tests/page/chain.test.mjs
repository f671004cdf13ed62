// The chain panel: its dialects, its switches, its order by mouse, finger and keyboard, and as text.

import assert from 'node:assert/strict';
import { CHAINS } from '../../www/engine/knobs.js';
import { pageTest } from './harness.mjs';

/** @import { Reader } from './driver.mjs' */

/** @param {Reader} reader */
async function begin(reader) {
  await reader.loadModel();
  await reader.type('The largest ocean is the');
  await reader.set('seed', 3);
  await reader.set('maxNewTokens', 2);
  await reader.set('topK', 12);
  await reader.generate();
  await reader.unfold();
}

/** A free chain of two stages whose order matters. @param {Reader} reader */
async function freeChain(reader) {
  await reader.set('temperature', 3);
  await reader.set('topP', 0.6);
  const text = { dialect: 'free', order: ['temperature', 'topP', 'topK'], temperature: 3, topP: 0.6, topK: 12, seed: 3, maxNewTokens: 2 };
  await reader.page.locator('.chain-text textarea').fill(JSON.stringify(text));
  await reader.page.locator('.chain-text [data-part=apply]').click();
  await reader.page.waitForFunction(() => document.querySelectorAll('.chain [data-part=up]').length === 3);
  assert.deepEqual((await reader.chain()).slice(0, 3), ['temperature', 'topP', 'topK']);
  await reader.ready();
}

/** How many tokens are kept at the step that is shown. @param {Reader} reader */
const effect = (reader, stage = 'topP') => reader.page.locator(`[data-chain-stage=${stage}] .chain-effect`).innerText();

/** Waits until the stage in the second place is this one. @param {Reader} reader @param {string} stage */
const second = (reader, stage) => reader.page.waitForFunction((stage) => document.querySelectorAll('.chain [data-chain-stage]')[1]?.getAttribute('data-chain-stage') === stage, stage);

/** Waits until top-k tells what it removes of the vocabulary. @param {Reader} reader */
const topKRemoves = (reader) => reader.page.waitForFunction(() => /^removed 49,140/.test(document.querySelector('[data-chain-stage=topK] .chain-effect')?.textContent ?? ''));

pageTest('a dialect has its order; a stage can be switched off and on', {}, async ({ page, reader }) => {
  await begin(reader);
  assert.deepEqual(await reader.chain(), CHAINS.huggingFace);
  await page.locator('[data-part=dialect-llamaCpp]').click();
  // Both orders begin with the same stage.
  await second(reader, CHAINS.llamaCpp[1]);
  assert.deepEqual(await reader.chain(), CHAINS.llamaCpp);
  await topKRemoves(reader);
  await page.locator('[data-chain-stage=topK] [data-part=switch]').click();
  await page.locator('[data-chain-stage=topK][data-off]').waitFor();
  assert.equal(await effect(reader, 'topK'), 'off');
  await page.locator('[data-chain-stage=topK] [data-part=switch]').click();
  await topKRemoves(reader);
});

pageTest('the keyboard moves a stage, and what the chain does changes with it', {}, async ({ page, reader }) => {
  await begin(reader);
  await freeChain(reader);
  const hot = await effect(reader);
  await page.locator('[data-chain-stage=topP] [data-part=up]').focus();
  await page.keyboard.press('Enter');
  await second(reader, 'temperature');
  assert.equal(await page.evaluate(() => document.activeElement?.closest('[data-chain-stage]')?.getAttribute('data-chain-stage')), 'topP', 'the focus goes with it');
  await page.waitForFunction((old) => document.querySelector('[data-chain-stage=topP] .chain-effect')?.textContent !== old, hot);
  await reader.ready();
  assert.equal((await reader.at('alert').allInnerTexts()).join(''), '');
});

pageTest('the mouse drags a stage to another place', {}, async ({ page, reader }) => {
  await begin(reader);
  await freeChain(reader);
  const handle = page.locator('[data-chain-stage=topP] .chain-handle');
  await handle.scrollIntoViewIfNeeded();
  const from = await handle.boundingBox();
  const to = await page.locator('[data-chain-stage=topK]').boundingBox();
  assert.ok(from && to);
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x + from.width / 2, to.y + to.height / 2, { steps: 6 });
  await page.mouse.up();
  await second(reader, 'topK');
  assert.deepEqual((await reader.chain()).slice(0, 3), ['temperature', 'topK', 'topP']);
});

pageTest('a finger drags a stage to another place', { context: { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } } }, async ({ page, reader }) => {
  await begin(reader);
  await freeChain(reader);
  const handle = page.locator('[data-chain-stage=topK] .chain-handle');
  // On a phone the bars stay in sight at the top.
  await handle.evaluate((element) => element.scrollIntoView({ block: 'center' }));
  const from = await handle.boundingBox();
  const to = await page.locator('[data-chain-stage=topP]').boundingBox();
  assert.ok(from && to);
  const touch = await page.context().newCDPSession(page);
  const at = (/** @type {number} */ y) => [{ x: from.x + from.width / 2, y }];
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(from.y + from.height / 2) });
  for (let part = 1; part <= 6; part++) await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(from.y + from.height / 2 + ((to.y + to.height / 2 - from.y - from.height / 2) * part) / 6) });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await second(reader, 'topK');
});

pageTest('the chain can be taken as text and put back; a wrong one is refused', {}, async ({ page, reader }) => {
  await begin(reader);
  await freeChain(reader);
  const text = page.locator('.chain-text textarea');
  const kept = await text.inputValue();
  assert.deepEqual(JSON.parse(kept).order, ['temperature', 'topP', 'topK']);
  // Written anew, since the text may not have followed the chain yet.
  await reader.generate();
  const before = await reader.output();
  await page.locator('[data-part=dialect-huggingFace]').click();
  await page.waitForFunction((count) => document.querySelectorAll('.chain [data-chain-stage]').length === count, CHAINS.huggingFace.length);
  for (const [wrong, says] of [['{"temperatur":1}', "no knob 'temperatur'"], ['{"topK":"many"}', 'topK must be a number'], ['[1]', 'not a list'], ['{', 'not JSON']]) {
    await text.fill(wrong);
    await page.locator('.chain-text [data-part=apply]').click();
    await page.locator('.chain-text .knob-error', { hasText: says }).waitFor();
  }
  // What draws the chain anew leaves the reader's text alone, and what was said of it.
  await page.locator('#strip [data-position]').first().click();
  await reader.ready();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.equal(await text.inputValue(), '{');
  await page.locator('.chain-text .knob-error', { hasText: 'not JSON' }).waitFor();
  await page.locator('.chain-text [data-part=discard]').click();
  assert.equal(JSON.parse(await text.inputValue()).dialect, 'huggingFace');
  await page.locator('.chain-text [data-part=discard]').waitFor({ state: 'hidden' });
  await text.fill(kept);
  await page.locator('.chain-text [data-part=apply]').click();
  await second(reader, 'topP');
  await page.waitForFunction((old) => [...document.querySelectorAll('#strip [data-kind=output]')].map(({ textContent }) => textContent).join('|') === old, before.join('|'));
});

pageTest('a chain that changes while its text is selected leaves the field alone until the reader leaves it', {}, async ({ page, reader }) => {
  await begin(reader);
  await freeChain(reader);
  const text = page.locator('.chain-text textarea');
  await text.selectText();
  const selected = await text.inputValue();
  // By script, so that the field keeps the focus.
  await page.locator('[data-part=dialect-huggingFace]').evaluate((button) => /** @type {HTMLElement} */ (button).click());
  await page.waitForFunction((count) => document.querySelectorAll('.chain [data-chain-stage]').length === count, CHAINS.huggingFace.length);
  assert.equal(await text.inputValue(), selected);
  await page.keyboard.insertText('{');
  assert.equal(await text.inputValue(), '{');
  await page.locator('.chain-text [data-part=discard]').click();
  assert.equal(JSON.parse(await text.inputValue()).dialect, 'huggingFace');
  await text.focus();
  await page.locator('[data-part=dialect-llamaCpp]').click();
  await page.waitForFunction(() => /** @type {HTMLTextAreaElement} */ (document.querySelector('.chain-text textarea')).value.includes('"llamaCpp"'));
});
