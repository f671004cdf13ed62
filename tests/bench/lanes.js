// What many continuations of one prompt cost together, against one at a time, and what a long
// context costs; through the public client alone. All times are in milliseconds.

const PROMPT = 'The largest ocean is the';
const NEW_TOKENS = 16;
const GREEDY = { doSample: false, maxNewTokens: 100_000 };
const SAMPLED = { doSample: true, temperature: 1, topK: 0, topP: 1, maxNewTokens: NEW_TOKENS };
/** Texts that are written one after another; more would only repeat the measurement. */
const ONE_BY_ONE = 8;

/** @param {any} engine @param {string} prompt @param {(session: any) => Promise<any>} body */
async function withSession(engine, prompt, body) {
  const session = await engine.session({ prompt, template: 'raw' });
  try {
    return await body(session);
  } finally {
    await session.close();
  }
}

/** Time and computed positions of `n` sampled texts. @param {any} session @param {number} n @param {number} seed */
async function sample(session, n, seed) {
  const start = performance.now();
  let last;
  for await (const report of session.outcomes({ ...SAMPLED, n, seed })) last = report;
  if (last?.finished !== n) throw new Error(`Of ${n} texts ${last?.finished} were finished.`);
  return { time: performance.now() - start, computed: last.computed };
}

/** Mean time of a greedy step after the first, which needs no forward pass. @param {any} session @param {number} steps */
async function greedyStep(session, steps) {
  await session.step(GREEDY, { top: 50 });
  const start = performance.now();
  for (let step = 0; step < steps; step++) await session.step(GREEDY, { top: 50 });
  return (performance.now() - start) / steps;
}

/** Mean time of a step of beam search after the first. @param {any} session @param {number} numBeams */
async function beamStep(session, numBeams) {
  let start = 0;
  let end = 0;
  let steps = -1;
  for await (const _ of session.beams({ numBeams, doSample: false, maxNewTokens: NEW_TOKENS })) {
    end = performance.now();
    if (++steps === 0) start = end;
  }
  if (steps < 1) throw new Error('The beam search ended at its first step.');
  return (end - start) / steps;
}

/**
 * Ratios of many to one; each is measured beside its own baseline.
 * @param {any} engine
 * @returns {Promise<Record<string, { value: number, unit: string }>>}
 */
export async function measureLanes(engine) {
  return withSession(engine, PROMPT, async (session) => {
    const one = { time: 0, computed: 0 };
    for (let seed = 1; seed <= ONE_BY_ONE; seed++) {
      const { time, computed } = await sample(session, 1, seed);
      one.time += time;
      one.computed += computed;
    }
    const eight = await sample(session, 8, 1);
    const many = await sample(session, 64, 1);
    const beam = await beamStep(session, 4);
    const greedy = await greedyStep(session, NEW_TOKENS);
    return {
      '8 lanes together, tokens/s relative to one': { value: eight.computed / eight.time / (one.computed / one.time), unit: 'x' },
      '64 outcomes x 16 tokens': { value: many.time, unit: 'ms' },
      // The time of 64 texts one by one is 8 times that of 8.
      '64 outcomes, one after another relative to together': { value: ((64 / ONE_BY_ONE) * one.time) / many.time, unit: 'x' },
      'step of 4 beams relative to a greedy step': { value: beam / greedy, unit: 'x' },
    };
  });
}

/**
 * @param {any} engine
 * @param {string} long   a prompt of about 2,000 tokens
 * @param {string} short  one of about 10
 * @returns {Promise<Record<string, { value: number, unit: string }>>}
 */
export async function measureContext(engine, long, short) {
  const near = await withSession(engine, short, (session) => greedyStep(session, NEW_TOKENS));
  const far = await withSession(engine, long, (session) => greedyStep(session, NEW_TOKENS));
  return { 'decode after 2000 tokens relative to after 10, tokens/s': { value: near / far, unit: 'x' } };
}
