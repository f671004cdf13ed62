// One of a few: a row of radio buttons that looks like one switch.

import { freshId, h } from './dom.js';

/**
 * @param {string} label
 * @param {string[]} values
 * @param {string} value      chosen at first
 * @param {(value: string) => void} onChange
 */
export function choice(label, values, value, onChange) {
  const name = freshId('choice');
  const options = values.map((each) => {
    const input = h('input', { type: 'radio', name, value: each, checked: each === value, onchange: () => onChange(each) });
    return h('label', {}, input, h('span', {}, each));
  });
  return h('fieldset', { class: 'choice' }, h('legend', { class: 'unseen' }, label), ...options);
}
