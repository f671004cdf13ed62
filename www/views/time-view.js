// Time: the steps of a text side by side, t → t + 1. Only those in sight are in the document.

/** @import { ChipData, StepData } from './types.js' */

import { h, oncePerFrame, setAttr, setText, setVar } from './dom.js';
import { spoken } from './text.js';
import { GRAPH, TimeGraph } from './time-graph.js';
import { inSight } from './window.js';

/** Milliseconds that a step is shown while it plays. */
const BEAT = 800;
/** Graphs beyond each edge that are ready before they are scrolled to. */
const MARGIN = 2;
const COLUMN = GRAPH.width + GRAPH.gap;

/**
 * @typedef {object} TimeData
 * @property {ChipData[]} chips      tokens of the output
 * @property {(position: number) => StepData | null} stepAt  what is known of a position
 * @property {number | null} selected  position
 */

export class TimeView {
  #onSelect;
  #onSight;
  #play;
  #slider = h('input', { type: 'range', name: 'time', min: 0, max: 0, step: 1, value: 0, 'aria-label': 'Step' });
  #where = h('output', { class: 'time-where' });
  #scroller = h('div', { class: 'time-scroller' });
  #track = h('ol', { class: 'time-track' });
  /** By index. @type {Map<number, TimeGraph>} */
  #graphs = new Map();
  #empty;
  #body;
  /** @type {TimeData} */
  #data = { chips: [], stepAt: () => null, selected: null };
  #timer = 0;
  #followed = -1;

  /** @param {{ onSelect: (position: number) => void, onSight: (positions: number[]) => void, onGenerate: () => void }} options  onSight: positions whose pictures are wanted */
  constructor({ onSelect, onSight, onGenerate }) {
    this.#onSelect = onSelect;
    this.#onSight = onSight;
    this.#play = h('button', { type: 'button', 'data-play': true, 'aria-pressed': 'false', onclick: () => this.#toggle() }, 'Play');
    const step = (/** @type {string} */ label, /** @type {string} */ name, /** @type {number} */ by) =>
      h('button', { type: 'button', class: 'icon', 'aria-label': name, title: name, onclick: () => this.#go(this.#index + by) }, label);
    const controls = h('div', { class: 'time-controls' }, this.#play, step('‹', 'One step back', -1), step('›', 'One step on', 1), this.#slider, this.#where);
    this.#scroller.append(this.#track);
    this.#body = h('div', { class: 'time-body' }, controls, this.#scroller);
    this.#empty = h('div', { class: 'empty' }, h('p', {}, 'A text is written one token at a time, and each changes what may follow: here all steps stand side by side, t → t + 1.'), h('button', { type: 'button', class: 'primary', 'data-begin': true, onclick: onGenerate }, 'Generate a text'));
    this.element = h('div', { class: 'time-view' }, this.#empty, this.#body);
    this.#slider.addEventListener('input', () => this.#go(Number(this.#slider.value)));
    this.#scroller.addEventListener('scroll', oncePerFrame(() => this.#draw()), { passive: true });
    this.#track.addEventListener('keydown', (event) => this.#pressed(event));
    new ResizeObserver(() => this.#draw()).observe(this.#scroller);
  }

  /** @param {TimeData & { able: boolean }} data */
  update(data) {
    this.#data = data;
    const { chips, able } = data;
    this.#empty.hidden = chips.length > 0;
    /** @type {HTMLButtonElement} */ (this.#empty.lastElementChild).disabled = !able;
    this.#body.hidden = chips.length === 0;
    if (chips.length === 0) this.pause();
    setAttr(this.#slider, 'max', Math.max(0, chips.length - 1));
    const index = this.#index;
    this.#slider.value = String(index);
    setAttr(this.#slider, 'aria-valuetext', `Step ${index + 1} of ${chips.length}`);
    setVar(this.#slider, '--at', chips.length > 1 ? index / (chips.length - 1) : 0);
    setText(this.#where, chips.length > 0 ? `${index + 1} of ${chips.length}: ${spoken(chips[index]?.text ?? '')}` : '');
    setVar(this.#track, '--count', chips.length);
    if (index !== this.#followed) this.#follow(index);
    this.#draw();
  }

  /** Stops what plays. */
  pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    setText(this.#play, 'Play');
    setAttr(this.#play, 'aria-pressed', 'false');
  }

  /** Of the selected step; a position of the prompt counts as the first. */
  get #index() {
    const { chips, selected } = this.#data;
    return Math.max(0, chips.findIndex(({ position }) => position === selected));
  }

  #toggle() {
    if (this.#timer) return this.pause();
    const last = this.#data.chips.length - 1;
    if (this.#index === last) this.#go(0);
    this.#timer = setInterval(() => (this.#index >= this.#data.chips.length - 1 ? this.pause() : this.#go(this.#index + 1)), BEAT);
    setText(this.#play, 'Pause');
    setAttr(this.#play, 'aria-pressed', 'true');
  }

  /** @param {number} index */
  #go(index) {
    const chip = this.#data.chips[Math.min(this.#data.chips.length - 1, Math.max(0, index))];
    if (chip) this.#onSelect(chip.position);
  }

  /** Brings the selected graph into sight; the page itself does not scroll. @param {number} index */
  #follow(index) {
    const { clientWidth, scrollLeft } = this.#scroller;
    if (clientWidth === 0) return;
    this.#followed = index;
    const left = index * COLUMN;
    if (left >= scrollLeft && left + GRAPH.width <= scrollLeft + clientWidth) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#scroller.scrollTo({ left: left - (clientWidth - GRAPH.width) / 2, behavior: calm ? 'auto' : 'smooth' });
  }

  #draw() {
    const { chips, stepAt } = this.#data;
    const { scrollLeft, clientWidth } = this.#scroller;
    if (clientWidth === 0) return;
    const { from, to } = inSight({ scroll: scrollLeft, width: clientWidth, column: COLUMN, count: chips.length, margin: MARGIN });
    const wanted = new Set(Array.from({ length: to - from }, (_, at) => from + at));
    // The selected one stays: it has the focus.
    if (chips.length > 0) wanted.add(this.#index);
    for (const [index, graph] of this.#graphs) {
      if (wanted.has(index)) continue;
      graph.element.remove();
      this.#graphs.delete(index);
    }
    for (const index of [...wanted].sort((a, b) => a - b)) this.#place(index, chips[index], stepAt);
    if (this.#followed < 0) this.#follow(this.#index);
    this.#onSight([...wanted].map((index) => chips[index].position));
  }

  /** @param {number} index @param {ChipData} chip @param {TimeData['stepAt']} stepAt */
  #place(index, chip, stepAt) {
    let graph = this.#graphs.get(index);
    if (!graph) {
      graph = new TimeGraph((position) => this.#onSelect(position));
      this.#graphs.set(index, graph);
      const next = [...this.#graphs.keys()].filter((each) => each > index).sort((a, b) => a - b)[0];
      this.#track.insertBefore(graph.element, next === undefined ? null : (this.#graphs.get(next)?.element ?? null));
    }
    const { selected, chips } = this.#data;
    graph.update({ index, position: chip.position, word: chip.text, step: stepAt(chip.position), selected: chip.position === selected || (index === 0 && !chips.some(({ position }) => position === selected)), last: index === chips.length - 1 });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const last = this.#data.chips.length - 1;
    const targets = { ArrowLeft: this.#index - 1, ArrowRight: this.#index + 1, Home: 0, End: last };
    const target = /** @type {Record<string, number>} */ (targets)[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#go(target);
    this.#graphs.get(Math.min(last, Math.max(0, target)))?.button.focus({ preventScroll: true });
  }
}
