// The text strip: one chip for each token. Arrow keys, Home and End move the selection.

/** @import { ChipData, StripData } from './types.js' */

import { h, setAttr, setClass, setText, setVar } from './dom.js';
import { percent } from './format.js';
import { spoken, tokenNodes } from './text.js';

/** Pixels that stay free beside a chip that was scrolled to. */
const ROOM = 6;

export class Strip {
  /** @type {HTMLElement[]} */
  #chips = [];
  /** What each chip shows. @type {string[]} */
  #shown = [];
  /** @type {StripData | null} */
  #data = null;
  #onSelect;
  #note = h('p', { class: 'strip-note' });
  #list = h('div', { role: 'listbox', 'aria-label': 'Text, token by token', 'aria-orientation': 'horizontal' });
  /** What scrolls. */
  #frame = h('div', { class: 'chips' }, this.#list);

  /** @param {{ onSelect: (position: number) => void, empty: string }} options  empty: said while there is no text */
  constructor({ onSelect, empty }) {
    this.#onSelect = onSelect;
    this.empty = empty;
    this.element = h('div', { class: 'strip', part: 'strip' }, this.#frame, this.#note);
    this.#list.addEventListener('click', (event) => this.#clicked(event));
    this.#list.addEventListener('keydown', (event) => this.#pressed(event));
    // Heard once a line and after the page's own layout: to ask for places at every token would make the browser lay out twice.
    new ResizeObserver(() => this.#following && this.#reveal(this.#chips.length - 1)).observe(this.#list);
    this.update({ chips: [], selected: null, changed: new Set(), outdated: false });
  }

  /** @param {StripData} data */
  update(data) {
    const { chips, selected, outdated } = data;
    const followed = this.#following;
    this.#data = data;
    while (this.#chips.length > chips.length) this.#chips.pop()?.remove();
    this.#shown.length = chips.length;
    const focusable = selected ?? chips.at(-1)?.position ?? null;
    chips.forEach((chip, index) => this.#place(index, chip, data, focusable));
    this.#frame.hidden = chips.length === 0;
    setClass(this.#frame, 'outdated', outdated);
    setText(this.#note, outdated ? 'The prompt or the model was changed since: the next token begins a new text.' : this.empty);
    this.#note.hidden = chips.length > 0 && !outdated;
    if (this.#following && !followed) this.#reveal(chips.length - 1);
  }

  /** @param {number} index @param {ChipData} chip @param {StripData} data @param {number | null} focusable */
  #place(index, chip, { selected, changed }, focusable) {
    const element = (this.#chips[index] ??= this.#list.appendChild(h('span', { role: 'option' })));
    const isSelected = chip.position === selected;
    const isChanged = changed.has(chip.position);
    const key = `${chip.id} ${chip.kind} ${chip.position} ${chip.raw} ${isSelected} ${isChanged} ${chip.position === focusable}`;
    if (this.#shown[index] === key) return;
    this.#shown[index] = key;
    element.className = `chip${isChanged ? ' changed' : ''}${chip.text.endsWith('\n') ? ' ends-line' : ''}`;
    element.replaceChildren(...tokenNodes(chip.text, chip.partial));
    setAttr(element, 'data-position', chip.position);
    setAttr(element, 'data-kind', chip.kind);
    setAttr(element, 'data-special', chip.special);
    setAttr(element, 'aria-selected', String(isSelected));
    setAttr(element, 'aria-label', describe(chip, isChanged));
    setAttr(element, 'tabindex', chip.position === focusable ? 0 : -1);
    setAttr(element, 'title', `${chip.raw === null ? 'given' : percent(chip.raw)} · token ${chip.id} · position ${chip.position}`);
    setVar(element, '--p', chip.raw ?? 0);
  }

  /** A long text scrolls inside the strip, so that its end stays in sight; whoever reads further up is left alone. */
  get #following() {
    const last = this.#data?.chips.at(-1);
    return last !== undefined && last.position === this.#data?.selected;
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const chip = /** @type {Element} */ (event.target).closest('[data-position]');
    if (chip instanceof HTMLElement) this.#select(this.#chips.indexOf(chip));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.#chips.findIndex((chip) => chip.tabIndex === 0);
    const last = this.#chips.length - 1;
    const targets = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: last, Enter: at, ' ': at };
    const target = /** @type {Record<string, number>} */ (targets)[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#select(Math.min(last, Math.max(0, target)));
  }

  /** @param {number} index */
  #select(index) {
    const chip = this.#data?.chips[index];
    if (!chip) return;
    this.#onSelect(chip.position);
    this.#chips[index]?.focus({ preventScroll: true });
    this.#reveal(index);
  }

  /** Scrolls the strip, but never the page around it. @param {number} index */
  #reveal(index) {
    const chip = this.#chips[index];
    const frame = this.#frame;
    if (!chip || frame.scrollHeight <= frame.clientHeight) return;
    const above = chip.offsetTop - frame.scrollTop;
    const below = above + chip.offsetHeight - frame.clientHeight;
    if (above < 0) frame.scrollTop += above - ROOM;
    else if (below > 0) frame.scrollTop += below + ROOM;
  }
}

/** @param {ChipData} chip @param {boolean} changed */
function describe({ text, raw, kind }, changed) {
  const parts = [spoken(text), raw === null ? 'given' : percent(raw), kind === 'stale' ? 'being rewritten' : kind];
  if (changed) parts.push('changed');
  return parts.join(', ');
}
