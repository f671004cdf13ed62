// How large what a reader downloads is: as it is, and as servers compress it.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** @typedef {{ files: number, raw: number, gzip: number, brotli: number }} Sizes  in bytes */

/** What is told apart, by a file's name. A reader fetches one wasm, with the JavaScript beside it. */
const KINDS = {
  'wasm, threads': /threads\/.*\.wasm$/,
  'wasm, fast': /fast\/.*\.wasm$/,
  'wasm, baseline': /baseline\/.*\.wasm$/,
  JavaScript: /^(?!.*pkg\/(threads|baseline)).*\.m?js$/,
  CSS: /\.css$/,
  HTML: /\.html$/,
};

/**
 * @param {string} folder
 * @returns {Record<string, Sizes>}
 */
export function sizesOf(folder) {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    Object.entries(KINDS).map(([kind, pattern]) => [
      kind,
      paths.filter((path) => pattern.test(path)).map((path) => sizeOf(join(folder, path))).reduce(add, { files: 0, raw: 0, gzip: 0, brotli: 0 }),
    ]),
  );
}

/** @param {string} path @returns {Sizes} */
function sizeOf(path) {
  const bytes = readFileSync(path);
  // Quality 9: what servers afford; 11 gains some per cent and takes many seconds here.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return { files: 1, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes, { params }).length };
}

/** @param {Sizes} a @param {Sizes} b @returns {Sizes} */
const add = (a, b) => ({ files: a.files + b.files, raw: a.raw + b.raw, gzip: a.gzip + b.gzip, brotli: a.brotli + b.brotli });
