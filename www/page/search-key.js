/** @import { Controller } from '../element/controller.js' */

/** What a search belongs to: prompt, model and knobs; how long its texts may be it says itself. @param {Controller} controller */
export function searchKey({ source, knobs }) {
  const { maxNewTokens, ...settings } = knobs;
  return `${source} ${JSON.stringify(settings)}`;
}
