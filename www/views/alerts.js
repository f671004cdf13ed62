// What went wrong, in a sentence. It is read out, stays until it is dismissed, and hides nothing.

import { h } from './dom.js';

/** More would bury the page. */
const MOST = 3;

export class Alerts {
  constructor() {
    this.element = h('div', { class: 'alerts', role: 'alert' });
  }

  /** @param {string} message @param {'error' | 'notice'} [tone] */
  show(message, tone = 'error') {
    for (const old of [...this.element.children]) {
      if (/** @type {HTMLElement} */ (old).dataset.message === message) old.remove();
    }
    while (this.element.children.length >= MOST) this.element.firstElementChild?.remove();
    const alert = h('div', { class: 'alert', 'data-tone': tone, 'data-message': message }, h('p', {}, message));
    alert.append(h('button', { type: 'button', class: 'icon', 'aria-label': 'Dismiss', onclick: () => alert.remove() }, '×'));
    this.element.append(alert);
  }

  clear() {
    this.element.replaceChildren();
  }
}
