// The stages of the chain by name. Each has a colour and a hatching of its own in step.css, by `data-stage`.

/** @type {Record<string, string>} */
const NAMES = {
  greedy: 'greedy',
  logitBias: 'logit bias',
  bannedTokens: 'banned tokens',
  repetitionPenalty: 'repetition penalty',
  minNewTokens: 'min new tokens',
  temperature: 'temperature',
  topK: 'top-k',
  topP: 'top-p',
  minP: 'min-p',
  frequencyPenalty: 'frequency penalty',
  presencePenalty: 'presence penalty',
  noRepeatNgram: 'no-repeat n-gram',
  dry: 'DRY',
  dynamicTemperature: 'dynamic temperature',
  topNSigma: 'top-n-σ',
  typicalP: 'typical',
  epsilonCutoff: 'epsilon',
  etaCutoff: 'eta',
  xtc: 'XTC',
  mirostat: 'mirostat',
};

/** Stages that change probabilities; all others take tokens away. */
const RESHAPES = new Set(['logitBias', 'repetitionPenalty', 'frequencyPenalty', 'presencePenalty', 'dry', 'temperature', 'dynamicTemperature']);

/** Whether a stage takes tokens away. @param {string} stage */
export const removes = (stage) => !RESHAPES.has(stage);

/** @param {string} stage */
export const stageName = (stage) => NAMES[stage] ?? stage;
