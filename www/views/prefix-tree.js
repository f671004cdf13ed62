// The prefix tree of texts as a partition: every node is as wide as the texts below it are probable.

/** @import { OutcomeData } from './types.js' */

/**
 * @typedef {object} PrefixNode
 * @property {string} key        ids from the root, joined: names the node
 * @property {number} id         token; -1 at the root
 * @property {number} depth      0 at the root
 * @property {number} start      left end, 0 to 1
 * @property {number} width      sum of the exact probabilities of the texts below
 * @property {number} count      samples below
 * @property {PrefixNode | null} parent
 * @property {PrefixNode[]} children  most probable first
 * @property {OutcomeData | null} outcome  the text that ends here
 */

/** @param {OutcomeData[]} outcomes  distinct @returns {PrefixNode} */
export function prefixTree(outcomes) {
  const root = makeNode(null, -1);
  for (const outcome of outcomes) {
    let node = root;
    grow(node, outcome);
    for (const id of outcome.ids) {
      node = node.children.find((child) => child.id === id) ?? makeNode(node, id);
      grow(node, outcome);
    }
    node.outcome = outcome;
  }
  place(root, 0);
  return root;
}

/** @param {PrefixNode | null} parent @param {number} id @returns {PrefixNode} */
function makeNode(parent, id) {
  const depth = parent ? parent.depth + 1 : 0;
  const key = parent ? `${parent.key}${parent.depth > 0 ? '.' : ''}${id}` : '';
  /** @type {PrefixNode} */
  const node = { key, id, depth, start: 0, width: 0, count: 0, parent, children: [], outcome: null };
  parent?.children.push(node);
  return node;
}

/** @param {PrefixNode} node @param {OutcomeData} outcome */
function grow(node, { logProb, count }) {
  node.width += Math.exp(logProb);
  node.count += count;
}

/** Children lie side by side from their parent's left end. @param {PrefixNode} node @param {number} start */
function place(node, start) {
  node.start = start;
  node.children.sort((a, b) => b.width - a.width || a.id - b.id);
  let at = start;
  for (const child of node.children) {
    place(child, at);
    at += child.width;
  }
}

/** Where less than this was seen, the seen part fills the picture: there would be no room for it otherwise. */
const MUCH = 0.5;

/** The probability that the whole picture stands for. @param {PrefixNode} root */
export const wholeOf = ({ width }) => (width === 0 || width >= MUCH ? 1 : width);

/**
 * The nodes that are seen when one of them fills the width: itself, what is above it, and below it
 * those that are not too narrow.
 * @param {PrefixNode} focus
 * @param {number} least  smallest share of the picture's width
 * @returns {{ node: PrefixNode, x: number, width: number }[]}  x, width: shares of the picture's width; top to bottom, left to right
 */
export function visibleNodes(focus, least) {
  const whole = focus.parent ? focus.width : wholeOf(focus);
  const found = [];
  for (let node = focus.parent; node?.parent; node = node.parent) found.unshift({ node, x: 0, width: 1 });
  let row = focus.parent ? [focus] : focus.children;
  while (row.length > 0) {
    const wide = row.filter(({ width }) => width / whole >= least);
    for (const node of wide) found.push({ node, x: (node.start - focus.start) / whole, width: node.width / whole });
    row = wide.flatMap(({ children }) => children);
  }
  return found;
}

/** The node of a key. @param {PrefixNode} root @param {string} key @returns {PrefixNode | null} */
export function nodeOf(root, key) {
  let node = /** @type {PrefixNode | undefined} */ (root);
  for (const id of key === '' ? [] : key.split('.').map(Number)) node = node?.children.find((child) => child.id === id);
  return node ?? null;
}
