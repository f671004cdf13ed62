// Prints the size of a built site.    node tools/size-report.mjs dist

import { sizesOf } from './sizes.mjs';

const kib = (/** @type {number} */ bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
const row = (/** @type {string[]} */ cells) => console.log(`    ${cells[0].padEnd(16)}${cells.slice(1).map((cell) => cell.padStart(14)).join('')}`);

row(['', 'files', 'raw', 'gzip', 'brotli']);
for (const [kind, { files, raw, gzip, brotli }] of Object.entries(sizesOf(process.argv[2] ?? 'dist'))) {
  row([kind, String(files), kib(raw), kib(gzip), kib(brotli)]);
}
