// The row above a view that searches: its settings, Start and Stop, how far it is, and whether it still holds.

import { h, setText } from './dom.js';

/** @typedef {{ able: boolean, running: boolean, stale: boolean, status: string, share?: number | null }} RunData  share: how much is done, where that is known */

export class RunBar {
  #start;
  #stop;
  #status = h('p', { class: 'run-status', role: 'status' });
  #stale = h('p', { class: 'stale-note', hidden: true }, 'The prompt, the model or the knobs were changed since: these results belong to what was before.');
  #progress = h('progress', { max: 1, value: 0, 'aria-label': 'Progress', hidden: true });

  /** @param {{ settings: Node[], start: string, onStart: () => void, onStop: () => void }} options */
  constructor({ settings, start, onStart, onStop }) {
    this.#start = h('button', { type: 'button', class: 'primary', 'data-start': true, onclick: onStart }, start);
    this.#stop = h('button', { type: 'button', 'data-stop': true, onclick: onStop }, 'Stop');
    const row = h('div', { class: 'run-row' }, ...settings, h('div', { class: 'run-buttons' }, this.#start, this.#stop));
    this.element = h('div', { class: 'run-bar' }, row, this.#progress, this.#status, this.#stale);
  }

  /** @param {RunData} data */
  update({ able, running, stale, status, share = null }) {
    const focused = this.element.contains(document.activeElement);
    this.#start.disabled = !able || running;
    this.#stop.disabled = !running;
    // A disabled button loses the focus: its counterpart takes it.
    if (focused && document.activeElement === document.body) (running ? this.#stop : this.#start).focus();
    setText(this.#status, status);
    this.#status.hidden = status === '';
    this.#stale.hidden = !stale;
    this.#progress.hidden = !running || share === null;
    this.#progress.value = share ?? 0;
  }
}
