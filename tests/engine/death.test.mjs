/// <reference path="./globals.d.ts" />
// The worker's death, loud or silent: callers are told, and their text goes on.

import assert from 'node:assert/strict';
import { eventually, pageTest, running, site } from './harness.mjs';

const withoutLocks = () => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });

/** What is left of a text after the worker's death, against the same text undisturbed. */
const scenario = async (/** @type {string} */ death) => {
  const model = death === 'trap' ? '/models/a.gguf' : '/models/a.gguf?slow=30';
  const engine = await tokenscope.load({ model });
  const session = await engine.session({ prompt: 'hello' });
  const undisturbed = await engine.session({ prompt: 'hello' });
  /** @type {any[]} */
  const events = [];
  engine.addEventListener('restart', (event) => events.push(/** @type {CustomEvent} */ (event).detail.again));
  engine.addEventListener('status', (event) => events.push(/** @type {CustomEvent} */ (event).detail.status));
  for (let i = 0; i < 4; i++) await session.step();
  let text = '';
  for (let i = 0; i < 8; i++) text = (await undisturbed.step()).text;

  const pending = death === 'trap' ? failure(session.step({ seed: 666 })) : failure(session.step());
  const behind = failure(undisturbed.step());
  await new Promise((done) => setTimeout(done, death === 'trap' ? 0 : 10));
  if (death === 'silent') workers[0].terminate();
  const codes = [(await pending).code, (await behind).code];
  const kept = await session.text();
  const [view, step] = await Promise.all([session.view(7), session.step()]);
  for (let i = 0; i < 3; i++) await session.step();
  return { codes, kept, viewed: view.step, step: step.step, text: await session.text(), expected: text, events, status: engine.status, started: workers.length, fromStorage: engine.model.fromStorage };
};

/** @param {Awaited<ReturnType<typeof scenario>>} result */
function restored({ codes, kept, viewed, step, text, expected, events, status, started }) {
  assert.deepEqual(codes, ['worker-died', 'worker-died']);
  assert.equal(kept, expected.slice(0, 4));
  assert.deepEqual([viewed, step], [2, 4]);
  assert.equal(text, expected);
  assert.deepEqual(events, ['restarting', true, 'ready']);
  assert.deepEqual([status, started], ['ready', 2]);
}

pageTest('after a trap the text goes on in a new worker', async (page) => {
  const result = await page.evaluate(scenario, 'trap');
  restored(result);
  assert.equal(result.fromStorage, true);
  await eventually(() => running(page) === 1, 'the broken worker was ended');
});

pageTest('a trap while the model reads ahead costs no text', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'trap ahead' });
    const again = new Promise((done) => engine.addEventListener('restart', () => done(true), { once: true }));
    const { text } = await session.step();
    await again;
    return { text, kept: await session.text(), started: workers.length };
  });
  assert.equal(result.text.length, 1);
  assert.deepEqual([result.kept, result.started], [result.text, 2]);
});

pageTest('a worker that is ended silently is noticed by its lock', async (page) => {
  restored(await page.evaluate(scenario, 'silent'));
});

pageTest('an idle worker that is ended silently is replaced before anybody asks', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const again = new Promise((done) => engine.addEventListener('restart', () => done(true), { once: true }));
    workers[0].terminate();
    await again;
    const session = await engine.session({ prompt: 'abc' });
    return [(await session.step()).step, engine.status];
  });
  assert.deepEqual(result, [0, 'ready']);
});

pageTest('without locks and storage, silence is noticed and the file is loaded from its address', async (page) => {
  const before = site.requests.length;
  const code = await page.evaluate(async () => {
    const path = '/engine/connection.js';
    /** @type {typeof import('../../www/engine/connection.js')} */
    const { Connection } = await import(path);
    /** @type {any} */
    let died = null;
    const connection = new Connection((error) => (died = error.code), { interval: 50, patience: 4 });
    const source = /** @type {const} */ ({ kind: 'url', url: new URL('/models/a.gguf?slow=150', location.href).href, name: 'a', bytes: null });
    await connection.call({ type: 'load', source, keep: true, variant: 'auto' });
    await connection.call({ type: 'session', session: 1, spec: { prompt: 'abc', template: 'raw' }, ids: [] });
    // Busy for longer than an interval is not dead.
    await connection.call({ type: 'step', session: 1, knobs: {}, top: 1 });
    const alive = died;
    workers[0].terminate();
    return [alive, (await failure(connection.call({ type: 'memory', session: 1 }))).code, died];
  });
  assert.deepEqual(code, [null, 'worker-died', 'worker-died']);
  assert.equal(site.requests.length, before + 1);
}, { init: withoutLocks });

pageTest('a death in the middle of restoring is survived; too many are the end, until a load', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'hello' });
    await session.step();
    /** @type {any[]} */
    const events = [];
    engine.addEventListener('restart', (event) => events.push(/** @type {CustomEvent} */ (event).detail.deaths));
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push((await failure(session.step({ seed: 666 }))).code);
    const after = await failure(session.step());
    const failed = engine.status;
    const text = await session.text();
    await engine.loadModel({ model: '/models/a.gguf' });
    const fresh = await engine.session({ prompt: 'hello' });
    return { codes, after, failed, text: text.length, events, again: (await fresh.step()).step, status: engine.status };
  });
  assert.deepEqual(result.codes, ['worker-died', 'worker-died', 'worker-died']);
  assert.equal(result.after.code, 'worker-died');
  assert.match(result.after.message, /3 times/);
  assert.deepEqual(result.events, [1, 2, 3]);
  assert.deepEqual([result.failed, result.text, result.again, result.status], ['failed', 1, 0, 'ready']);
  await eventually(() => running(page) === 1, 'one worker runs');
});

pageTest('an error that nobody caught in the worker ends it; a call can be given up while it restarts', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/slow.gguf?bytes=800000&pace=40', keep: false });
    const session = await engine.session({ prompt: 'hello' });
    workers[0].dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
    const stop = AbortSignal.timeout(50);
    const given = await failure(session.step({}, { signal: stop }));
    const status = engine.status;
    return { given: given.code, status, step: (await session.step()).step };
  });
  assert.deepEqual(result, { given: 'aborted', status: 'restarting', step: 0 });
});

pageTest('closing while it restarts leaves nothing running', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/slow.gguf?bytes=4000000&pace=20', keep: false });
    const session = await engine.session({ prompt: 'hello' });
    await failure(session.step({ seed: 666 }));
    const waiting = failure(session.step());
    engine.close();
    return [(await waiting).code, engine.status];
  });
  assert.deepEqual(result, ['aborted', 'closed']);
  await eventually(() => running(page) === 0, 'no worker runs');
});
