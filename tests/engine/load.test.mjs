/// <reference path="./globals.d.ts" />
// Loading: progress, sources, what can go wrong, and what stays when it does.

import assert from 'node:assert/strict';
import { eventually, pageTest, running, site } from './harness.mjs';
import { Site } from './server.mjs';

pageTest('loads with progress in bytes, and says what was loaded', async (page) => {
  const { info, model, status, seen } = await page.evaluate(async () => {
    /** @type {any[]} */
    const seen = [];
    const engine = await tokenscope.load({ model: '/models/a.gguf?bytes=1000000&pace=30', onProgress: (p) => seen.push(p) });
    const { info, model, status } = engine;
    engine.close();
    return { info, model, status, seen };
  });
  assert.equal(status, 'ready');
  assert.equal(info.name, 'a.gguf');
  assert.equal(model.bytes, 1_000_000);
  assert.equal(model.kept, true, String(model.reason));
  assert.equal(model.fromStorage, false);
  assert.equal(seen[0].phase, 'start');
  const downloads = seen.filter(({ phase }) => phase === 'download');
  assert.ok(downloads.length >= 3 && downloads.length <= 15, `${downloads.length} reports in about half a second`);
  assert.ok(downloads.every(({ loaded, total }, i) => total === 1_000_000 && (i === 0 || loaded > downloads[i - 1].loaded)));
  assert.ok(downloads.at(-1).bytesPerSecond > 0);
  const last = seen.at(-1);
  assert.deepEqual([last.phase, last.loaded, last.total], ['build', 1_000_000, 1_000_000]);
});

pageTest('the default model is beside the engine, and its size is known beforehand', async (page) => {
  const { default: known, failed } = await page.evaluate(async () => ({
    default: tokenscope.DEFAULT_MODEL,
    failed: await failure(tokenscope.load({ defaultModelURL: '/models/b.gguf?status=500' })),
  }));
  assert.equal(known.bytes, 98_362_432);
  assert.equal(failed.code, 'network');
  const loading = page.evaluate(async () => {
    const stop = new AbortController();
    const work = failure(tokenscope.load({ signal: stop.signal, onProgress: ({ phase }) => phase === 'download' && stop.abort() }));
    return work;
  });
  assert.equal((await loading).code, 'aborted');
  assert.equal(site.requests.at(-1), `/models/${known.file}`);
});

pageTest('takes a File, and refuses what is no model', async (page) => {
  const results = await page.evaluate(async () => {
    const text = `GGUF${JSON.stringify({ name: 'picked', bytes: 5_000_000 })}\n`;
    const file = new File([text, new Uint8Array(5_000_000 - text.length)], 'picked.gguf', { lastModified: 1 });
    const engine = await tokenscope.load({ model: file });
    const { info, model } = engine;
    engine.close();
    const any = /** @type {any} */ (null);
    return {
      info, model,
      wrong: await Promise.all([1, any, {}, 'ftp://host/a.gguf', 'data:,x', 'javascript:1', 'http://'].map((model) => failure(tokenscope.load({ model: /** @type {any} */ (model) })))),
      started: workers.length,
    };
  });
  assert.equal(results.info.name, 'picked');
  assert.equal(results.model.kept, true);
  assert.deepEqual(results.wrong.map(({ code }) => code), Array(7).fill('bad-argument'));
  assert.equal(results.started, 1, 'a wrong argument starts no worker');
});

pageTest('each failure has its code and leaves no worker', async (page) => {
  const codes = await page.evaluate(async () => {
    /** @param {string} model */
    const code = async (model) => (await failure(tokenscope.load({ model }))).code;
    return {
      missing: await code('/models/a.gguf?status=404'),
      refused: await code('/models/a.gguf?status=503'),
      cut: await code('/models/a.gguf?bytes=400000&cut=200000'),
      html: await code('/models/a.gguf?html=1'),
      corrupt: await code('/models/a.gguf?corrupt=1'),
      unreachable: await code('http://127.0.0.1:9/a.gguf'),
      trap: await code('/models/a.gguf?trap=finish'),
      stored: (await failure(tokenscope.load({ model: { id: 'unknown' } }))).code,
      kept: (await tokenscope.listModels()).length,
    };
  });
  assert.deepEqual(codes, {
    missing: 'not-found', refused: 'network', cut: 'network', html: 'not-gguf', corrupt: 'corrupt', unreachable: 'network', trap: 'worker-died', stored: 'not-found', kept: 0,
  });
  await eventually(() => running(page) === 0, 'no worker runs');
}, { expected: /Failed to load resource|Content Security Policy|violates/ });

pageTest('an abort ends the download at once, and the model before it stays', async (page) => {
  const url = '/models/slow.gguf?bytes=4000000&pace=100';
  const { failed, waited, text, name } = await page.evaluate(async (url) => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'abc' });
    const before = (await session.step()).text;
    const stop = new AbortController();
    let aborted = 0;
    const onProgress = (/** @type {any} */ { loaded }) => {
      if (loaded === 0 || aborted) return;
      aborted = performance.now();
      stop.abort();
    };
    const failed = await failure(engine.loadModel({ model: url, signal: stop.signal, onProgress }));
    const waited = performance.now() - aborted;
    return { failed, waited, text: [before, (await session.step()).text], name: engine.info.name };
  }, url);
  assert.deepEqual([failed.code, failed.name], ['aborted', 'AbortError']);
  assert.ok(waited < 500, `rejected after ${waited} ms`);
  await eventually(() => site.dropped.includes(url), 'the transfer ended');
  await eventually(() => running(page) === 1, 'only the first worker runs');
  assert.equal(text[1].slice(0, 1), text[0]);
  assert.equal(name, 'a.gguf');
  const left = await page.evaluate(async () => (await tokenscope.listModels()).map(({ name }) => name));
  assert.deepEqual(left, ['a.gguf']);
});

pageTest('a broken model keeps the old one; a whole one takes its place', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'abc' });
    /** @type {string[]} */
    const events = [];
    for (const type of ['status', 'model', 'restart']) engine.addEventListener(type, () => events.push(type));
    const broken = (await failure(engine.loadModel({ model: '/models/b.gguf?corrupt=1' }))).code;
    const trapped = (await failure(engine.loadModel({ model: '/models/b.gguf?trap=push' }))).code;
    const still = [engine.info.name, (await session.step()).step];
    await engine.loadModel({ model: '/models/c.gguf' });
    const old = (await failure(session.step())).code;
    const fresh = await engine.session({ prompt: 'abc' });
    return { broken, trapped, still, old, fresh: (await fresh.step()).step, now: engine.info.name, events };
  });
  assert.deepEqual(result, { broken: 'corrupt', trapped: 'worker-died', still: ['a.gguf', 0], old: 'bad-state', fresh: 0, now: 'c.gguf', events: ['model'] });
  await eventually(() => running(page) === 1, 'one worker runs');
});

pageTest('a newer load takes the place of one under way; closing twice is fine', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const first = failure(engine.loadModel({ model: '/models/b.gguf?bytes=4000000&pace=50' }));
    const second = engine.loadModel({ model: '/models/c.gguf' });
    const codes = [(await first).code, (await second).name];
    const session = await engine.session({ prompt: 'abc' });
    const pending = failure(session.step());
    engine.close();
    engine.close();
    return [...codes, (await pending).code, (await failure(session.step())).code, (await failure(engine.loadModel())).code, engine.status];
  });
  assert.deepEqual(result, ['aborted', 'c.gguf', 'aborted', 'bad-state', 'bad-state', 'closed']);
  await eventually(() => running(page) === 0, 'no worker runs');
});

/** @param {string} file @returns {string[]} */
const builds = (file) => ['threads', 'fast', 'baseline'].map((name) => `/pkg/${name}/${file}`);

pageTest('the fastest build that this browser can run is taken; one that fails gives way to the next', async (page) => {
  const variant = (/** @type {'auto' | 'baseline'} */ wanted) =>
    page.evaluate(async (wanted) => (await tokenscope.load({ model: '/models/a.gguf', variant: wanted })).variant, wanted);
  assert.deepEqual(await variant('auto'), { name: 'fast', means: 'relaxed SIMD, one thread', threads: 1, reason: 'the page is not cross-origin isolated' });
  assert.deepEqual(await variant('baseline'), { name: 'baseline', means: 'SIMD, one thread', threads: 1, reason: 'asked for' });
  try {
    site.missing.add('/pkg/fast/tokenscope_bg.wasm');
    const { name, reason } = await variant('auto');
    assert.equal(name, 'baseline');
    assert.match(reason, /pkg\/fast\/tokenscope_bg\.wasm: the server answered 404/);
    site.missing.clear();
    site.broken.add('/pkg/fast/tokenscope_bg.wasm');
    assert.equal((await variant('auto')).name, 'baseline');
  } finally {
    site.missing.clear();
    site.broken.clear();
  }
  const refused = await page.evaluate(() => failure(tokenscope.load({ model: '/models/a.gguf', variant: /** @type {any} */ ('best') })));
  assert.equal(refused.code, 'bad-argument');
}, { expected: /Failed to load resource/ });

pageTest('without relaxed SIMD the baseline runs, and says why', async (page) => {
  const variant = await page.evaluate(async () => {
    const { candidates } = await import(/** @type {any} */ ('/engine/worker-variants.js'));
    WebAssembly.validate = () => false;
    return candidates('auto').map((/** @type {any} */ candidate) => candidate.variant);
  });
  const reason = 'this browser has no relaxed SIMD';
  assert.deepEqual(variant, [{ name: 'baseline', means: 'SIMD, one thread', threads: 1, reason }]);
});

pageTest('an isolated page uses threads; if a helper does not start, it uses one', async (page) => {
  site.isolated = true;
  try {
    await page.reload();
    await page.waitForFunction(() => 'tokenscope' in globalThis);
    const auto = () => page.evaluate(async () => (await tokenscope.load({ model: '/models/a.gguf' })).variant);
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    const { name, threads } = await auto();
    if (cores === 1) return assert.equal(name, 'fast');
    assert.equal(name, 'threads');
    assert.ok(threads >= 2 && threads <= cores, `${threads} threads on ${cores} cores`);
    site.missing.add('/engine/worker-helper.js');
    const fallback = await auto();
    assert.equal(fallback.name, 'fast');
    assert.match(fallback.reason, /a thread did not start/);
  } finally {
    site.missing.clear();
    site.isolated = false;
  }
}, { expected: /Failed to load resource/ });

pageTest('wasm with the wrong type is loaded all the same; a missing part is told', async (page) => {
  site.wasmType = 'application/octet-stream';
  try {
    assert.equal(await page.evaluate(async () => (await tokenscope.load({ model: '/models/a.gguf' })).status), 'ready');
    site.wasmType = 'application/wasm';
    for (const paths of [builds('tokenscope_bg.wasm'), builds('tokenscope.js'), ['/engine/worker.js']]) {
      for (const path of paths) site.missing.add(path);
      const failed = await page.evaluate(() => failure(tokenscope.load({ model: '/models/a.gguf' })));
      assert.equal(failed.code, 'network', `${paths}: ${failed.message}`);
      site.missing.clear();
    }
  } finally {
    site.wasmType = 'application/wasm';
    site.missing.clear();
  }
}, { expected: /Failed to load resource|Failed to fetch/ });

pageTest('from another site the files say why they cannot run, and a model from there can be loaded', async (page) => {
  const elsewhere = new Site();
  elsewhere.shared = site.shared = true;
  try {
    await elsewhere.open();
    await page.reload();
    await page.waitForFunction(() => 'tokenscope' in globalThis);
    const [failed, model] = await page.evaluate(async (url) => {
      /** @type {typeof tokenscope} */
      const foreign = await import(`${url}engine/index.js`);
      const engine = await tokenscope.load({ model: `${url}models/far%20away.gguf?bytes=70000` });
      return /** @type {const} */ ([await failure(foreign.load({ model: '/models/a.gguf' })), engine.model]);
    }, elsewhere.url);
    assert.equal(failed.code, 'unsupported-feature');
    assert.ok(failed.message.includes(new URL(elsewhere.url).origin), failed.message);
    assert.deepEqual([model.name, model.bytes, model.kept], ['far away.gguf', 70_000, true]);
  } finally {
    site.shared = false;
    elsewhere.close();
  }
});
