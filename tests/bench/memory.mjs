// Peak memory of a tab, as the kernel counted it.

import { readFile } from 'node:fs/promises';

/**
 * The largest peak of resident memory among the browser's renderer processes, in bytes.
 * @param {import('playwright-core').BrowserContext} context
 * @returns {Promise<number | null>}  null where the system does not tell (Linux does)
 */
export async function peakMemory(context) {
  const browser = context.browser();
  if (!browser) return null;
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const peaks = await Promise.all(processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => peakOf(id)));
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
