/// <reference path="./globals.d.ts" />
// What is kept in the browser, and what never is.

import assert from 'node:assert/strict';
import { eventually, openPage, pageTest, running, site } from './harness.mjs';

const MODEL = '/models/kept.gguf?bytes=9000000';

pageTest('a kept model needs no network, has the same bytes, and can be listed and deleted', async (page) => {
  const before = site.requests.length;
  const result = await page.evaluate(async (model) => {
    const first = await tokenscope.load({ model });
    first.close();
    /** @type {any[]} */
    const seen = [];
    const second = await tokenscope.load({ model, onProgress: (progress) => seen.push(progress) });
    second.close();
    const list = await tokenscope.listModels();
    const third = await tokenscope.load({ model: list[0] });
    third.close();
    const estimate = await tokenscope.storageEstimate();
    await tokenscope.deleteModel(list[0].id);
    return {
      sums: [first, second, third].map(({ info }) => info.tensorTypes.sum), kept: [first, second, third].map(({ model }) => model.kept),
      fromStorage: [first, second].map(({ model }) => model.fromStorage), name: third.model.name, list, seen, estimate, after: await tokenscope.listModels(),
      twice: (await failure(tokenscope.deleteModel(list[0].id))).code,
    };
  }, MODEL);
  assert.equal(site.requests.length, before + 1);
  assert.equal(new Set(result.sums).size, 1);
  assert.deepEqual([result.kept, result.fromStorage, result.name], [[true, true, true], [false, true], 'kept.gguf']);
  const [{ id, date, ...entry }] = result.list;
  assert.deepEqual(entry, { name: 'kept.gguf', model: 'kept.gguf', architecture: 'fake', bytes: 9_000_000, url: new URL(MODEL, site.url).href, etag: '"one"' });
  assert.match(id, /^[0-9a-f]{24}$/);
  assert.ok(Math.abs(Date.now() - Date.parse(date)) < 60_000);
  assert.ok(result.seen.filter(({ phase }) => phase !== 'start').every(({ fromStorage, phase }) => fromStorage && phase !== 'download'));
  assert.equal(result.estimate.models, 9_000_000);
  assert.ok(Number(result.estimate.usage) >= 9_000_000);
  assert.deepEqual([result.after, result.twice], [[], 'not-found']);
});

/** Names of all files in the folder of models. */
const files = async () => {
  let folder = await navigator.storage.getDirectory();
  for (const name of ['tokenscope', 'models']) folder = await folder.getDirectoryHandle(name, { create: true });
  const names = [];
  for await (const name of folder.keys()) names.push(name.replace(/-.*(?=\.gguf)/, ''));
  return names.sort();
};

pageTest('a download that did not end is never taken for whole, and is swept away', async (page) => {
  const cut = await page.evaluate(async () => (await failure(tokenscope.load({ model: '/models/x.gguf?bytes=4000000&cut=2000000' }))).code);
  assert.equal(cut, 'network');
  await eventually(async () => (await page.evaluate(files)).length === 0, 'nothing is left of it');

  // Ended in the middle, without a chance to tidy up.
  await page.evaluate(async () => {
    /** @type {(value?: unknown) => void} */
    let begun = () => {};
    const halfway = new Promise((done) => (begun = done));
    const work = failure(tokenscope.load({ model: '/models/x.gguf?bytes=4000000&pace=50', onProgress: ({ loaded }) => loaded > 1_000_000 && begun() }));
    await halfway;
    workers[1].terminate();
    await work;
  });
  assert.deepEqual((await page.evaluate(files)).length, 1);
  assert.deepEqual(await page.evaluate(() => tokenscope.listModels()), []);

  const before = site.requests.length;
  const model = await page.evaluate(async () => {
    const { model } = await tokenscope.load({ model: '/models/x.gguf?bytes=4000000' });
    return model;
  });
  assert.deepEqual([model.kept, model.fromStorage], [true, false]);
  assert.equal(site.requests.length, before + 1);
  assert.equal((await page.evaluate(files)).length, 2, 'data and record; the half file is gone');
});

pageTest('two tabs load at the same time; both keep and both read', async (page) => {
  const other = await openPage(page.context());
  const loadKept = async (/** @type {string} */ model) => {
    const engine = await tokenscope.load({ model });
    return { ...engine.model, sum: engine.info.tensorTypes.sum };
  };
  const slow = '/models/both.gguf?bytes=6000000&pace=5';
  const first = await Promise.all([page.evaluate(loadKept, slow), other.evaluate(loadKept, slow)]);
  assert.deepEqual(first.map(({ kept }) => kept), [true, true]);
  const second = await Promise.all([page.evaluate(loadKept, slow), other.evaluate(loadKept, slow)]);
  assert.deepEqual(second.map(({ fromStorage }) => fromStorage), [true, true]);
  assert.equal(new Set([...first, ...second].map(({ sum }) => sum)).size, 1);
  assert.equal((await page.evaluate(files)).length, 2);
  assert.equal(running(other), 2);
});

pageTest('a file that another tab holds for itself is read all the same', async (page) => {
  const other = await openPage(page.context());
  const sum = await page.evaluate(async (model) => (await tokenscope.load({ model })).info.tensorTypes.sum, MODEL);
  await other.evaluate(async () => {
    const worker = new Worker('/harness-hold.js', { type: 'module' });
    await new Promise((done) => (worker.onmessage = done));
  });
  const before = site.requests.length;
  const result = await page.evaluate(async (model) => {
    const engine = await tokenscope.load({ model });
    return { sum: engine.info.tensorTypes.sum, fromStorage: engine.model.fromStorage };
  }, MODEL);
  assert.deepEqual(result, { sum, fromStorage: true });
  assert.equal(site.requests.length, before);
});

/** What damages the data of every kept model: other bytes at its beginning, or its end cut off. */
const damage = async (/** @type {string} */ what) => {
  let folder = await navigator.storage.getDirectory();
  for (const name of ['tokenscope', 'models']) folder = await folder.getDirectoryHandle(name);
  for await (const [name, handle] of folder.entries()) {
    if (!name.endsWith('.gguf')) continue;
    const stream = await /** @type {FileSystemFileHandle} */ (handle).createWritable({ keepExistingData: true });
    await (what === 'bytes' ? stream.write('????') : stream.truncate(1_000_000));
    await stream.close();
  }
};

pageTest('a kept model that was damaged is forgotten and fetched anew', async (page) => {
  const loadKept = async (/** @type {string} */ model) => {
    const engine = await tokenscope.load({ model });
    engine.close();
    return [engine.model.fromStorage, engine.model.kept, (await tokenscope.listModels()).length];
  };
  await page.evaluate(loadKept, MODEL);
  await page.evaluate(damage, 'bytes');
  assert.deepEqual(await page.evaluate(loadKept, MODEL), [false, true, 1]);
  await page.evaluate(damage, 'length');
  assert.deepEqual(await page.evaluate(() => tokenscope.listModels()), []);
  assert.deepEqual(await page.evaluate(loadKept, MODEL), [false, true, 1]);
  assert.equal((await page.evaluate(files)).length, 2);
});

pageTest('not kept if not wanted, nor where the storage is full; the model loads', async (page) => {
  const plain = await page.evaluate(async () => (await tokenscope.load({ model: '/models/a.gguf', keep: false })).model);
  assert.deepEqual([plain.kept, plain.reason, plain.id], [false, 'it was not asked for', null]);

  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: site.url.slice(0, -1), quotaSize: 4_000_000 });
  const crowded = await page.evaluate(async (model) => ({ ...(await tokenscope.load({ model })).model, list: await tokenscope.listModels() }), MODEL);
  assert.equal(crowded.kept, false);
  assert.match(String(crowded.reason), /is full/);
  assert.deepEqual(crowded.list, []);
  assert.deepEqual(await page.evaluate(files), []);
});

pageTest('a page without storage says so', async (page) => {
  const result = await page.evaluate(async () => ({ list: await tokenscope.listModels(), estimate: (await tokenscope.storageEstimate()).models, gone: (await failure(tokenscope.deleteModel('x'))).code }));
  assert.deepEqual(result, { list: [], estimate: 0, gone: 'storage' });
}, { init: () => globalThis.StorageManager && Object.defineProperty(StorageManager.prototype, 'getDirectory', { value: undefined }) });
