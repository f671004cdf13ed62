// How far a load is, in MB and MB/s, with a way out.

import { h, setAttr, setText } from './dom.js';
import { rate, size } from './format.js';

/** @typedef {{ phase: 'start' | 'download' | 'read' | 'build', loaded: number, total: number | null, bytesPerSecond: number, fromStorage: boolean }} ProgressData */

const PHASES = { start: 'Starting the engine', download: 'Downloading the model', read: 'Reading the model', build: 'Making the model ready' };

export class Loading {
  #bar;
  #text = h('span', { class: 'loading-text' });

  /** @param {{ id?: string, onCancel: () => void }} options */
  constructor({ id, onCancel }) {
    this.#bar = h('progress', { id, max: 1, value: 0, 'aria-label': 'Loading the model' });
    const cancel = h('button', { type: 'button', class: 'quiet', onclick: onCancel }, 'Cancel');
    this.element = h('div', { class: 'loading', hidden: true }, this.#bar, this.#text, cancel);
  }

  /** @param {ProgressData | null} progress  null: nothing is loading */
  update(progress) {
    this.element.hidden = progress === null;
    if (!progress) return;
    const share = progress.phase === 'build' ? 1 : progress.total ? progress.loaded / progress.total : 0;
    setAttr(this.#bar, 'value', Number(share.toFixed(4)));
    setText(this.#text, progressText(progress));
  }
}

/** @param {ProgressData} progress */
export function progressText({ phase, loaded, total, bytesPerSecond, fromStorage }) {
  const what = phase === 'read' && fromStorage ? 'Reading the kept model' : PHASES[phase];
  if (phase !== 'download' && phase !== 'read') return `${what}…`;
  const parts = [what, total === null ? size(loaded) : `${size(loaded)} of ${size(total)}`, rate(bytesPerSecond)];
  return parts.filter((part) => part !== '').join(' · ');
}
