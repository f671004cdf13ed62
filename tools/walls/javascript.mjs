// The walls between the page's modules. Arrows run one way:
//
//   page → element → { engine client, views }        client, worker → protocol        worker → pkg
//
// The page's main thread never imports the wasm (`pkg`), views never import the engine, and
// the engine never touches the document.

import { dirname, join, normalize } from 'node:path/posix';
import { lineAt, withoutJsComments } from './source.mjs';

/** @typedef {{ path: string, line: number, message: string }} Violation */

/** Which zones each zone may import, itself aside. Every file of www belongs to one. */
const MAY_IMPORT = {
  protocol: [],
  worker: ['protocol', 'engine', 'pkg'],
  engine: ['protocol'],
  views: [],
  element: ['engine', 'views'],
  page: ['element', 'engine', 'views', 'entry'],
  entry: ['engine', 'element'],
};

/** @param {string} path  relative to the repository @returns {string | null} */
export function jsZone(path) {
  if (/^www\/(tokenscope|isolation(-worker)?)\.js$/.test(path)) return 'entry';
  if (path === 'www/engine/protocol.js') return 'protocol';
  if (/^www\/engine\/worker[^/]*\.js$/.test(path)) return 'worker';
  return /^www\/(engine|views|element|page|pkg)\//.exec(path)?.[1] ?? null;
}

const IMPORTS = [
  /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*(['"])(?<to>[^'"\n]+)\1/g,
  /\bimport\s*(['"])(?<to>[^'"\n]+)\1/g,
  /\bimport\s*\(\s*(['"])(?<to>[^'"\n]+)\1\s*[,)]/g,
];
const OPAQUE_IMPORT = /(?<![.\w$])import\s*\((?!\s*['"])/g;
const MODULE_URL = /\bnew\s+URL\s*\(\s*(['"])(?<to>[^'"\n]+\.js)\1\s*,\s*import\.meta\.url/g;
const DOCUMENT = /(?<![.\w$])(?:document|window)\s*(?:\.|\?\.|\[)/g;

/**
 * @param {Map<string, string>} files  path → text
 * @returns {Violation[]}
 */
export function checkJavaScript(files) {
  return [...files]
    .filter(([path]) => path.startsWith('www/') && path.endsWith('.js') && jsZone(path) !== 'pkg')
    .flatMap(([path, text]) => checkFile(path, withoutJsComments(text)));
}

/** @param {string} path @param {string} code @returns {Violation[]} */
function checkFile(path, code) {
  const zone = jsZone(path);
  const at = (/** @type {RegExpMatchArray} */ match, /** @type {string} */ message) => ({
    path,
    line: lineAt(code, match.index ?? 0),
    message,
  });
  if (zone === null) return [{ path, line: 1, message: 'belongs to no zone: see tools/walls/javascript.mjs' }];
  const found = [];
  for (const match of IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)])) {
    const message = importFault(path, zone, match.groups?.to ?? '');
    if (message) found.push(at(match, message));
  }
  for (const match of code.matchAll(OPAQUE_IMPORT)) {
    found.push(at(match, 'imports a module whose name is not written out'));
  }
  for (const match of code.matchAll(MODULE_URL)) {
    const target = resolve(path, match.groups?.to ?? '');
    if (jsZone(target) === 'worker' && !['engine', 'worker'].includes(zone)) found.push(at(match, `only the engine client starts ${target}`));
  }
  if (['protocol', 'worker', 'engine'].includes(zone)) {
    for (const match of code.matchAll(DOCUMENT)) found.push(at(match, `the engine knows no ${match[0].replace(/\W+$/, '')}`));
  }
  return found;
}

/** @param {string} path @param {string} zone @param {string} to @returns {string | null} */
function importFault(path, zone, to) {
  if (!/^\.{0,2}\//.test(to)) return `imports '${to}': the page has no bundler and takes files by relative path`;
  const target = resolve(path, to);
  const other = jsZone(target);
  if (other === null) return `imports ${target}, which belongs to no zone`;
  const allowed = MAY_IMPORT[/** @type {keyof typeof MAY_IMPORT} */ (zone)];
  if (other === zone || /** @type {string[]} */ (allowed).includes(other)) return null;
  return `${zone} may not import ${other} (${target})`;
}

/** @param {string} from @param {string} to */
const resolve = (from, to) => (to.startsWith('/') ? `www${normalize(to)}` : join(dirname(from), to)).replace(/[?#].*$/, '');
