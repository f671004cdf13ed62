// Tokenscope, through its public client.

// @ts-ignore: served from the site's root, which the type checker does not know
import { load } from '/engine/index.js';

/** @param {string} model @param {{ variant: string }} options */
export async function open(model, { variant }) {
  const engine = await load({ model, variant, keep: false });
  if (engine.variant.name !== variant) throw new Error(`${variant} does not run here: ${engine.variant.reason}`);
  return async (/** @type {string} */ prompt, /** @type {number[]} */ _, /** @type {number} */ count, /** @type {() => void} */ onToken) => {
    const session = await engine.session({ prompt, template: 'raw' });
    const ids = [];
    while (ids.length < count) {
      const step = await session.step({ doSample: false, maxNewTokens: 100_000 }, { top: 50 });
      onToken();
      ids.push(step.id);
    }
    const text = await session.text();
    const read = (await session.tokens()).slice(0, session.promptLength).map((/** @type {{ id: number }} */ { id }) => id);
    await session.close();
    return { ids, text, read };
  };
}
