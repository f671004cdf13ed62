// Pictures of the page's main states, for the README and for looking at.
//
//   node tests/page/screenshots.mjs FOLDER     all states, sizes and schemes
//   node tests/page/screenshots.mjs --readme   the two pictures of the README, in docs/screenshots

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { serve } from '../../tools/serve.mjs';
import { ROOT, SITE, launchOptions } from '../browser.mjs';
import { Reader } from './driver.mjs';

const SIZES = { laptop: [1440, 900], phone: [390, 844], wide: [2560, 1440] };
const SCHEMES = /** @type {const} */ (['light', 'dark']);

/** The states, in the order in which a reader meets them; each goes on from the one before. @type {Record<string, (reader: Reader) => Promise<void>>} */
const STATES = {
  start: (reader) => reader.at('load').waitFor(),
  loaded: (reader) => reader.loadModel(),
  generated: async (reader) => {
    await reader.type('The largest ocean is the');
    await reader.set('maxNewTokens', 24);
    await reader.set('temperature', 1.2);
    await reader.set('topK', 12);
    await reader.set('topP', 0.9);
    await reader.set('seed', 3);
    await reader.generate();
    await reader.at('outputChips').nth(4).click();
    await reader.page.waitForTimeout(400);
  },
  hot: async (reader) => {
    await reader.set('temperature', 2);
    await reader.ready();
    await reader.page.waitForTimeout(400);
  },
  error: async (reader) => {
    await reader.at('file').setInputFiles({ name: 'broken.gguf', mimeType: 'application/octet-stream', buffer: Buffer.from('no model') });
    await reader.at('alert').filter({ hasText: /\S/ }).waitFor();
  },
};

const readme = process.argv[2] === '--readme';
const folder = readme ? join(ROOT, 'docs/screenshots') : process.argv[2];
if (!folder) throw new Error('Name a folder for the pictures, or --readme.');
await mkdir(folder, { recursive: true });
const sizes = readme ? { readme: [1280, 1080] } : SIZES;
const server = await serve({ root: SITE });
const browser = await chromium.launch(launchOptions());
for (const colorScheme of SCHEMES) {
  for (const [size, [width, height]] of Object.entries(sizes)) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(server.url);
    for (const [state, reach] of Object.entries(STATES)) {
      await reach(new Reader(page));
      if (readme && state !== 'generated') continue;
      const path = join(folder, readme ? `tokenscope-${colorScheme}.png` : `${state}-${size}-${colorScheme}.png`);
      await page.screenshot({ path });
      console.log(path);
    }
    await context.close();
  }
}
await browser.close();
await server.close();
