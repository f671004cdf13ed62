// The model is kept for the next visit, and can be deleted.

import assert from 'node:assert/strict';
import { pageTest } from './harness.mjs';

pageTest('a second visit takes the model from storage; once loaded nothing needs the network', {}, async ({ page, reader, requests, context }) => {
  await reader.loadModel();
  await page.reload();
  requests.length = 0;
  await reader.loadModel();
  assert.deepEqual(requests.filter((path) => path.includes('.gguf')), []);
  await context.setOffline(true);
  await reader.type('The largest ocean is the');
  await reader.set('maxNewTokens', 4);
  await reader.generate();
  assert.equal((await reader.output()).length, 4);
});

pageTest('a deleted model is gone from storage', {}, async ({ page, reader, requests }) => {
  await reader.loadModel();
  const kept = await page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  assert.ok(kept > 90e6, `the model is kept (${kept} bytes)`);
  await reader.at('models').click();
  await reader.at('remove').click();
  await reader.at('remove').waitFor({ state: 'detached' });
  // The browser's estimate follows some time later.
  await page.waitForFunction(async () => ((await navigator.storage.estimate()).usage ?? 0) < 10e6);
  await page.reload();
  requests.length = 0;
  await reader.loadModel();
  assert.equal(requests.filter((path) => path.includes('.gguf')).length, 1);
});

pageTest('a tab that holds the kept models and does not answer keeps nobody from loading one', {}, async ({ page, reader, context, url }) => {
  const frozen = await context.newPage();
  await frozen.goto(url);
  await frozen.evaluate(
    () =>
      new Promise((held) => {
        const forever = new Promise(() => {});
        void navigator.locks.request('tokenscope-models', () => (held(null), forever));
      }),
  );
  await reader.loadModel();
  await reader.at('models').click();
  await page.locator('#model-menu', { hasText: 'Not kept in this browser: Another tab' }).waitFor();
});
