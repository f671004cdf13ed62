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
