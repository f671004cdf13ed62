// A small table beside what the pointer or the focus is on.

import { h } from './dom.js';

export class Tooltip {
  /** @type {(() => [string, string][]) | null} */
  #lines = null;
  /** @type {Element | null} */
  #target = null;
  #below;

  /** @param {{ below?: boolean }} [options]  below: under the target, and not at the top of the picture */
  constructor({ below = false } = {}) {
    this.#below = below;
    // What it says is in the bars' names too, so a screen reader need not hear it twice.
    this.element = h('dl', { class: 'tooltip', 'aria-hidden': 'true', hidden: true });
  }

  get shown() {
    return !this.element.hidden;
  }

  /** @param {Element} target @param {() => [string, string][]} lines */
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

  /** Beside the target, on the side that has more room. @param {Element} target */
  #place(target) {
    const frame = /** @type {HTMLElement} */ (this.element.parentElement).getBoundingClientRect();
    const box = target.getBoundingClientRect();
    const middle = box.left + box.width / 2 - frame.left;
    const right = middle < frame.width / 2;
    this.element.style.left = right ? `${box.right - frame.left + 6}px` : 'auto';
    this.element.style.right = right ? 'auto' : `${frame.right - box.left + 6}px`;
    if (this.#below) this.#placeBelow(frame, box);
  }

  /** A target may be as wide as the picture: then its own left end counts. @param {DOMRect} frame @param {DOMRect} box */
  #placeBelow(frame, box) {
    const left = Math.max(0, Math.min(box.left - frame.left, frame.width - this.element.offsetWidth));
    this.element.style.left = `${left}px`;
    this.element.style.right = 'auto';
    this.element.style.top = `${box.bottom - frame.top + 6}px`;
  }
}
