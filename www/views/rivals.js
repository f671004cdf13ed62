// The same prompt continued in several ways, by the exact probability that the model itself gives each text.

/** @import { RivalData } from './types.js' */

import { h, setText, setVar } from './dom.js';
import { count, logProb } from './format.js';
import { tokenNodes } from './text.js';

export class Rivals {
  #button;
  #list = h('ul', { class: 'rival-list' });
  #note = h('p', { class: 'small' });

  /** @param {{ onCompare: () => void }} options */
  constructor({ onCompare }) {
    this.#button = h('button', { type: 'button', 'data-compare': true, onclick: onCompare });
    this.element = h('div', { class: 'rivals' }, h('h3', {}, 'Greedy, sampled and best beam'), this.#note, this.#button, this.#list);
  }

  /** @param {{ rivals: RivalData[] | null, comparing: boolean, able: boolean }} state */
  update({ rivals, comparing, able }) {
    this.#button.disabled = !able || comparing;
    setText(this.#button, comparing ? 'Comparing…' : 'Compare by exact log-probability');
    setText(this.#note, rivals ? 'ln p of the whole text under the model itself; in brackets, per token. Nearer to 0 is more probable.' : 'Which way finds the more probable text? Writes a greedy text and scores it beside the best beam and the text above.');
    const lowest = Math.min(-1e-9, ...(rivals ?? []).map(({ logProb: value }) => value));
    this.#list.replaceChildren(...(rivals ?? []).map((rival) => item(rival, lowest)));
  }
}

/** @param {RivalData} rival @param {number} lowest */
function item({ name, text, logProb: value, length }, lowest) {
  const bar = h('span', { class: 'rival-bar', 'aria-hidden': 'true' });
  setVar(bar, '--share', Number((value / lowest).toFixed(4)));
  const figures = `ln p ${logProb(value)} (${logProb(value / Math.max(1, length))}) · ${count(length)} ${length === 1 ? 'token' : 'tokens'}`;
  return h('li', { 'data-rival': name }, h('b', {}, name), h('span', { class: 'rival-text' }, ...tokenNodes(text, false)), h('span', { class: 'beam-figures' }, figures), bar);
}
