// Where a model's bytes come from: the network, a file, or this browser's storage.

/** @import { Source, UrlSource } from './protocol.js' */
/** @import { Entry } from './storage.js' */

import { TokenscopeError, throwIfAborted } from './errors.js';
import { sourceKey } from './models.js';
import { canStore, findEntry, idOf } from './storage.js';
import { readBlob, readStored } from './storage-files.js';

/**
 * A model that is being read.
 * @typedef {object} Origin
 * @property {'download' | 'read'} phase
 * @property {boolean} fromStorage
 * @property {string | null} id     its name in the storage; null where nothing can be kept
 * @property {string} name          file name
 * @property {string | null} url
 * @property {string | null} etag
 * @property {number | null} bytes  length, as far as anybody has said
 * @property {boolean} certain      the length is the true one
 * @property {boolean} html         the server says that it is a web page
 * @property {AsyncIterable<Uint8Array>} chunks  each valid until the next is asked for
 */

/**
 * The places where a model can be had, best first: kept here, then where it comes from.
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Origin, void, void>}
 */
export async function* originsOf(source, signal) {
  const id = source.kind === 'stored' ? source.id : await keptId(source);
  const entry = id === null ? null : await findEntry(id).catch(() => null);
  throwIfAborted(signal);
  if (entry && isCurrent(entry, source)) yield fromStorage(entry);
  if (source.kind === 'url') yield await fromNetwork(source, id, signal);
  if (source.kind === 'file') yield fromFile(source.file, id);
  if (source.kind === 'stored') {
    throw new TokenscopeError('not-found', `The model '${source.id}' is no longer kept in this browser. Load it from its file or address again.`);
  }
}

/** @param {Exclude<Source, { kind: 'stored' }>} source */
const keptId = async (source) => (canStore() ? idOf(sourceKey(source)) : null);

/** A new version of a file of known length replaces the one that is kept. @param {Entry} entry @param {Source} source */
const isCurrent = (entry, source) => source.kind !== 'url' || source.bytes === null || source.bytes === entry.bytes;

/** @param {Entry} entry @returns {Origin} */
function fromStorage(entry) {
  const { id, name, url, etag, bytes } = entry;
  return { phase: 'read', fromStorage: true, id, name, url, etag, bytes, certain: true, html: false, chunks: readStored(entry) };
}

/** @param {File} file @param {string | null} id @returns {Origin} */
function fromFile(file, id) {
  const { name, size: bytes } = file;
  return { phase: 'read', fromStorage: false, id, name, url: null, etag: null, bytes, certain: true, html: false, chunks: readPicked(file) };
}

/** @param {File} file */
async function* readPicked(file) {
  try {
    yield* readBlob(file);
  } catch (cause) {
    throw new TokenscopeError('not-found', `The file ${file.name} can no longer be read: it was changed, moved or deleted. Choose it again.`, { cause });
  }
}

/** @param {UrlSource} source @param {string | null} id @param {AbortSignal} signal @returns {Promise<Origin>} */
async function fromNetwork(source, id, signal) {
  const response = await request(source.url, id !== null, signal);
  const { headers } = response;
  const length = Number(headers.get('Content-Length')) || null;
  return {
    phase: 'download',
    fromStorage: false,
    id,
    name: source.name,
    url: source.url,
    etag: headers.get('ETag'),
    bytes: length ?? source.bytes,
    // Compressed, the length is that of something else, and other sites do not say whether it is.
    certain: length !== null && response.type === 'basic' && !headers.has('Content-Encoding'),
    html: /^text\/html\b/i.test(headers.get('Content-Type') ?? ''),
    chunks: readBody(response, source.url, signal),
  };
}

/** @param {string} url @param {boolean} stored  kept by us, so the browser's cache need not @param {AbortSignal} signal */
async function request(url, stored, signal) {
  let response;
  try {
    response = await fetch(url, { signal, cache: stored ? 'no-store' : 'default', referrerPolicy: 'no-referrer' });
  } catch (cause) {
    throwIfAborted(signal);
    throw new TokenscopeError(
      'network',
      `${url} could not be reached: check the address and the connection; the server must also allow other pages to read it, and this page must allow the address.`,
      { cause },
    );
  }
  if (response.ok) return response;
  if (response.status === 404 || response.status === 410) {
    throw new TokenscopeError('not-found', `There is no model at ${url} (the server answered ${response.status}): check the address.`);
  }
  throw new TokenscopeError('network', `${url} could not be downloaded: the server answered ${response.status}. Try again later, or use another address.`);
}

/** @param {Response} response @param {string} url @param {AbortSignal} signal */
async function* readBody(response, url, signal) {
  const body = response.body;
  if (!body) return;
  try {
    yield* bytesOf(body);
  } catch (cause) {
    throwIfAborted(signal);
    throw new TokenscopeError('network', `The download of ${url} broke off: check the connection and load it again.`, { cause });
  }
}

/** Bytes of a body that are read at once. */
const READ = 1 << 20;

/**
 * The bytes of a stream. Where the browser can, in one buffer that is lent to it again and again: pieces with a buffer
 * each take as much memory as the file before they are collected.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>}
 */
async function* bytesOf(body) {
  const borrower = borrowingReader(body);
  if (!borrower) return yield* piecesOf(body);
  let buffer = new ArrayBuffer(READ);
  for (;;) {
    const { done, value } = await borrower.read(new Uint8Array(buffer));
    if (done || !value) return;
    yield value;
    buffer = value.buffer;
  }
}

/** @param {ReadableStream<Uint8Array<ArrayBuffer>>} body */
async function* piecesOf(body) {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** @param {ReadableStream} body */
function borrowingReader(body) {
  try {
    return body.getReader({ mode: 'byob' });
  } catch {
    return null;
  }
}
