// Which model is meant: the default one, and what callers may name.

/** @import { Source } from './protocol.js' */
/** @import { LoadOptions } from './types.js' */

import { TokenscopeError } from './errors.js';

/** The model of 'default'; its size can be told before anything is fetched. */
export const DEFAULT_MODEL = Object.freeze({
  name: 'SmolLM2-135M-Instruct',
  file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  bytes: 98_362_432,
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  license: 'Apache-2.0',
});

/**
 * What a caller's `model` stands for.
 * @param {Pick<LoadOptions, 'model' | 'baseURL' | 'defaultModelURL'>} options
 * @returns {Source}
 * @throws {TokenscopeError} bad-argument
 */
export function resolveSource({ model = 'default', baseURL, defaultModelURL }) {
  if (model === 'default') return defaultSource(defaultModelURL, baseURL);
  if (typeof model === 'string' || model instanceof URL) return urlSource(model, baseURL);
  if (isFile(model)) return { kind: 'file', file: model, name: model.name };
  if (typeof model === 'object' && model !== null && typeof model.id === 'string') {
    return { kind: 'stored', id: model.id, name: model.id };
  }
  throw new TokenscopeError('bad-argument', "A model is 'default', an http(s) address, a File, or an entry of listModels().");
}

/** @param {string | URL} [elsewhere] @param {string | URL} [baseURL] @returns {Source} */
function defaultSource(elsewhere, baseURL) {
  if (elsewhere !== undefined) return urlSource(elsewhere, baseURL);
  const { href } = new URL(`../models/${DEFAULT_MODEL.file}`, import.meta.url);
  return { kind: 'url', url: href, name: DEFAULT_MODEL.file, bytes: DEFAULT_MODEL.bytes };
}

/** @param {string | URL} text @param {string | URL} [baseURL] @returns {Source} */
function urlSource(text, baseURL) {
  const url = parse(text, baseURL);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new TokenscopeError('bad-argument', `'${text}' is not an address of a model: it must begin with http:// or https://.`);
  }
  url.hash = '';
  return { kind: 'url', url: url.href, name: fileName(url), bytes: null };
}

/** @param {string | URL} text @param {string | URL} [baseURL] */
function parse(text, baseURL) {
  try {
    return new URL(text, baseURL === undefined ? location.href : new URL(baseURL, location.href));
  } catch {
    return null;
  }
}

/** @param {URL} url */
function fileName(url) {
  const last = url.pathname.split('/').pop() ?? '';
  try {
    return decodeURIComponent(last) || url.hostname;
  } catch {
    return last;
  }
}

/** A File of any window: those of an iframe are no instances of ours. @param {unknown} value @returns {value is File} */
const isFile = (value) => Object.prototype.toString.call(value) === '[object File]';

/**
 * What tells one source from another, in the storage and among shared engines.
 * @param {Source} source
 */
export function sourceKey(source) {
  if (source.kind === 'stored') return `stored:${source.id}`;
  if (source.kind === 'url') return `url:${source.url}`;
  const { name, size, lastModified } = source.file;
  return `file:${name}:${size}:${lastModified}`;
}

