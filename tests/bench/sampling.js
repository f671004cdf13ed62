// What the chain costs on a whole vocabulary, and what a replay of many steps does; through the public client, so the
// message to the worker and back is part of each time. All times are in milliseconds.

const PROMPT = 'The largest ocean is the';
const COMMON = { repetitionPenalty: 1.1, temperature: 0.8, topK: 40, topP: 0.95 };
const EVERY_STAGE = {
  ...COMMON, dialect: 'free', bannedTokens: [1234], logitBias: { 4321: 1 }, frequencyPenalty: 0.1, presencePenalty: 0.1, noRepeatNgram: 3,
  dryMultiplier: 0.8, dynatempRange: 0.2, topK: 2000, topP: 0.99, minP: 0.001, typicalP: 0.99, epsilonCutoff: 1e-6, etaCutoff: 1e-6,
  topNSigma: 8, xtcProbability: 0.5, xtcThreshold: 0.2,
};
const VIEWS = 40;
const STEPS = 100;

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Median time of a view without bars. @param {any} session @param {object} knobs */
async function viewTime(session, knobs) {
  const times = [];
  for (let view = 0; view < VIEWS; view++) {
    const start = performance.now();
    await session.view(session.promptLength + 8, { ...knobs, seed: view }, { top: 0 });
    times.push(performance.now() - start);
  }
  return median(times);
}

/**
 * @param {any} engine
 * @returns {Promise<Record<string, { value: number, unit: string }>>}
 */
export async function measureSampling(engine) {
  const session = await engine.session({ prompt: PROMPT, template: 'raw' });
  // With this seed no token ends the text: a replay would stop there.
  const knobs = { ...COMMON, seed: 3, maxNewTokens: 100_000 };
  for (let step = 0; step < STEPS; step++) await session.step(knobs, { top: 0 });
  const nothing = await viewTime(session, {});
  const common = await viewTime(session, COMMON);
  const every = await viewTime(session, EVERY_STAGE);
  const times = [];
  for (let turn = 0; turn < 5; turn++) {
    const start = performance.now();
    // Other knobs as far as the engine knows, but no choice flips.
    const { flip, steps } = await session.replay({ ...knobs, topP: 0.95 + (turn + 1) * 1e-12 }, { top: 0 });
    times.push(performance.now() - start);
    if (flip !== null || steps.length !== STEPS) throw new Error(`The replay flipped at ${flip}: its time is none of ${STEPS} steps.`);
  }
  await session.close();
  return {
    'a view, no knob set': { value: nothing, unit: 'ms' },
    'a view, penalty + temperature + top-k + top-p': { value: common, unit: 'ms' },
    'a view, every stage on': { value: every, unit: 'ms' },
    [`replay of ${STEPS} steps`]: { value: median(times), unit: 'ms' },
  };
}
