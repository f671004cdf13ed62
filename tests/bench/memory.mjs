// Peak memory of a tab, as the kernel counted it.

import { readFile } from 'node:fs/promises';
import { PlainTab } from './plain-tab.mjs';

/** Tokens of a text whose logits do not all fit the budget. */
const LONG_TEXT = 400;

/**
 * Peaks of a tab in which a reader loads the model, comes back, and lets it read and write.
 * @param {string} site  URL of the server
 * @param {string} prompt
 * @param {{ longPrompts: number[], newTokens: number }} plan
 * @returns {Promise<Record<string, { value: number, unit: string }>>}  empty where the system does not tell (Linux does)
 */
export async function measureMemory(site, prompt, { longPrompts, newTokens }) {
  const tab = await PlainTab.open();
  const peak = async () => greatest(await tab.renderers());
  const write = (/** @type {string} */ text, /** @type {number} */ count) => tab.evaluate(`(async () => void (await bench.write(${text}, ${count})))()`);
  try {
    for (const _ of ['from the network', 'from storage']) {
      await tab.goto(`${site}bench/bench.html`, 'document.documentElement.dataset.ready');
      await tab.evaluate('bench.loadModel()');
    }
    await write(JSON.stringify(prompt), newTokens);
    for (const length of longPrompts) await write(`await bench.promptOf(${length})`, newTokens);
    const short = await peak();
    await write(JSON.stringify(prompt), LONG_TEXT);
    const long = await peak();
    if (short === null || long === null) return {};
    return {
      'peak memory of the tab': { value: short / 2 ** 20, unit: 'MiB' },
      [`the same after a text of ${LONG_TEXT} tokens`]: { value: long / 2 ** 20, unit: 'MiB' },
    };
  } finally {
    await tab.close();
  }
}

/**
 * The largest peak of resident memory among the browser's renderer processes, in bytes.
 * @param {import('playwright-core').BrowserContext} context
 * @returns {Promise<number | null>}  null where the system does not tell
 */
export async function peakMemory(context) {
  const browser = context.browser();
  if (!browser) return null;
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return greatest(processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id));
}

/** @param {number[]} ids  of processes @returns {Promise<number | null>}  bytes */
async function greatest(ids) {
  const peaks = await Promise.all(ids.map(peakOf));
  const known = peaks.filter((peak) => peak !== null);
  return known.length > 0 ? Math.max(...known) : null;
}

/** @param {number} id @returns {Promise<number | null>} */
async function peakOf(id) {
  try {
    const status = await readFile(`/proc/${id}/status`, 'utf8');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes ? Number(kilobytes) * 1024 : null;
  } catch {
    return null;
  }
}
