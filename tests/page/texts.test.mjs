// Every build of the engine writes the texts that the native one writes, token by token.
//
// By default the first few of a hundred; TOKENSCOPE_TEXTS=all writes all of them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { pageTest } from './harness.mjs';

/** As many as tests/texts.rs writes. */
const FEW = 10;

/** @param {string} name */
const read = async (name) => JSON.parse(await readFile(new URL(`../texts/${name}`, import.meta.url), 'utf8'));

for (const variant of ['threads', 'fast', 'baseline']) {
  pageTest(`the build '${variant}' writes the expected texts`, { server: { isolated: true } }, async ({ page }) => {
    const prompts = (await read('prompts.json')).slice(0, process.env.TOKENSCOPE_TEXTS === 'all' ? 100 : FEW);
    const expected = await read('expected.json');
    await page.evaluate(async (variant) => {
      const { load } = await import(/** @type {any} */ ('/engine/index.js'));
      Object.assign(window, { engine: await load({ variant, keep: false }) });
    }, variant);
    for (const [index, prompt] of prompts.entries()) {
      const written = await page.evaluate(
        async ([prompt, seed]) => {
          const { engine } = /** @type {any} */ (window);
          const session = await engine.session({ prompt, template: 'raw' });
          const ids = [];
          const knobs = { temperature: 0.8, topK: 40, topP: 0.95, repetitionPenalty: 1.1, maxNewTokens: 64, seed };
          for await (const step of session.generate(knobs, { top: 0 })) ids.push(step.id);
          session.close();
          return ids;
        },
        /** @type {[string, number]} */ ([prompt, index]),
      );
      assert.deepEqual(written, expected[index], `text ${index}`);
    }
  });
}

pageTest('numbers come to the page as they are in the engine', { server: {} }, async ({ page }) => {
  const { tokens, others } = await page.evaluate(async () => {
    const { load } = await import(/** @type {any} */ ('/engine/index.js'));
    const engine = await load({ variant: 'baseline', keep: false });
    const session = await engine.session({ prompt: 'The largest ocean is the', template: 'raw' });
    return session.view(session.promptLength, { temperature: 0.7 }, { top: 40 });
  });
  assert.equal(tokens.length, 40);
  // A logit has single precision: its shortest decimals are another number in double.
  for (const { logit, raw, rank } of tokens) {
    assert.equal(logit, Math.fround(logit));
    assert.ok(Math.abs(raw / tokens[0].raw - Math.exp(logit - tokens[0].logit)) < 1e-12, `rank ${rank}`);
  }
  const sum = tokens.reduce((/** @type {number} */ all, /** @type {{ raw: number }} */ { raw }) => all + raw, others.raw);
  assert.ok(Math.abs(sum - 1) < 1e-12);
});
