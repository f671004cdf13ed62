// The site works from any file server: no special headers, any folder, any policy that allows wasm.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../browser.mjs';
import { SITE, STRICT_CSP, pageTest } from './harness.mjs';

/** @param {import('./driver.mjs').Reader} reader */
async function writeFour(reader) {
  await reader.loadModel();
  await reader.type('The largest ocean is the');
  await reader.set('maxNewTokens', 4);
  await reader.generate();
  assert.equal((await reader.output()).length, 4);
}

/** @param {import('./harness.mjs').Scene} scene */
async function writeFourTokens({ page, reader, url }) {
  const headers = (await page.request.get(url)).headers();
  assert.equal(headers['cross-origin-opener-policy'], undefined);
  assert.equal(headers['cross-origin-embedder-policy'], undefined);
  assert.equal(await page.evaluate(() => crossOriginIsolated), false);
  await writeFour(reader);
}

pageTest('a plain server without any special header', { server: { csp: undefined } }, writeFourTokens);

/** The page with the script of a host that opts in; returns its file. */
async function pageWithIsolation() {
  const html = await readFile(join(SITE, 'index.html'), 'utf8');
  const file = join(await mkdtemp(join(tmpdir(), 'tokenscope-')), 'isolated.html');
  await writeFile(file, html.replace('<script', '<script type="module" src="isolation.js"></script>\n<script'));
  return file;
}

/** @param {import('./harness.mjs').Scene} scene */
async function useThreads({ page, reader }) {
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  await writeFour(reader);
  const several = await page.evaluate(() => navigator.hardwareConcurrency > 1);
  const line = await reader.engine();
  assert.match(line, several ? /^threads: / : /^fast: /);
  assert.match(line, /products of (two words|two bytes|four bytes)/);
}

pageTest('a server that isolates the page lets the engine use threads', { server: { isolated: true } }, useThreads);

pageTest('a host without headers may opt in to them by a script', { path: 'isolated.html', server: { mounts: { '/isolated.html': await pageWithIsolation() } } }, async (scene) => {
  await scene.page.waitForFunction(() => crossOriginIsolated);
  await useThreads(scene);
});

pageTest('a strict content security policy', { server: { csp: STRICT_CSP } }, writeFourTokens);

// The root itself holds nothing of ours, so a path from the root would be refused.
pageTest('a folder below the root', { server: { root: join(ROOT, 'tests'), mounts: { '/some/folder': SITE } }, path: '/some/folder/' }, writeFourTokens);
