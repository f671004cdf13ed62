// Checks the walls between modules, in JavaScript and in Rust; ARCHITECTURE.md says why they stand.
//
//   node tools/check-walls.mjs [REPOSITORY]
//
// Prints one line for each crossing, and fails if there is one.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkJavaScript } from './walls/javascript.mjs';
import { checkRust } from './walls/rust.mjs';

/**
 * @param {Map<string, string>} files  path → text, with `Cargo.toml` among them
 * @returns {{ path: string, line: number, message: string }[]}
 */
export function checkWalls(files) {
  return [...checkJavaScript(files), ...checkRust(files, dependenciesIn(files.get('Cargo.toml') ?? ''))];
}

/**
 * The names of the crates in a manifest's dependency tables, spelled as in code; not those of its tests.
 * @param {string} manifest
 */
export function dependenciesIn(manifest) {
  const names = [];
  let inTable = false;
  for (const line of manifest.split('\n')) {
    const table = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    if (table) inTable = /(^|\.)dependencies$/.test(table);
    const single = /(?:^|\.)dependencies\.([\w-]+)$/.exec(table ?? '')?.[1];
    const name = single ?? (inTable ? /^\s*([\w-]+)\s*[=.]/.exec(line)?.[1] : undefined);
    if (name) names.push(name.replaceAll('-', '_'));
  }
  return names;
}

/** @param {string} root @returns {Map<string, string>} */
function sourcesUnder(root) {
  const files = new Map([['Cargo.toml', readFileSync(join(root, 'Cargo.toml'), 'utf8')]]);
  for (const folder of ['src', 'www']) {
    if (!existsSync(join(root, folder))) continue;
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(rs|js)$/.test(entry.name)) continue;
      const path = join(entry.parentPath ?? entry.path, entry.name);
      files.set(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8'));
    }
  }
  return files;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const files = sourcesUnder(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
  const crossings = checkWalls(files);
  for (const { path, line, message } of crossings) console.error(`${path}:${line}: ${message}`);
  console.log(`${files.size} files, ${crossings.length} crossings`);
  process.exit(crossings.length > 0 ? 1 : 0);
}
