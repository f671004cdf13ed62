// The stages of the chain by name. Each has a colour and a hatching of its own in step.css, by `data-stage`.

/** @type {Record<string, string>} */
const NAMES = {
  greedy: 'greedy',
  repetitionPenalty: 'repetition penalty',
  minNewTokens: 'min new tokens',
  temperature: 'temperature',
  topK: 'top-k',
  topP: 'top-p',
  minP: 'min-p',
};

/** @param {string} stage */
export const stageName = (stage) => NAMES[stage] ?? stage;
