/// <reference path="./globals.d.ts" />
// Branches, forced tokens, likelihoods, and searches that are advanced by pull.

import assert from 'node:assert/strict';
import { pageTest } from './harness.mjs';

pageTest('a branch goes on alone, and is made again after a death', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const trunk = await engine.session({ prompt: 'hello' });
    for await (const _ of trunk.generate({ maxNewTokens: 5 }));
    const branch = await trunk.branch(trunk.promptLength + 2, 65);
    const step = await branch.step();
    const same = await engine.session({ prompt: 'hello' });
    await same.force(branch.ids.slice(0, 3));
    const forced = await same.step();
    await failure(branch.step({ seed: 666 }));
    const restored = await branch.tokens();
    const refused = await failure(trunk.branch(2, 65));
    return { trunk: trunk.ids, branch: branch.ids, step: step.id, forced: forced.id, restored: restored.slice(5).map(({ id }) => id), refused: refused.code };
  });
  assert.equal(result.trunk.length, 5);
  assert.deepEqual(result.branch, [...result.trunk.slice(0, 2), 65, result.step]);
  assert.equal(result.forced, result.step);
  assert.deepEqual(result.restored, result.branch);
  assert.equal(result.refused, 'out-of-range');
});

pageTest('likelihood, divergence and intervals are asked for by knobs', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf' });
    const session = await engine.session({ prompt: 'hello' });
    await session.force([65, 66]);
    const { raw, warped, perplexity, tokens } = await session.likelihood({ temperature: 2 });
    const one = await session.intervals(5, { temperature: 1 });
    const all = await session.intervals(null, { temperature: 1 });
    const { totalVariation } = await session.divergence(5, { temperature: 1 }, { temperature: 1.25 });
    // The pretend engine forbids every token from the seventh on; they come in several pieces.
    const longer = await engine.session({ prompt: 'hello' });
    await longer.force([65, 66, 67, 68, 69, 70, 71, 72, 73]);
    const forbidden = (await longer.likelihood()).warped;
    return { raw, warped, perplexity, forbidden, tokens: tokens.map(({ id }) => id), one, all, totalVariation, text: await session.text() };
  });
  assert.deepEqual(result, { raw: 2 * Math.log(0.5), warped: 2 * Math.log(0.5), perplexity: 2, forbidden: null, tokens: [65, 66], one: { temperature: [0, 2] }, all: { temperature: [0.1, 1.9] }, totalVariation: 0.25, text: 'AB' });
});

pageTest('a search is advanced by pull, reports at the end, and is freed', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf?slow=30' });
    const session = await engine.session({ prompt: 'hello' });
    const finished = [];
    for await (const report of session.outcomes({ n: 9 })) finished.push(report.finished);
    let left = null;
    for await (const report of session.outcomes({ n: 1000 })) {
      left = report.finished;
      break;
    }
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const all = (async () => {
      for await (const _ of session.outcomes({ n: 1000 }, { signal: stop.signal }));
    })();
    const aborted = await failure(all);
    let alive = null;
    for await (const { separate } of session.outcomes({ n: 1 })) alive = separate;
    return { finished, left, aborted: aborted.code, alive };
  });
  assert.equal(result.finished.at(-1), 9);
  assert.ok(result.finished.length >= 2, 'it reports on the way');
  assert.ok(Number(result.left) < 1000);
  assert.equal(result.aborted, 'aborted');
  assert.equal(result.alive, 1, 'what was left or aborted is freed');
});

pageTest('a view is served while a search runs, and a refused search harms nothing', async (page) => {
  const result = await page.evaluate(async () => {
    const engine = await tokenscope.load({ model: '/models/a.gguf?slow=20' });
    const session = await engine.session({ prompt: 'hello' });
    const refused = await failure(session.beams({ numBeams: 2 }).next());
    /** @type {string[]} */
    const order = [];
    const search = session.outcomes({ n: 20 });
    const first = search.next().then(() => order.push('report'));
    await new Promise((done) => setTimeout(done, 30));
    await session.view(2).then(() => order.push('view'));
    await first;
    await search.return();
    return { refused: refused.code, order };
  });
  assert.deepEqual(result, { refused: 'unsupported-feature', order: ['view', 'report'] });
});
