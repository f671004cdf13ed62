// The walls between the crate's modules. Arrows run one way:
//
//   wasm, cli → decode → { model, tokenizer, sampling } → error        model → kernels
//
// and each heavy dependency is named in one module only.

import { lineAt, withoutInlineTests, withoutRustText } from './source.mjs';

/** @typedef {{ path: string, line: number, message: string }} Violation */

/** Which modules each module may name, itself aside. `lib` only declares them. */
const MAY_USE = {
  error: [],
  kernels: ['error'],
  sampling: ['error'],
  tokenizer: ['error'],
  model: ['kernels', 'error'],
  decode: ['model', 'tokenizer', 'sampling', 'error'],
  wasm: ['decode', 'model', 'tokenizer', 'sampling', 'error'],
  cli: ['decode', 'model', 'tokenizer', 'sampling', 'kernels', 'error'],
};

/** Crates that one module has for itself. */
const OWNED_CRATES = [
  { crates: /^candle(_\w+)?$/, owner: 'model' },
  { crates: /^(wasm_bindgen(_\w+)?|serde_wasm_bindgen|js_sys|web_sys)$/, owner: 'wasm' },
  { crates: /^(tokenizers|minijinja)$/, owner: 'tokenizer' },
];

/** Modules that may name only these of the crates in Cargo.toml. */
const PLAIN_MODULES = {
  error: [],
  sampling: ['serde', 'serde_json', 'libm'],
};

/** @param {string} path  relative to the repository @returns {string | null} */
export function rustZone(path) {
  const inside = /^src\/(.+)\.rs$/.exec(path)?.[1];
  if (!inside) return null;
  const first = inside.split('/')[0];
  return first === 'main' ? 'cli' : first;
}

/**
 * @param {Map<string, string>} files      path → text
 * @param {string[]} dependencies          crate names as code spells them
 * @returns {Violation[]}
 */
export function checkRust(files, dependencies) {
  return [...files]
    .filter(([path]) => rustZone(path) !== null && rustZone(path) !== 'lib')
    .flatMap(([path, text]) => checkFile(path, withoutRustText(text), dependencies));
}

/** @param {string} path @param {string} code @param {string[]} dependencies @returns {Violation[]} */
function checkFile(path, code, dependencies) {
  const zone = /** @type {keyof typeof MAY_USE} */ (rustZone(path));
  const allowed = MAY_USE[zone];
  if (!allowed) return [{ path, line: 1, message: `the module ${zone} has no walls yet: see tools/walls/rust.mjs` }];
  /** @type {Violation[]} */
  const found = [];
  for (const { name, index } of usedModules(path, code)) {
    if (name === zone || /** @type {string[]} */ (allowed).includes(name)) continue;
    const message = name in MAY_USE || name === 'main' ? `${zone} may not use ${name}` : `'${name}' is no module of the crate: name the module that defines it`;
    found.push({ path, line: lineAt(code, index), message });
  }
  return [...found, ...checkCrates(path, zone, code, dependencies)];
}

/** @param {string} path @param {string} zone @param {string} code @param {string[]} dependencies */
function checkCrates(path, zone, code, dependencies) {
  const own = withoutInlineTests(code);
  const plain = PLAIN_MODULES[/** @type {keyof typeof PLAIN_MODULES} */ (zone)];
  /** @type {Violation[]} */
  const found = [];
  for (const crate of dependencies) {
    const match = new RegExp(`(?<![\\w:.])(?:::)?${crate}\\b(?=\\s*(?:::|;|\\bas\\b))`).exec(own);
    if (!match) continue;
    const owner = OWNED_CRATES.find(({ crates }) => crates.test(crate))?.owner;
    const line = lineAt(code, code.indexOf(match[0]));
    if (owner && owner !== zone) found.push({ path, line, message: `only ${owner} may name ${crate}` });
    else if (plain && !/** @type {string[]} */ (plain).includes(crate)) found.push({ path, line, message: `${zone} may not name ${crate}` });
  }
  return found;
}

/**
 * The top-level modules that a file names, by `crate::`, by the crate's own name, or by enough `super::`.
 * @param {string} path
 * @param {string} code
 * @returns {{ name: string, index: number }[]}
 */
function usedModules(path, code) {
  const found = [];
  for (const match of code.matchAll(/(?<![\w:$])(?:::)?(crate|tokenscope|self::super|super)((?:\s*::\s*super)*)\s*::\s*(\{|\w+)/g)) {
    const [whole, root, supers, next] = match;
    const climbed = root.endsWith('super') ? 1 + (supers.match(/super/g)?.length ?? 0) : Infinity;
    if (climbed < depthOf(path)) continue;
    // A `super` from inside an inline module climbs out of that module first.
    if (climbed !== Infinity && insideInlineModule(code, match.index)) continue;
    const end = match.index + whole.length;
    const names = next === '{' ? topNames(code, end) : [next];
    for (const name of names) if (name !== 'self' && name !== '*') found.push({ name, index: match.index });
  }
  return found;
}

/** How many `super`s lead from a file's module to the root of the crate. @param {string} path */
function depthOf(path) {
  const parts = path.replace(/^src\//, '').replace(/(\/mod)?\.rs$/, '').split('/');
  return parts.length;
}

/** @param {string} code @param {number} index */
function insideInlineModule(code, index) {
  for (const match of code.matchAll(/\bmod\s+\w+\s*\{/g)) {
    let depth = 0;
    for (let at = match.index; at < code.length; at++) {
      if (code[at] === '{') depth++;
      if (code[at] === '}' && --depth === 0) {
        if (match.index < index && index < at) return true;
        break;
      }
    }
  }
  return false;
}

/** The first names of `{a, b::{c, d}, e as f}`. @param {string} code @param {number} from  after the brace */
function topNames(code, from) {
  const names = [];
  let depth = 0;
  let current = '';
  for (let at = from; at < code.length; at++) {
    const char = code[at];
    if (depth === 0 && (char === ',' || char === '}')) {
      const name = /^\s*(\w+|\*)/.exec(current)?.[1];
      if (name) names.push(name);
      current = '';
      if (char === '}') break;
      continue;
    }
    if (char === '{') depth++;
    if (char === '}') depth--;
    current += char;
  }
  return names;
}
