// Compare: two settings on the same draws. A are the knobs as they are; B is held.

/** @import { ChipData, ComparisonData } from './types.js' */

import { describeDivergence } from './divergence-text.js';
import { freshId, h, setAttr, setText, setVar } from './dom.js';
import { Empty } from './empty.js';
import { RunBar } from './run-bar.js';
import { spoken, tokenNodes } from './text.js';

/** KL in bits that fills its bar. */
const FULL_KL = 4;

/** @typedef {{ value: string, label: string }} SettingsChoice */

/**
 * @typedef {object} CompareState
 * @property {ComparisonData | null} data
 * @property {SettingsChoice[]} choices  what B can be
 * @property {string} chosen             empty: nothing yet
 * @property {boolean} able
 * @property {boolean} running
 * @property {boolean} stale
 * @property {string} status
 */

export class CompareView {
  #select;
  #run;
  #empty;
  #differences = h('ul', { class: 'differences', 'aria-label': 'What A and B set differently' });
  #parting = h('p', { class: 'work', 'data-parting': true });
  #grid = h('ol', { class: 'compare-grid' });
  #body;
  #choices = '';

  /** @param {{ onFreeze: () => void, onChoose: (value: string) => void, onStart: () => void, onStop: () => void, onSelect: (position: number) => void }} options */
  constructor({ onFreeze, onChoose, onStart, onStop, onSelect }) {
    const id = freshId('settings');
    this.#select = h('select', { id, name: 'settings-b', onchange: () => onChoose(this.#select.value) });
    const freeze = h('button', { type: 'button', 'data-freeze': true, onclick: onFreeze }, 'Hold the knobs as B');
    const setting = h('div', { class: 'setting' }, h('label', { class: 'setting-label', for: id }, 'B'), this.#select);
    this.#run = new RunBar({ settings: [setting, freeze], start: 'Write B', onStart, onStop });
    this.#empty = new Empty({ sentence: 'Two settings, the same random numbers: see at which token the two texts part, and how far apart the settings are at every step. A are the knobs as they are now; hold them as B, or choose a preset, then move a knob.', button: 'Hold the knobs as B', onBegin: onFreeze });
    const heads = h('div', { class: 'compare-heads', 'aria-hidden': 'true' }, ...['A', 'B', 'TV', 'KL'].map((head) => h('span', {}, head)));
    const scroller = h('div', { class: 'table-scroller', tabindex: 0, role: 'region', 'aria-label': 'A and B, token by token' }, h('div', { class: 'compare-rows' }, heads, this.#grid));
    this.#body = h('div', { class: 'compare-body' }, this.#differences, this.#parting, scroller, h('p', { class: 'small' }, 'Below each token: total variation (0 to 100%) and Kullback–Leibler divergence of B from A (full at 4 bits), for as long as both share their text.'));
    this.element = h('div', { class: 'compare-view' }, this.#run.element, this.#empty.element, this.#body);
    this.#grid.addEventListener('click', (event) => {
      const position = /** @type {Element} */ (event.target).closest('[data-at]')?.getAttribute('data-at');
      if (position) onSelect(Number(position));
    });
  }

  /** @param {CompareState} state */
  update({ data, choices, chosen, able, running, stale, status }) {
    this.#offer(choices, chosen);
    this.#run.update({ able: able && chosen !== '', running, stale, status });
    this.#empty.update({ shown: chosen === '', able, why: 'Load a model first.' });
    this.#body.hidden = !data;
    this.element.classList.toggle('stale', stale);
    if (data) this.#show(data);
  }

  /** @param {SettingsChoice[]} choices @param {string} chosen */
  #offer(choices, chosen) {
    const key = JSON.stringify(choices);
    if (key !== this.#choices) {
      this.#choices = key;
      const options = choices.map(({ value, label }) => h('option', { value }, label));
      this.#select.replaceChildren(h('option', { value: '', disabled: true }, 'choose…'), ...options);
    }
    this.#select.value = chosen;
  }

  /** @param {ComparisonData} data */
  #show({ a, b, parts, differences, divergences }) {
    const items = differences.map((each) => h('li', {}, h('b', {}, each.label), ` A ${each.a} · B ${each.b}`));
    this.#differences.replaceChildren(...(items.length > 0 ? items : [h('li', {}, 'A and B set the same: move a knob to make them differ.')]));
    setText(this.#parting, partingText(a, b, parts));
    const length = b.length === 0 ? a.length : Math.max(a.length, b.length);
    while (this.#grid.children.length > length) this.#grid.lastElementChild?.remove();
    while (this.#grid.children.length < length) this.#grid.append(makeColumn());
    for (let index = 0; index < length; index++) {
      column(this.#grid.children[index], { index, a: a[index] ?? null, b: b[index] ?? null, divergence: divergences[index] ?? null, parts });
    }
  }
}

/** @param {ChipData[]} a @param {ChipData[]} b @param {number | null} parts */
function partingText(a, b, parts) {
  if (a.length === 0) return 'A has no text yet: Generate writes it.';
  if (b.length === 0) return 'B has no text yet: “Write B” writes it with the same draws.';
  if (parts === null) return `No difference in ${Math.min(a.length, b.length)} tokens.`;
  return `They part at token ${parts + 1}: A writes “${spoken(a[parts].text)}”, B “${spoken(b[parts].text)}”.`;
}

function makeColumn() {
  const bar = (/** @type {string} */ kind) => h('span', { class: 'divergence', 'data-kind': kind, 'aria-hidden': 'true' });
  const word = (/** @type {string} */ side) => h('button', { type: 'button', class: 'compare-word', 'data-side': side });
  return h('li', { class: 'compare-column' }, word('A'), h('span', { class: 'compare-word', 'data-side': 'B' }), bar('tv'), bar('kl'), h('span', { class: 'unseen' }));
}

/** @param {Element} element @param {{ index: number, a: ChipData | null, b: ChipData | null, divergence: { totalVariation: number, kl: number | null } | null, parts: number | null }} data */
function column(element, { index, a, b, divergence, parts }) {
  const [wordA, wordB, tv, kl, told] = /** @type {HTMLElement[]} */ ([...element.children]);
  fill(wordA, a);
  fill(wordB, b);
  setAttr(wordA, 'data-at', a?.position ?? null);
  setAttr(wordA, 'disabled', a === null);
  setAttr(wordA, 'aria-label', a ? `A, token ${index + 1}: ${spoken(a.text)}` : 'A has no token here');
  setAttr(element, 'data-parts', index === parts);
  setAttr(element, 'data-apart', parts !== null && index >= parts);
  for (const bar of [tv, kl]) setAttr(bar, 'data-known', divergence !== null);
  setVar(tv, '--share', Number((divergence?.totalVariation ?? 0).toFixed(4)));
  setVar(kl, '--share', divergence ? Number(Math.min(1, (divergence.kl ?? Infinity) / FULL_KL).toFixed(4)) : 0);
  setAttr(kl, 'data-infinite', divergence !== null && divergence.kl === null);
  const text = divergence ? describeDivergence(divergence) : '';
  setAttr(element, 'title', text || null);
  setText(told, text);
}

/** @param {HTMLElement} element @param {ChipData | null} chip */
function fill(element, chip) {
  const key = chip ? String(chip.id) : 'none';
  if (element.dataset.id === key) return;
  element.dataset.id = key;
  element.replaceChildren(...(chip ? tokenNodes(chip.text, chip.partial) : ['·']));
}
