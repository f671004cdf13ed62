/// <reference path="./globals.d.ts" />
// One engine for several users of a page.

import assert from 'node:assert/strict';
import { eventually, pageTest, running } from './harness.mjs';

pageTest('users share one worker until the last has gone', async (page) => {
  const result = await page.evaluate(async () => {
    let reports = 0;
    const first = tokenscope.sharedEngine({ model: '/models/a.gguf?bytes=2000000&pace=10' });
    const second = tokenscope.sharedEngine({ model: '/models/a.gguf?bytes=2000000&pace=10#part', onProgress: () => reports++ });
    const [a, b] = await Promise.all([first, second]);
    const other = await tokenscope.sharedEngine({ model: '/models/b.gguf' });
    const same = [a.engine === b.engine, other.engine === a.engine];
    a.release();
    a.release();
    const half = b.engine.status;
    const session = await b.engine.session({ prompt: 'abc' });
    const step = (await session.step()).step;
    b.release();
    other.release();
    const again = await tokenscope.sharedEngine({ model: '/models/a.gguf?bytes=2000000&pace=10' });
    return { same, reports, half, step, end: b.engine.status, again: [again.engine === a.engine, again.engine.status], started: workers.length };
  });
  assert.ok(result.reports > 1);
  assert.deepEqual(
    [result.same, result.half, result.step, result.end, result.again, result.started],
    [[true, false], 'ready', 0, 'closed', [false, 'ready'], 3],
  );
  await eventually(() => running(page) === 1, 'one worker runs');
});

pageTest('a signal gives up one place; the load ends when nobody waits', async (page) => {
  const result = await page.evaluate(async () => {
    const model = '/models/a.gguf?bytes=2000000&pace=20';
    const stop = new AbortController();
    const stays = tokenscope.sharedEngine({ model });
    const leaves = failure(tokenscope.sharedEngine({ model, signal: stop.signal }));
    stop.abort();
    const left = (await leaves).code;
    const { engine, release } = await stays;
    const status = engine.status;
    release();
    const alone = new AbortController();
    const gone = failure(tokenscope.sharedEngine({ model: '/models/b.gguf?bytes=4000000&pace=50', signal: alone.signal }));
    setTimeout(() => alone.abort(), 100);
    return [left, status, (await gone).code];
  });
  assert.deepEqual(result, ['aborted', 'ready', 'aborted']);
  await eventually(() => running(page) === 0, 'no worker runs');
});

pageTest('a failed load is told to all who wait, and tried anew for the next', async (page) => {
  const result = await page.evaluate(async () => {
    const model = '/models/a.gguf?status=500';
    const codes = await Promise.all([failure(tokenscope.sharedEngine({ model })), failure(tokenscope.sharedEngine({ model }))]);
    const third = await failure(tokenscope.sharedEngine({ model }));
    return { codes: [...codes, third].map(({ code }) => code), started: workers.length };
  });
  assert.deepEqual(result, { codes: ['network', 'network', 'network'], started: 2 });
}, { expected: /Failed to load resource/ });

pageTest('after another model was loaded into it, it is found under that one', async (page) => {
  const result = await page.evaluate(async () => {
    const a = await tokenscope.sharedEngine({ model: '/models/a.gguf' });
    await a.engine.loadModel({ model: '/models/b.gguf' });
    const b = await tokenscope.sharedEngine({ model: '/models/b.gguf' });
    const old = await tokenscope.sharedEngine({ model: '/models/a.gguf' });
    return [b.engine === a.engine, old.engine === a.engine, old.engine.info.name];
  });
  assert.deepEqual(result, [true, false, 'a.gguf']);
});
