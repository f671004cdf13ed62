// What every knob has around its input: a name, what it means, a way back, and a place for its error.

/** @import { KnobData } from './types.js' */

import { freshId, h, setAttr, setText } from './dom.js';
import { plain } from './format.js';

export class KnobRow {
  #error = h('p', { class: 'knob-error', id: freshId('error'), hidden: true });
  #head = h('div', { class: 'knob-head' });
  #reset;
  /** Fields that are marked when something is wrong. @type {HTMLElement[]} */
  #fields = [];

  /** @param {KnobData} knob @param {() => void} onReset */
  constructor(knob, onReset) {
    this.labelId = freshId('label');
    const about = h('div', { class: 'knob-about', id: freshId('about'), hidden: true }, ...explain(knob));
    const info = h('button', { type: 'button', class: 'icon info', 'aria-label': `What ${knob.label} does`, 'aria-expanded': 'false', 'aria-controls': about.id }, '?');
    info.addEventListener('click', () => {
      about.hidden = !about.hidden;
      setAttr(info, 'aria-expanded', String(!about.hidden));
    });
    this.#reset = h('button', { type: 'button', class: 'icon reset', 'aria-label': `Reset ${knob.label}`, title: 'Reset', onclick: onReset }, '↺');
    this.#head.append(h('span', { class: 'knob-label', id: this.labelId, title: knob.meaning }, knob.label), info, this.#reset);
    this.element = h('div', { class: 'knob', 'data-knob': knob.key }, this.#head, this.#error, about);
  }

  /** @param {HTMLElement} field  beside the name */
  addToHead(field) {
    this.#head.append(field);
    this.#fields.push(field);
  }

  /** @param {HTMLElement} part  below the name @param {HTMLElement} [field] in it, if that is not the part itself */
  addBelow(part, field = part) {
    this.#error.before(part);
    this.#fields.push(field);
  }

  /** @param {boolean} modified */
  setModified(modified) {
    setAttr(this.element, 'data-modified', modified);
    this.#reset.hidden = !modified;
  }

  /** @param {string | null} message */
  setError(message) {
    this.#error.hidden = message === null;
    setText(this.#error, message ?? '');
    for (const field of this.#fields) {
      setAttr(field, 'aria-invalid', message === null ? null : 'true');
      setAttr(field, 'aria-describedby', message === null ? null : this.#error.id);
    }
  }
}

/** @param {KnobData} knob */
function explain({ meaning, formula, off, source }) {
  const idle = off === null ? '' : Array.isArray(off) ? ' Off: none.' : typeof off === 'number' ? ` Off: ${plain(off)}.` : '';
  return [h('p', {}, meaning + idle), h('p', {}, h('code', {}, formula)), h('p', { class: 'source' }, source)];
}
