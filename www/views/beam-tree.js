// The search as a tree that grows to the right: columns are steps, nodes candidates, lines lead to their parents.

/** @import { BeamNode } from './beam-layout.js' */
/** @import { BeamStepData } from './types.js' */

import { beamLayout, pathTo } from './beam-layout.js';
import { h, s, setAttr, setText } from './dom.js';
import { minus } from './format.js';
import { spoken, visible } from './text.js';
import { Tooltip } from './tooltip.js';

/** Sizes in pixels. */
const COLUMN = 160;
const ROW = 34;
const NODE = { width: 124, height: 27 };
const TOP = 26;
/** Letters that fit into a node beside its score. */
const LETTERS = 7;
/** Pruned candidates that are drawn at each step. */
const MOST_PRUNED = 6;

const FATES = { kept: 'kept', pruned: 'pruned', finished: 'finished: the text ends here' };

export class BeamTree {
  #svg = s('svg', { class: 'beam-tree', role: 'group', 'aria-label': 'The search, step by step' });
  #scroller = h('div', { class: 'beam-scroller' }, this.#svg);
  #tooltip = new Tooltip({ below: true });
  #summary = h('p', { class: 'small' });
  /** @type {BeamNode[][]} */
  #columns = [];
  #current = '';
  /** Text whose way is marked. @type {number[] | null} */
  #marked = null;

  constructor() {
    this.element = h('div', { class: 'beam-tree-box' }, this.#summary, this.#scroller, this.#tooltip.element);
    this.#svg.addEventListener('keydown', (event) => this.#pressed(event));
    for (const type of ['pointerover', 'focusin']) this.#svg.addEventListener(type, (event) => this.#explain(event));
    for (const type of ['pointerleave', 'focusout']) this.#svg.addEventListener(type, () => this.#tooltip.hide());
    this.#scroller.addEventListener('scroll', () => this.#tooltip.hide(), { passive: true });
  }

  /** @param {BeamStepData[]} steps */
  update(steps) {
    const grown = steps.length > this.#columns.length;
    const { scrollLeft, clientWidth, scrollWidth } = this.#scroller;
    const atEnd = scrollLeft + clientWidth >= scrollWidth - COLUMN;
    this.#columns = beamLayout(steps, MOST_PRUNED);
    this.#draw();
    // Whoever scrolled back is left alone.
    if (grown && atEnd) this.#scroller.scrollLeft = this.#scroller.scrollWidth;
  }

  /** Marks the way to a text. @param {number[] | null} ids @param {boolean} [show]  scrolls to its end */
  mark(ids, show = false) {
    this.#marked = ids;
    const path = pathTo(this.#columns, ids);
    const end = this.#columns.flat().findLast(({ key }) => path.has(key));
    if (show && end) this.#reveal(end);
    for (const element of this.#svg.querySelectorAll('[data-key]')) setAttr(element, 'data-way', path.has(/** @type {string} */ (element.getAttribute('data-key'))));
  }

  #draw() {
    const rows = Math.max(1, ...this.#columns.map((column) => column.length));
    const nodes = this.#columns.flat();
    if (!nodes.some(({ key }) => key === this.#current)) this.#current = nodes[0]?.key ?? '';
    setAttr(this.#svg, 'width', Math.max(1, this.#columns.length * COLUMN));
    setAttr(this.#svg, 'height', TOP + rows * ROW);
    const focused = this.#svg.contains(document.activeElement);
    const path = pathTo(this.#columns, this.#marked);
    const heads = this.#columns.map((_, index) => s('text', { class: 'beam-head', x: index * COLUMN + NODE.width / 2, y: 15 }, `t = ${index + 1}`));
    const lines = nodes.filter(({ parent }) => parent).map((node) => this.#line(node, path));
    this.#svg.replaceChildren(...heads, ...lines, ...nodes.map((node) => this.#node(node, path)));
    if (focused) this.#element(this.#current)?.focus({ preventScroll: true });
    const kept = nodes.filter(({ fate }) => fate === 'kept').length;
    setText(this.#summary, nodes.length === 0 ? '' : `${this.#columns.length} steps, ${kept} kept. Dim: pruned. Double border: finished. Arrow keys walk the tree.`);
  }

  /** @param {BeamNode} node @param {Set<string>} path */
  #line(node, path) {
    const parent = /** @type {BeamNode} */ (node.parent);
    const [x1, y1] = [xOf(parent) + NODE.width, yOf(parent) + NODE.height / 2];
    const [x2, y2] = [xOf(node), yOf(node) + NODE.height / 2];
    const middle = (x1 + x2) / 2;
    const d = `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
    return s('path', { class: 'beam-line', d, 'data-key': node.key, 'data-fate': node.fate, 'data-way': path.has(node.key) });
  }

  /** @param {BeamNode} node @param {Set<string>} path */
  #node(node, path) {
    const word = visible(node.text);
    const short = [...word].length > LETTERS ? `${[...word].slice(0, LETTERS - 1).join('')}…` : word;
    const frame = s('rect', { width: NODE.width, height: NODE.height, rx: 5 });
    const inner = node.fate === 'finished' ? s('rect', { class: 'beam-inner', x: 2.5, y: 2.5, width: NODE.width - 5, height: NODE.height - 5, rx: 3 }) : null;
    return s('g', {
      class: 'beam-node', role: 'img', 'data-key': node.key, 'data-fate': node.fate, 'data-way': path.has(node.key), transform: `translate(${xOf(node)} ${yOf(node)})`,
      tabindex: node.key === this.#current ? 0 : -1, 'aria-label': `Step ${node.step + 1}, ${spoken(node.text)}, score ${minus(node.score.toFixed(2))}, ${FATES[node.fate]}`,
    }, frame, inner, s('text', { x: 8, y: 18 }, short), s('text', { class: 'beam-score', x: NODE.width - 7, y: 18 }, minus(node.score.toFixed(2))));
  }

  /** @param {string} key @returns {SVGGElement | null} */
  #element(key) {
    return this.#svg.querySelector(`g[data-key="${key}"]`);
  }

  /** @param {Event} event */
  #nodeAt(event) {
    const key = /** @type {Element} */ (event.target).closest('g[data-key]')?.getAttribute('data-key');
    return this.#columns.flat().find((node) => node.key === key) ?? null;
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const node = this.#nodeAt(event);
    if (!node) return;
    const column = this.#columns[node.step] ?? [];
    const next = this.#columns[node.step + 1] ?? [];
    const child = next.find(({ parent }) => parent === node);
    const target = { ArrowLeft: node.parent, ArrowRight: child, ArrowUp: column[node.row - 1], ArrowDown: column[node.row + 1] }[event.key];
    const element = target && this.#element(target.key);
    if (!target || !element) return;
    event.preventDefault();
    this.#element(this.#current)?.setAttribute('tabindex', '-1');
    setAttr(element, 'tabindex', 0);
    this.#current = target.key;
    element.focus({ preventScroll: true });
    this.#reveal(target);
  }

  /** @param {BeamNode} node */
  #reveal(node) {
    const { scrollLeft, clientWidth } = this.#scroller;
    if (xOf(node) < scrollLeft) this.#scroller.scrollLeft = xOf(node) - 8;
    else if (xOf(node) + NODE.width > scrollLeft + clientWidth) this.#scroller.scrollLeft = xOf(node) + NODE.width + 8 - clientWidth;
  }

  /** @param {Event} event */
  #explain(event) {
    const node = this.#nodeAt(event);
    const element = node && this.#element(node.key);
    if (!node || !element) return this.#tooltip.hide();
    this.#tooltip.show(element, () => [
      ['token', `${visible(node.text)}  #${node.id}`],
      ['score', minus(node.score.toFixed(4))],
      ['alone', minus((node.score - (node.parent?.score ?? 0)).toFixed(4))],
      ['fate', node.fate],
    ]);
  }
}

/** @param {BeamNode} node */
const xOf = ({ step }) => step * COLUMN;
/** @param {BeamNode} node */
const yOf = ({ row }) => TOP + row * ROW;
