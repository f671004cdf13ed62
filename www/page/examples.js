// Prompts to begin with: the lesson's own question first.

/** @type {{ prompt: string, template: 'raw' | 'chat', shows: string, label?: string }[]} */
export const EXAMPLES = [
  { prompt: 'Which is the largest ocean?', template: 'chat', shows: 'A question, put to the model as a chat' },
  { prompt: 'The largest ocean is the', template: 'raw', shows: 'A text that the model goes on with: one word is nearly certain' },
  { prompt: 'My favourite colour is', template: 'raw', shows: 'Many words are about equally probable' },
  { prompt: 'The ocean is big. The ocean is big. The ocean is', label: 'The ocean is big. …', template: 'raw', shows: 'A loop: try the repetition penalty' },
  { prompt: 'Once upon a time, there was a', label: 'Once upon a time, …', template: 'raw', shows: 'A story: try a higher temperature' },
];
