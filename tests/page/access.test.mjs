// Everybody can read and use the page: contrast and names (axe), keyboard alone, small screens.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../browser.mjs';
import { HOOKS } from './driver.mjs';
import { pageTest } from './harness.mjs';

const AXE = await readFile(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const PROMPT = 'The largest ocean is the';

/**
 * @param {import('playwright-core').Page} page
 * @param {string} state  for the message
 */
async function audit(page, state) {
  // Evaluated rather than added as a script: the page's policy would rightly refuse that.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map((/** @type {any} */ { id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((/** @type {any} */ node) => `${node.html}\n  ${node.failureSummary}`).join('\n  ')}`);
  assert.deepEqual(told, [], `axe, ${state}`);
}

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  pageTest(`axe finds nothing, ${colorScheme}`, { context: { colorScheme, reducedMotion: 'reduce' } }, async ({ page, reader }) => {
    await reader.at('load').waitFor();
    await audit(page, 'before anything is loaded');
    await reader.at('file').setInputFiles({ name: 'broken.gguf', mimeType: 'application/octet-stream', buffer: Buffer.from('no model') });
    await reader.at('alert').filter({ hasText: /\S/ }).waitFor();
    await audit(page, 'an error is shown');
    await reader.loadModel();
    await audit(page, 'a model is loaded');
    await reader.type(PROMPT);
    await reader.set('maxNewTokens', 8);
    await reader.set('topK', 5);
    await reader.generate();
    await reader.at('outputChips').nth(2).click();
    await audit(page, 'a step is shown');
    await page.locator('#step-view .step-table summary').click();
    await page.locator(`${HOOKS.bars}:not([data-chosen], [data-bar=others])`).first().click();
    await audit(page, 'a table and another token are shown');
    await page.keyboard.press('Escape');
    for (const view of /** @type {const} */ (['time', 'outcomes', 'beams', 'compare'])) {
      await reader.open(view);
      if (view === 'time') await page.locator(`${HOOKS.graphs} .graph-row[data-others]`).first().waitFor();
      await audit(page, `the view ${view}`);
    }
    await reader.open('outcomes');
    await page.locator('#outcomes-view input[type=number][name=outcome-tokens]').fill('2');
    await reader.start('outcomes');
    await reader.searched('outcomes');
    await audit(page, 'outcomes are shown');
    await reader.open('beams');
    await page.locator('#beams-view input[type=number][name=beam-tokens]').fill('3');
    await reader.start('beams');
    await reader.searched('beams');
    await audit(page, 'beams are shown');
    await reader.open('step');
    // So long that it is not over before the audit is.
    await reader.set('maxNewTokens', 1000);
    await reader.set('minNewTokens', 1000);
    // A text that ran to its end goes on by itself: on a slow machine before any click.
    await reader.atLeastChips(8 + 1);
    await page.locator(`${HOOKS.stop}:enabled`).waitFor();
    await audit(page, 'while generating');
    await reader.at('stop').click();
    await reader.ready();
  });
}

/**
 * Presses Tab until the focus is on what a selector names.
 * @param {import('playwright-core').Page} page
 * @param {string} selector
 */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 80; presses++) {
    // Shadow roots hide the focus from the document: look inside them.
    const there = await page.evaluate((wanted) => {
      let focus = document.activeElement;
      while (focus?.shadowRoot?.activeElement) focus = focus.shadowRoot.activeElement;
      return focus?.matches(wanted) ?? false;
    }, selector);
    if (there) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${selector}`);
}

pageTest('the keyboard is enough', {}, async ({ page, reader }) => {
  const { keyboard } = page;
  await reader.at('load').waitFor();
  await tabTo(page, HOOKS.load);
  await keyboard.press('Enter');
  await reader.ready();
  await tabTo(page, HOOKS.prompt);
  await keyboard.press('Control+A');
  await keyboard.type(PROMPT);
  await tabTo(page, HOOKS.step);
  await keyboard.press('Enter');
  await reader.atLeastChips(1);
  await reader.ready();
  await tabTo(page, HOOKS.generate);
  await keyboard.press('Space');
  await reader.atLeastChips(4);
  await reader.page.locator(`${HOOKS.stop}:enabled`).waitFor();
  await tabTo(page, HOOKS.stop);
  await keyboard.press('Enter');
  await reader.ready();

  await tabTo(page, HOOKS.chips);
  const before = await reader.bars();
  await keyboard.press('ArrowLeft');
  await page.waitForFunction(([selector, old]) => [...document.querySelectorAll(selector)].map((bar) => bar.outerHTML).join('\n') !== old, [HOOKS.bars, before]);
  await tabTo(page, 'input[type=range][name=temperature]');
  const value = await reader.slider('temperature').inputValue();
  await keyboard.press('ArrowRight');
  assert.notEqual(await reader.slider('temperature').inputValue(), value);
});

for (const width of [390, 320]) {
  pageTest(`no sideways scrolling at ${width} pixels`, { context: { viewport: { width, height: 844 } } }, async ({ page, reader }) => {
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await reader.at('load').waitFor();
    assert.equal(await overflow(), 0, 'before anything is loaded');
    await reader.loadModel();
    await reader.type(`${PROMPT} ${'x'.repeat(200)}`);
    await reader.set('maxNewTokens', 6);
    await reader.generate();
    assert.equal(await overflow(), 0, 'with a text');
    for (const view of /** @type {const} */ (['time', 'outcomes', 'beams', 'compare'])) {
      await reader.open(view);
      assert.equal(await overflow(), 0, view);
    }
    for (const button of [HOOKS.models, HOOKS.help]) {
      await page.locator(button).click();
      const dialog = page.locator('dialog[open]');
      assert.equal(await dialog.evaluate((it) => it.scrollWidth - it.clientWidth), 0, `the dialog of ${button}`);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
    }
  });
}

for (const width of [390, 768, 1440]) {
  pageTest(`what stands below the text stays where it is when the text's probability comes, at ${width} pixels`, { context: { viewport: { width, height: 900 } } }, async ({ page, reader }) => {
    await reader.at('load').waitFor();
    await reader.loadModel();
    await reader.type(PROMPT);
    await reader.set('maxNewTokens', 6);
    // Where the tabs are in each frame from the last token on.
    const tops = await page.evaluateHandle((chips) => {
      /** @type {Set<number>} */
      const seen = new Set();
      const look = () => {
        const tab = /** @type {Element} */ (document.querySelector('[data-tab=step]'));
        if (document.querySelectorAll(chips).length === 6) seen.add(Math.round(tab.getBoundingClientRect().top + scrollY));
        requestAnimationFrame(look);
      };
      look();
      return seen;
    }, HOOKS.outputChips);
    await reader.generate();
    assert.equal((await reader.totals()).tokens, '6');
    assert.equal((await tops.evaluate((seen) => [...seen])).length, 1);
  });
}
