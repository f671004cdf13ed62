// What each stage of the chain did at this step, in the chain's order, in the colours of the bars.

/** @import { StepData } from './types.js' */

import { h, setAttr, setText } from './dom.js';
import { count, percent } from './format.js';
import { removes, stageName } from './stages.js';

export class Legend {
  constructor() {
    this.element = h('ul', { class: 'legend', 'aria-label': 'What each stage did' });
  }

  /** @param {StepData} step */
  update({ stages }) {
    const shown = [['raw', 'raw', 'what the model says'], ['warped', 'warped', 'after the knobs'], ...stages.map(stageLine)];
    while (this.element.children.length > shown.length) this.element.lastElementChild?.remove();
    while (this.element.children.length < shown.length) {
      this.element.append(h('li', {}, h('span', { class: 'swatch', 'aria-hidden': 'true' }), h('b'), h('span')));
    }
    shown.forEach(([key, name, text], index) => {
      const item = /** @type {HTMLElement} */ (this.element.children[index]);
      const [, label, what] = item.children;
      setAttr(item, 'data-stage', key);
      setText(label, name);
      setText(what, text);
    });
  }
}

/** @param {StepData['stages'][number]} report @returns {string[]} */
function stageLine({ stage, removed, rawMass, note }) {
  const what = removed > 0 ? `removed ${count(removed)}, ${percent(rawMass)} of the mass` : removes(stage) ? 'removed none' : 'reshaped';
  return [stage, stageName(stage), note ? `${what} (${note})` : what];
}
