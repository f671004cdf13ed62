// Models that this browser keeps, in the origin's private file system.
//
// A model is a data file and a record (`<id>.json`) that names it. The record is written last, so
// a download that broke off has none: it is never taken for whole, and is swept away later.
// Everything here works on the page and in a worker; storage-files.js has what needs a worker.

/** @import { StoredModel } from './types.js' */

import { TokenscopeError } from './errors.js';

/** What a record holds; `file` is the name of the data file. @typedef {StoredModel & { version: 1, file: string }} Entry */

const FOLDER = ['tokenscope', 'models'];
/** One tab at a time changes which files belong to a record. */
const LOCK = 'tokenscope-models';
/** Milliseconds to wait for another tab: it needs few, unless it has been frozen meanwhile. */
const LOCK_LIMIT = 5000;

/** Whether this browser, on this page, can keep files at all. */
export const canStore = () => typeof navigator.storage?.getDirectory === 'function';

/** The folder of models; throws where there is no storage. */
export async function openFolder() {
  if (!canStore()) throw new TokenscopeError('storage', 'This browser keeps no files for this page.');
  let folder = await navigator.storage.getDirectory();
  for (const name of FOLDER) folder = await folder.getDirectoryHandle(name, { create: true });
  return folder;
}

/**
 * Does some work while no other tab does any; fails ('storage') where another tab is waited for in vain.
 * @template T @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function alone(work) {
  if (!navigator.locks) return work();
  const signal = AbortSignal.timeout(LOCK_LIMIT);
  try {
    return await navigator.locks.request(LOCK, { signal }, work);
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new TokenscopeError('storage', 'Another tab with this page holds the models that are kept and does not answer: close that tab, or reload it.', { cause: error });
  }
}

/** A name for files, from what identifies a source. @param {string} key @returns {Promise<string>} */
export async function idOf(key) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return [...new Uint8Array(digest, 0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * The models kept here, newest first. Empty where nothing can be kept.
 * @returns {Promise<StoredModel[]>}
 */
export async function listModels() {
  if (!canStore()) return [];
  const entries = await guarded(async () => readEntries(await openFolder()));
  return entries.map(publicPart).sort((a, b) => b.date.localeCompare(a.date));
}

/**
 * Forgets a kept model. An engine that has it loaded goes on with it.
 * @param {string} id
 */
export async function deleteModel(id) {
  await guarded(() =>
    alone(async () => {
      const folder = await openFolder();
      if (!(await readEntry(folder, recordName(id)))) throw new TokenscopeError('not-found', `No model '${id}' is kept here.`);
      await folder.removeEntry(recordName(id));
      await sweep(folder);
    }),
  );
}

/**
 * Bytes that kept models take, that the whole site takes, and that the browser grants it (null: it will not say).
 * @returns {Promise<{ models: number, usage: number | null, quota: number | null }>}
 */
export async function storageEstimate() {
  const models = (await listModels()).reduce((sum, { bytes }) => sum + bytes, 0);
  const { usage = null, quota = null } = (await navigator.storage?.estimate?.()) ?? {};
  return { models, usage, quota };
}

/** @param {string} id @returns {Promise<Entry | null>} the record, if its data is there in full */
export async function findEntry(id) {
  return canStore() ? readEntry(await openFolder(), recordName(id)) : null;
}

/** @param {string} id */
export const recordName = (id) => `${id}.json`;

/**
 * Removes files that no record names; those that another tab writes or reads are left alone.
 * Call it within {@link alone}.
 * @param {FileSystemDirectoryHandle} folder
 */
export async function sweep(folder) {
  const named = new Set((await readEntries(folder)).flatMap(({ id, file }) => [recordName(id), file]));
  const orphans = [];
  for await (const name of folder.keys()) if (!named.has(name)) orphans.push(name);
  for (const name of orphans) await folder.removeEntry(name).catch(() => {});
}

/** @param {FileSystemDirectoryHandle} folder @returns {Promise<Entry[]>} */
async function readEntries(folder) {
  const entries = [];
  for await (const name of folder.keys()) {
    const entry = name.endsWith('.json') ? await readEntry(folder, name) : null;
    if (entry) entries.push(entry);
  }
  return entries;
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name @returns {Promise<Entry | null>} */
async function readEntry(folder, name) {
  try {
    const record = await (await folder.getFileHandle(name)).getFile();
    const entry = JSON.parse(await record.text());
    const data = await (await folder.getFileHandle(entry.file)).getFile();
    return entry.version === 1 && recordName(entry.id) === name && data.size === entry.bytes ? entry : null;
  } catch {
    // Not there, not whole, or not ours: in each case there is no model.
    return null;
  }
}

/** @param {Entry} entry @returns {StoredModel} */
function publicPart({ version: _version, file: _file, ...model }) {
  return model;
}

/** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
async function guarded(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TokenscopeError) throw error;
    throw new TokenscopeError('storage', `This browser's storage refused: ${/** @type {Error} */ (error).message}`, { cause: error });
  }
}
