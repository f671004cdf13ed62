// The site works from any file server: no special headers, any folder, any policy that allows wasm.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ROOT } from '../browser.mjs';
import { SITE, STRICT_CSP, pageTest } from './harness.mjs';

/** @param {import('./harness.mjs').Scene} scene */
async function writeFourTokens({ page, reader, url }) {
  const headers = (await page.request.get(url)).headers();
  assert.equal(headers['cross-origin-opener-policy'], undefined);
  assert.equal(headers['cross-origin-embedder-policy'], undefined);
  assert.equal(await page.evaluate(() => crossOriginIsolated), false);
  await reader.loadModel();
  await reader.type('The largest ocean is the');
  await reader.set('maxNewTokens', 4);
  await reader.generate();
  assert.equal((await reader.output()).length, 4);
}

pageTest('a plain server without any special header', { server: { csp: undefined } }, writeFourTokens);

pageTest('a strict content security policy', { server: { csp: STRICT_CSP } }, writeFourTokens);

// The root itself holds nothing of ours, so a path from the root would be refused.
pageTest('a folder below the root', { server: { root: join(ROOT, 'tests'), mounts: { '/some/folder': SITE } }, path: '/some/folder/' }, writeFourTokens);
