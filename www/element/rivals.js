// Greedy, sampled and best beam: the same prompt continued in three ways, each with its exact log-probability.

/** @import { FinishedBeam } from '../engine/types.js' */
/** @import { Controller } from './controller.js' */

/** @typedef {{ name: string, text: string, logProb: number, length: number }} Rival */

/**
 * @param {Controller} controller
 * @param {Pick<FinishedBeam, 'text' | 'length' | 'rawLogProb'>} best
 * @param {number} maxNewTokens  where the greedy text ends, if the model does not end it
 * @returns {Promise<Rival[]>}  most probable first
 */
export async function compareRivals(controller, best, maxNewTokens) {
  const rivals = [{ name: 'best beam', text: best.text, logProb: best.rawLogProb, length: best.length }];
  rivals.push(await greedy(controller, maxNewTokens));
  const { session, trajectory, knobs, outdated } = controller;
  if (session && !outdated && trajectory.outputLength > 0) {
    const { raw, tokens } = await session.likelihood(knobs);
    rivals.push({ name: 'the text above', text: await session.text(), logProb: raw, length: tokens.length });
  }
  return rivals.sort((a, b) => b.logProb - a.logProb);
}

/** @param {Controller} controller @param {number} maxNewTokens @returns {Promise<Rival>} */
async function greedy({ models, prompt, template, knobs }, maxNewTokens) {
  if (!models.engine) throw new Error('Load a model first.');
  const session = await models.engine.session({ prompt, template });
  try {
    const settings = { ...knobs, doSample: false, maxNewTokens };
    for await (const { finish } of session.generate(settings, { top: 0 })) if (finish !== null) break;
    const { raw, tokens } = await session.likelihood(settings);
    return { name: 'greedy', text: await session.text(), logProb: raw, length: tokens.length };
  } finally {
    session.close();
  }
}
