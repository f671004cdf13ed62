// The browser that page tests and benchmarks use, and what the page did wrong in it.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The built site, as a reader gets it. */
export const SITE = join(ROOT, 'dist');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const FLAGS = '--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** Where the browser is: `TOKENSCOPE_CHROMIUM`, or the first known name in the path. */
export function chromiumPath() {
  if (process.env.TOKENSCOPE_CHROMIUM) return process.env.TOKENSCOPE_CHROMIUM;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here; the next one may be.
      }
    }
  }
  throw new Error('No Chromium found: install it, or name one in TOKENSCOPE_CHROMIUM.');
}

/** Launch options for playwright-core. */
export const launchOptions = () => ({
  executablePath: chromiumPath(),
  args: (process.env.TOKENSCOPE_CHROMIUM_FLAGS ?? FLAGS).split(' '),
});

/**
 * Writes down whatever goes wrong in a context's pages and workers: uncaught errors, console errors
 * (refused by a policy, for instance), requests that failed.
 * @param {import('playwright-core').BrowserContext} context
 */
export function collectFaults(context) {
  /** @type {string[]} */
  const faults = [];
  context.on('weberror', (error) => faults.push(`page error: ${error.error().stack ?? error.error()}`));
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console error: ${message.text()} (${message.location().url})`);
  });
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? '';
    // A request that the page itself gave up, for instance with the reader's Cancel, is no fault.
    if (reason !== 'net::ERR_ABORTED') faults.push(`request failed: ${request.url()} ${reason}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400) faults.push(`status ${response.status()}: ${response.url()}`);
  });
  return faults;
}
