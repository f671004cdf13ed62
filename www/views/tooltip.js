// A small table beside what the pointer or the focus is on.

import { h } from './dom.js';

export class Tooltip {
  /** @type {(() => [string, string][]) | null} */
  #lines = null;
  /** @type {HTMLElement | null} */
  #target = null;

  constructor() {
    // What it says is in the bars' names too, so a screen reader need not hear it twice.
    this.element = h('dl', { class: 'tooltip', 'aria-hidden': 'true', hidden: true });
  }

  get shown() {
    return !this.element.hidden;
  }

  /** @param {HTMLElement} target @param {() => [string, string][]} lines */
  show(target, lines) {
    this.#target = target;
    this.#lines = lines;
    this.element.hidden = false;
    this.refresh();
    this.#place(target);
  }

  hide() {
    this.element.hidden = true;
    this.#lines = null;
    this.#target = null;
  }

  /** The data below has changed. */
  refresh() {
    if (!this.#lines || !this.#target?.isConnected) return;
    this.element.replaceChildren(...this.#lines().map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
  }

  /** Beside the target, on the side that has more room. @param {HTMLElement} target */
  #place(target) {
    const frame = /** @type {HTMLElement} */ (this.element.parentElement).getBoundingClientRect();
    const box = target.getBoundingClientRect();
    const middle = box.left + box.width / 2 - frame.left;
    const right = middle < frame.width / 2;
    this.element.style.left = right ? `${box.right - frame.left + 6}px` : 'auto';
    this.element.style.right = right ? 'auto' : `${frame.right - box.left + 6}px`;
  }
}
