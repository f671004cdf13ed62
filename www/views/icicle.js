// The picture of a prefix tree: one row for each token, from above, each as wide as it is probable.

/** @import { PrefixNode } from './prefix-tree.js' */
/** @import { OutcomeData } from './types.js' */

import { h, s, setAttr, setText } from './dom.js';
import { count, percent } from './format.js';
import { nodeOf, prefixTree, visibleNodes, wholeOf } from './prefix-tree.js';
import { spoken, visible } from './text.js';
import { Tooltip } from './tooltip.js';

/** Height of a row, in pixels, and the share of the width below which nothing is drawn. */
const ROW = 30;
const LEAST = 0.0015;
/** From this width on, in pixels, there is room for letters. */
const READABLE = 18;

export class Icicle {
  #svg = s('svg', { class: 'icicle', role: 'tree', 'aria-label': 'Prefix tree of the texts; each node is as wide as it is probable' });
  #tooltip = new Tooltip({ below: true });
  #back;
  #note = h('p', { class: 'small' });
  /** @type {PrefixNode} */
  #root = prefixTree([]);
  #focus = '';
  /** Key of the node in the tab order. */
  #current = '';
  /** @type {ReadonlyMap<number, string>} */
  #texts = new Map();

  constructor() {
    this.#back = h('button', { type: 'button', class: 'pill', hidden: true, onclick: () => this.#zoom('') }, 'Whole tree');
    const title = h('h3', {}, 'Prefix tree');
    this.element = h('div', { class: 'icicle-box' }, h('div', { class: 'icicle-head' }, title, this.#back), this.#note, this.#svg, this.#tooltip.element);
    this.#svg.addEventListener('click', (event) => this.#clicked(event));
    this.#svg.addEventListener('keydown', (event) => this.#pressed(event));
    for (const type of ['pointerover', 'focusin']) this.#svg.addEventListener(type, (event) => this.#explain(event));
    for (const type of ['pointerleave', 'focusout']) this.#svg.addEventListener(type, () => this.#tooltip.hide());
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  /** @param {{ outcomes: OutcomeData[], texts: ReadonlyMap<number, string> }} data  texts: of tokens, as far as they are known */
  update({ outcomes, texts }) {
    this.#root = prefixTree(outcomes);
    this.#texts = texts;
    if (!nodeOf(this.#root, this.#focus)) this.#focus = '';
    setText(this.#note, noteOf(this.#root));
    this.#draw();
  }

  #draw() {
    const focus = nodeOf(this.#root, this.#focus) ?? this.#root;
    const nodes = visibleNodes(focus, LEAST);
    const pixels = this.#svg.clientWidth || 600;
    const depth = Math.max(1, ...nodes.map(({ node }) => node.depth));
    const focused = this.#svg.contains(document.activeElement);
    setAttr(this.#svg, 'height', depth * ROW);
    this.#back.hidden = focus === this.#root;
    if (!nodes.some(({ node }) => node.key === this.#current)) this.#current = nodes[0]?.node.key ?? '';
    this.#svg.replaceChildren(...nodes.map(({ node, x, width }) => this.#cell(node, x, width, pixels)));
    if (focused) this.#element(this.#current)?.focus({ preventScroll: true });
  }

  /** A drawing inside the drawing: it cuts off the letters that have no room. @param {PrefixNode} node @param {number} x @param {number} width @param {number} pixels */
  #cell(node, x, width, pixels) {
    const text = this.textOf(node);
    const box = s('rect', { class: 'icicle-rect', x: 0.5, y: 0.5, width: '100%', height: ROW - 2, rx: 3 });
    const label = width * pixels >= READABLE ? s('text', { x: 5, y: ROW / 2 + 4 }, text) : null;
    const shape = s('svg', { x: `${(x * 100).toFixed(3)}%`, y: (node.depth - 1) * ROW, width: `${(width * 100).toFixed(3)}%`, height: ROW }, box, label);
    const name = `${spoken(text)}: ${percent(node.width)}${node.outcome ? ', a text ends here' : ''}`;
    return s('g', {
      role: 'treeitem', class: 'icicle-node', 'data-node': node.key, 'data-ends': node.outcome !== null, 'data-odd': this.#odd(node),
      'aria-level': node.depth, 'aria-label': name, 'aria-selected': String(node.key === this.#focus), tabindex: node.key === this.#current ? 0 : -1,
    }, shape);
  }

  /** @param {PrefixNode} node */
  #odd(node) {
    return (node.parent?.children.indexOf(node) ?? 0) % 2 === 1;
  }

  /** @param {PrefixNode} node */
  textOf(node) {
    const text = this.#texts.get(node.id);
    if (text !== undefined) return visible(text);
    return node.outcome?.finish === 'end' ? '∎' : `#${node.id}`;
  }

  /** @param {string} key @returns {SVGGElement | null} */
  #element(key) {
    return this.#svg.querySelector(`[data-node="${key}"]`);
  }

  /** @param {Event} event */
  #nodeAt(event) {
    const key = /** @type {Element} */ (event.target).closest('[data-node]')?.getAttribute('data-node');
    return key ? nodeOf(this.#root, key) : null;
  }

  /** @param {Event} event */
  #clicked(event) {
    const node = this.#nodeAt(event);
    if (!node) return;
    this.#current = node.key;
    this.#zoom(node.key === this.#focus ? (node.parent?.key ?? '') : node.key);
    this.#element(this.#current)?.focus({ preventScroll: true });
  }

  /** @param {string} key */
  #zoom(key) {
    this.#focus = key;
    this.#tooltip.hide();
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const node = this.#nodeAt(event);
    if (!node) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      return this.#clicked(event);
    }
    const row = node.parent?.children ?? [];
    const at = row.indexOf(node);
    const target = { ArrowLeft: row[at - 1], ArrowRight: row[at + 1], ArrowUp: node.parent, ArrowDown: node.children[0] }[event.key];
    const element = target && this.#element(target.key);
    if (!target || !element) return;
    event.preventDefault();
    setAttr(/** @type {Element} */ (event.target), 'tabindex', -1);
    setAttr(element, 'tabindex', 0);
    this.#current = target.key;
    element.focus({ preventScroll: true });
  }

  /** @param {Event} event */
  #explain(event) {
    const node = this.#nodeAt(event);
    const element = node && this.#element(node.key)?.querySelector('rect');
    if (!node || !element) return this.#tooltip.hide();
    this.#tooltip.show(element, () => this.#lines(node));
  }

  /** @param {PrefixNode} node @returns {[string, string][]} */
  #lines(node) {
    const share = node.parent?.width ? node.width / node.parent.width : 1;
    /** @type {[string, string][]} */
    const lines = [['token', this.textOf(node)], ['probability', percent(node.width)], ['of its parent', percent(share)]];
    if (node.count > 0) lines.push(['samples', count(node.count)]);
    if (node.outcome) lines.push(['ends', node.outcome.finish]);
    return lines;
  }
}

/** @param {PrefixNode} root */
function noteOf(root) {
  const scale = wholeOf(root) === 1 ? 'what stays empty on the right was not seen yet' : `the full width is the ${percent(root.width)} that was seen`;
  return `From above, token by token. Choose a node to widen it; ${scale}.`;
}
