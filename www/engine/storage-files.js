// Reading and writing the bytes of kept models. Workers only: it needs synchronous file handles.

/** @import { Entry } from './storage.js' */
/** @import { StoredModel, SyncFile, SyncFileHandle } from './types.js' */

import { alone, openFolder, recordName, sweep } from './storage.js';

/** Bytes that are read at once. */
export const CHUNK = 4 << 20;

/**
 * The bytes of a kept model, a chunk at a time. A chunk is valid until the next is asked for.
 * @param {Entry} entry
 * @returns {AsyncGenerator<Uint8Array, void, void>}
 */
export async function* readStored(entry) {
  const handle = await (await openFolder()).getFileHandle(entry.file);
  const file = await openForReading(/** @type {SyncFileHandle} */ (handle));
  // Another tab may hold the file; a snapshot of it can be read all the same.
  if (!file) return yield* readBlob(await handle.getFile());
  try {
    const buffer = new Uint8Array(Math.min(CHUNK, entry.bytes));
    for (let at = 0; at < entry.bytes; ) {
      const count = file.read(buffer, { at });
      if (count === 0) return;
      yield buffer.subarray(0, count);
      at += count;
    }
  } finally {
    file.close();
  }
}

/**
 * The bytes of a file that the reader picked, or of a snapshot.
 * @param {Blob} blob
 * @returns {AsyncGenerator<Uint8Array, void, void>}
 */
export async function* readBlob(blob) {
  for (let at = 0; at < blob.size; at += CHUNK) {
    yield new Uint8Array(await blob.slice(at, at + CHUNK).arrayBuffer());
  }
}

/** @param {SyncFileHandle} handle @returns {Promise<SyncFile | null>} */
async function openForReading(handle) {
  try {
    // Browsers that know the mode let several tabs read at once; the others open it for one.
    return await handle.createSyncAccessHandle({ mode: 'read-only' });
  } catch {
    return null;
  }
}

/** A model on its way into the storage: nothing counts until {@link StoredWriter.commit}. */
export class StoredWriter {
  #folder;
  #name;
  #file;
  #at = 0;

  /** @param {FileSystemDirectoryHandle} folder @param {string} name @param {SyncFile} file */
  constructor(folder, name, file) {
    this.#folder = folder;
    this.#name = name;
    this.#file = file;
  }

  /** @param {string} id  see `idOf` */
  static async open(id) {
    const folder = await openFolder();
    await alone(() => sweep(folder));
    const name = `${id}-${crypto.randomUUID()}.gguf`;
    return new StoredWriter(folder, name, await create(folder, name));
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    writeAll(this.#file, bytes, this.#at);
    this.#at += bytes.length;
  }

  /**
   * From now on the model is kept, in place of an earlier one with its id.
   * @param {Omit<StoredModel, 'bytes' | 'date'>} about
   */
  async commit(about) {
    this.#file.flush();
    await alone(async () => {
      // The handle stays open until the record names the file, so that no other tab sweeps it.
      await this.#record({ version: 1, ...about, file: this.#name, bytes: this.#at, date: new Date().toISOString() });
      this.#file.close();
      await sweep(this.#folder);
    });
  }

  /** @param {Entry} entry */
  async #record(entry) {
    const record = await create(this.#folder, recordName(entry.id));
    try {
      const text = new TextEncoder().encode(JSON.stringify(entry));
      record.truncate(0);
      writeAll(record, text, 0);
      record.flush();
    } finally {
      record.close();
    }
  }

  /** Leaves nothing behind. */
  async abandon() {
    this.#file.close();
    await this.#folder.removeEntry(this.#name).catch(() => {});
  }
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name @returns {Promise<SyncFile>} */
async function create(folder, name) {
  const handle = /** @type {SyncFileHandle} */ (await folder.getFileHandle(name, { create: true }));
  return handle.createSyncAccessHandle();
}

/** @param {SyncFile} file @param {Uint8Array} bytes @param {number} at */
function writeAll(file, bytes, at) {
  for (let done = 0; done < bytes.length; ) {
    const count = file.write(bytes.subarray(done), { at: at + done });
    if (count === 0) throw new Error('no more bytes could be written');
    done += count;
  }
}
