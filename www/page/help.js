// The lesson in brief, and the keys.

import { h } from '../views/dom.js';
import { makeDialog } from './dialog.js';

/** @type {[string, string][]} */
const LESSON = [
  ['A model is a distribution', 'It does not look up an answer. For a text X it gives every possible continuation Y a probability, Y ~ π(Y | X), and what you read is one sample.'],
  ['One token at a time', 'The text is cut into tokens and passes through the layers. Out comes a score for every token of the vocabulary, the logits. Softmax makes probabilities of them, and one token is drawn. It is added to the text, and all begins anew.'],
  ['The bars', 'Each step has its own graph: words from left to right, probability upwards. The outline is the model’s own probability, the solid bar what your knobs make of it, and hatched bars were removed.'],
  ['The draw', 'All kept tokens lie side by side on a line from 0 to 1, each as wide as it is probable. A random number u falls somewhere on it. The same seed gives the same numbers, so a knob changes only what it must.'],
  ['The knobs', 'Temperature sharpens or flattens. Top-k, top-p and min-p cut the unlikely tail, each by its own rule. A repetition penalty makes used words less likely. Min and max new tokens, and stop strings, say when the text ends.'],
];

/** @type {[string, string][]} */
const KEYS = [
  ['Ctrl + Enter', 'generate, from the prompt'],
  ['Escape', 'stop'],
  ['← → Home End', 'in the text: choose a token; in the bars: the next one'],
  ['Double click', 'on a slider: back to its default'],
];

/** The button that opens it. */
export function helpButton() {
  const lesson = LESSON.map(([title, text]) => h('section', {}, h('h3', {}, title), h('p', {}, text)));
  const keys = h('dl', { class: 'keys' }, ...KEYS.flatMap(([key, what]) => [h('dt', {}, key), h('dd', {}, what)]));
  const dialog = makeDialog({ title: 'What you see here' }, ...lesson, h('section', {}, h('h3', {}, 'Keys'), keys));
  return h('button', { type: 'button', class: 'icon large', 'aria-label': 'Help', title: 'Help', 'aria-haspopup': 'dialog', onclick: () => dialog.showModal() }, '?');
}
