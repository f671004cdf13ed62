/// <reference path="./globals.d.ts" />
// Sessions: steps by pull, aborts, what may happen at the same time, and arguments.

import assert from 'node:assert/strict';
import { pageTest } from './harness.mjs';

pageTest('generates by pull, one request a step, until the text ends', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'hello' });
    let text = '';
    const finishes = [];
    for await (const step of session.generate({ maxNewTokens: 5 })) {
      text += step.delta;
      finishes.push(step.finish);
    }
    const other = await engine.session({ prompt: 'hello' });
    let same = '';
    for (let i = 0; i < 5; i++) same = (await other.step({ maxNewTokens: 5 })).text;
    const chat = await engine.session({ prompt: 'hello', template: 'chat', system: 'be kind' });
    return {
      text, same, finishes, known: await session.text(), promptLength: session.promptLength, ids: session.ids.length,
      tokens: (await session.tokens()).length, chat: chat.promptLength, memory: (await session.memory()).stateBytes,
      tokenized: (await engine.tokenize('abc')).map(({ id }) => id),
    };
  });
  assert.equal(result.text.length, 5);
  assert.equal(result.same, result.text);
  assert.equal(result.known, result.text);
  assert.deepEqual(result.finishes, [null, null, null, null, 'maxNewTokens']);
  assert.deepEqual([result.promptLength, result.ids, result.tokens, result.chat, result.memory], [5, 5, 10, 15, 9]);
  assert.deepEqual(result.tokenized, [97, 98, 99]);
});

pageTest('while the page shows a step the model reads on, but not beyond the end of a text', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'hello' });
    const read = async () => (await session.memory()).stateBytes;
    const rest = () => new Promise((done) => setTimeout(done, 50));
    const all = [];
    for (let i = 0; i < 3; i++) {
      await session.step({ maxNewTokens: 3 });
      await rest();
      all.push(await read());
    }
    return all;
  });
  // The prompt has five tokens; the third step ends the text.
  assert.deepEqual(result, [6, 7, 7]);
});

pageTest('a slow reader slows the writer, and leaving the loop stops it', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'hello' });
    let seen = 0;
    for await (const _ of session.generate({ maxNewTokens: 1000 })) {
      await new Promise((done) => setTimeout(done, 30));
      if (++seen === 3) break;
    }
    await new Promise((done) => setTimeout(done, 100));
    const written = (await session.tokens()).length - session.promptLength;
    const next = await session.step();
    return { seen, written, next: next.step };
  });
  assert.deepEqual(result, { seen: 3, written: 3, next: 3 });
});

pageTest('an abort stops within one token and loses none', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf?slow=40' });
    const session = await engine.session({ prompt: 'hello' });
    const stop = new AbortController();
    let seen = 0;
    let at = 0;
    setTimeout(() => {
      at = performance.now();
      stop.abort();
    }, 250);
    const failed = await failure(
      (async () => {
        for await (const _ of session.generate({ maxNewTokens: 1000 }, { signal: stop.signal })) seen++;
      })(),
    );
    const waited = performance.now() - at;
    return { failed, waited, seen, written: (await session.tokens()).length - session.promptLength, ids: session.ids.length, next: (await session.step()).step };
  });
  assert.deepEqual([result.failed.code, result.failed.name], ['aborted', 'AbortError']);
  assert.ok(result.waited < 200, `${result.waited} ms`);
  assert.ok(result.seen > 1);
  assert.deepEqual([result.written, result.ids, result.next], [result.seen, result.seen, result.seen]);
});

pageTest('an abort ends the reading of a prompt between two pieces', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf?slow=30' });
    const prompt = 'x'.repeat(32 * 200);
    const stop = new AbortController();
    /** @type {number[]} */
    const seen = [];
    const failed = await failure(
      engine.session({ prompt, signal: stop.signal, onProgress: ({ done }) => seen.push(done) > 2 && stop.abort() }),
    );
    const start = performance.now();
    const session = await engine.session({ prompt: 'abc' });
    const waited = performance.now() - start;
    const late = failure(session.view(0, {}, { signal: AbortSignal.abort() }));
    return { failed: failed.code, seen, waited, late: (await late).code };
  });
  const pieces = result.seen.map((done, i) => done - (result.seen[i - 1] ?? 0));
  assert.deepEqual([pieces.length, pieces[0]], [3, 32]);
  assert.ok(pieces.every((piece) => [32, 64, 96, 128].includes(piece)), `${pieces}`);
  assert.deepEqual([result.failed, result.late], ['aborted', 'aborted']);
  assert.ok(result.waited < 500, `the worker was free again after ${result.waited} ms`);
});

pageTest('a view is served before the next token', async (page) => {
  const order = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf?slow=40' });
    const sessions = await Promise.all(['a', 'b', 'c', 'd'].map((prompt) => engine.session({ prompt })));
    /** @type {string[]} */
    const order = [];
    const steps = sessions.map((session) => session.step().then(() => order.push('step')));
    // By now all four wait in the worker, and the first is being computed.
    await new Promise((done) => setTimeout(done, 15));
    const view = sessions[0].view(0).then(() => order.push('view'));
    await Promise.all([...steps, view]);
    return order;
  });
  assert.ok(order.indexOf('view') <= 1, order.join(' '));
});

pageTest('one generation at a time; views and replays come between its tokens', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'hello' });
    const first = session.generate({ maxNewTokens: 100 });
    for (let i = 0; i < 6; i++) await first.next();
    const busy = [(await failure(session.step())).code, (await failure(session.generate().next())).code];
    const viewed = (await session.view(3)).step;
    const same = await session.replay({ maxNewTokens: 100 });
    const flipped = await session.replay({ temperature: 2, maxNewTokens: 100 });
    const ids = session.ids.length;
    const next = await first.next();
    await first.return();
    const free = (await session.step({ maxNewTokens: 100 })).step;

    const stop = new AbortController();
    const second = session.generate({ maxNewTokens: 100 }, { signal: stop.signal });
    await second.next();
    stop.abort();
    // Never asked again, so it never hears of the abort; the session is free all the same.
    const third = session.generate({ maxNewTokens: 100 });
    const goesOn = (await third.next()).value;
    return { busy, viewed, same: [same.flip, same.steps.length], flipped: [flipped.flip, flipped.steps.length], ids, next: next.value?.step, free, goesOn: goesOn?.step };
  });
  assert.deepEqual(result.busy, ['busy', 'busy']);
  assert.equal(result.viewed, -2);
  assert.deepEqual(result.same, [null, 6]);
  assert.deepEqual(result.flipped, [2, 3], 'temperature acts where the text has 4n + 3 characters');
  assert.deepEqual([result.ids, result.next, result.free, result.goesOn], [3, 3, 4, 6]);
});

pageTest('steps that are asked for together come one after another', async (page) => {
  const steps = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'hello' });
    const steps = await Promise.all([session.step(), session.step(), session.step()]);
    return steps.map(({ step }) => step);
  });
  assert.deepEqual(steps, [0, 1, 2]);
});

pageTest('mistakes have a code and harm nothing', async (page) => {
  const codes = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'hello' });
    const any = (/** @type {unknown} */ value) => /** @type {any} */ (value);
    /** @type {(() => Promise<unknown>)[]} */
    const mistakes = [
      () => engine.session(any(undefined)),
      () => engine.session({ prompt: any(7) }),
      () => engine.session({ prompt: 'a', template: any('xml') }),
      () => engine.session({ prompt: 'a', system: any(1) }),
      () => engine.session({ prompt: '' }),
      () => engine.tokenize(any(null)),
      () => session.step(any(null)),
      () => session.step(any({ temperature: () => 1 })),
      () => session.step({ temperature: NaN }),
      () => session.step(any({ nonsense: 1 })),
      () => session.step({}, { top: -1 }),
      () => session.view(1.5),
      () => session.view(99),
    ];
    const codes = [];
    for (const mistake of mistakes) codes.push((await failure(mistake())).code);
    const next = await session.step({ temperature: undefined });
    session.close();
    session.close();
    return [...codes, next.step, (await failure(session.step())).code, (await failure(session.tokens())).code, await session.text()];
  });
  const bad = 'bad-argument';
  assert.deepEqual(codes.slice(0, 15), [bad, bad, bad, bad, 'empty-prompt', bad, bad, bad, 'knob-out-of-range', 'unknown-knob', bad, bad, 'out-of-range', 0, 'bad-state']);
  assert.equal(codes[15], 'bad-state');
  assert.equal(String(codes[16]).length, 1, 'the text outlives its session');
});
