// The five steps from a text to its next token, with the numbers of the step that is shown.

/** @import { StepData } from './types.js' */

import { h, setText } from './dom.js';
import { count, percent } from './format.js';
import { visible } from './text.js';

/** @typedef {{ step: StepData, layers: number }} LessonData */

/** @type {{ name: string, before: string, now: (data: LessonData) => string }[]} */
const STEPS = [
  { name: 'Tokenise', before: 'The text becomes a list of tokens: words and pieces of words.', now: ({ step }) => `${count(step.position)} ${step.position === 1 ? 'token' : 'tokens'} so far` },
  { name: 'Layers', before: 'They pass through the layers of the transformer.', now: ({ layers }) => `through ${layers} layers` },
  { name: 'Logits', before: 'Every token of the vocabulary gets a score.', now: ({ step }) => `${count(step.vocabulary)} scores${best(step, ({ logit }) => `, best ${logit.toFixed(2)}`)}` },
  { name: 'Softmax', before: 'Scores become probabilities; the knobs reshape them.', now: ({ step }) => best(step, ({ text, raw }) => `${visible(text)} has ${percent(raw)}`) || 'probabilities' },
  { name: 'Sample', before: 'One token is drawn by its probability, and all begins anew.', now: ({ step }) => drawn(step) },
];

/** @param {StepData} step @param {(bar: StepData['tokens'][number]) => string} say */
const best = ({ tokens }, say) => (tokens.length > 0 ? say(tokens[0]) : '');

/** @param {StepData} step */
function drawn({ draw, chosen, step }) {
  if (draw) return `u = ${draw.u.toFixed(2)} draws ${visible(chosen.text)}`;
  return step < 0 ? `the prompt has ${visible(chosen.text)}` : `the best, ${visible(chosen.text)}`;
}

export class Lesson {
  #texts = STEPS.map(({ before }) => h('span', { class: 'lesson-now' }, before));

  constructor() {
    const items = STEPS.map(({ name, before }, index) => h('li', { title: before }, h('b', {}, name), this.#texts[index]));
    this.element = h('ol', { class: 'lesson', 'aria-label': 'From text to the next token' }, ...items);
  }

  /** @param {LessonData | null} data */
  update(data) {
    STEPS.forEach(({ before, now }, index) => setText(this.#texts[index], data ? now(data) : before));
  }
}
