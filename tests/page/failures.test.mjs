// What goes wrong is said in a sentence, and the reader goes on.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SITE, pageTest } from './harness.mjs';

const MODEL = join(SITE, 'models/SmolLM2-135M-Instruct.Q4_1.gguf');
const PROMPT = 'The largest ocean is the';

/** @param {string} name @param {Buffer} buffer */
const file = (name, buffer) => ({ name, mimeType: 'application/octet-stream', buffer });

pageTest('a broken file is named, and the default model still loads', {}, async ({ reader }) => {
  await reader.at('file').setInputFiles(file('broken.gguf', Buffer.from('this is no model')));
  await reader.at('alert').filter({ hasText: /GGUF/i }).waitFor();
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.at('step').click();
  await reader.atLeastChips(1);
});

pageTest('a file that ends too early leaves the running model as it was', {}, async ({ reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('maxNewTokens', 4);
  await reader.generate();
  const before = await reader.output();
  const head = (await readFile(MODEL)).subarray(0, 4 << 20);
  await reader.at('file').setInputFiles(file('short.gguf', head));
  await reader.at('alert').filter({ hasText: /\S/ }).waitFor();
  assert.deepEqual(await reader.output(), before, 'the text is still there');
  await reader.at('step').click();
  await reader.atLeastChips(before.length + 1);
});

/** Ways for a worker to end that it does not choose. */
const DEATHS = {
  'an error that nobody caught': () => void setTimeout(() => { throw new Error('killed by the test'); }),
  'a silent end': () => self.close(),
};

for (const [how, kill] of Object.entries(DEATHS)) {
  pageTest(`the worker dies by ${how}: the text stays, and the reader goes on`, {}, async ({ page, reader, expectFault }) => {
    expectFault(/killed by the test/);
    await reader.loadModel();
    await reader.type(PROMPT);
    await reader.set('maxNewTokens', 200);
    await reader.beginGenerating(2);
    await page.workers()[0].evaluate(kill);
    await reader.ready();
    const kept = await reader.output();
    assert.ok(kept.length >= 2, 'the text is kept');
    assert.equal(await reader.at('prompt').inputValue(), PROMPT);
    await reader.at('step').click();
    await reader.atLeastChips(kept.length + 1);
    assert.deepEqual((await reader.output()).slice(0, kept.length), kept);
  });
}
