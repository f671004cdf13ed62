// The prefix tree of texts: widths are exact probabilities, equal prefixes are one node.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, prefixTree, visibleNodes, wholeOf } from '../../www/views/prefix-tree.js';

/** @param {number[]} ids @param {number} p @param {number} [count] */
const outcome = (ids, p, count = 1) => ({ ids, text: ids.join(' '), count, logProb: Math.log(p), finish: 'end' });
const close = (/** @type {number} */ a, /** @type {number} */ b) => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

const TEXTS = [outcome([1, 2], 0.1, 3), outcome([1, 3], 0.3, 5), outcome([4], 0.2, 2), outcome([1, 3, 9], 0.05, 1)];

test('equal prefixes are one node, as wide as all texts below it', () => {
  const root = prefixTree(TEXTS);
  assert.deepEqual(root.children.map(({ id }) => id), [1, 4], 'most probable first');
  close(root.width, 0.65);
  close(root.children[0].width, 0.45);
  assert.equal(root.children[0].count, 9);
  assert.deepEqual(root.children[0].children.map(({ id }) => id), [3, 2]);
});

test('children fill their parent from its left end and never overlap', () => {
  const check = (/** @type {import('../../www/views/prefix-tree.js').PrefixNode} */ node) => {
    let at = node.start;
    for (const child of node.children) {
      close(child.start, at);
      at += child.width;
      check(child);
    }
    assert.ok(at <= node.start + node.width + 1e-12);
  };
  check(prefixTree(TEXTS));
});

test('a text that is the beginning of another ends inside the tree', () => {
  const node = nodeOf(prefixTree(TEXTS), '1.3');
  assert.equal(node?.outcome?.text, '1 3');
  assert.equal(node?.children[0].outcome?.text, '1 3 9');
  assert.equal(nodeOf(prefixTree(TEXTS), '1.7'), null);
  assert.equal(nodeOf(prefixTree(TEXTS), '')?.depth, 0);
});

test('the whole picture keeps room for what was not seen; a node in focus fills it', () => {
  const root = prefixTree(TEXTS);
  const whole = visibleNodes(root, 0);
  close(whole[0].width, 0.45);
  assert.equal(whole.length, 5);
  const focus = /** @type {NonNullable<ReturnType<typeof nodeOf>>} */ (nodeOf(root, '1.3'));
  const seen = visibleNodes(focus, 0);
  assert.deepEqual(seen.map(({ node, x, width }) => [node.key, Number(x.toFixed(9)), Number(width.toFixed(9))]), [
    ['1', 0, 1],
    ['1.3', 0, 1],
    ['1.3.9', 0, Number((0.05 / 0.35).toFixed(9))],
  ]);
});

test('where little was seen, that fills the picture', () => {
  const root = prefixTree([outcome([1], 0.06), outcome([2], 0.02)]);
  close(wholeOf(root), 0.08);
  assert.deepEqual(visibleNodes(root, 0).map(({ width }) => Number(width.toFixed(9))), [0.75, 0.25]);
  assert.deepEqual([wholeOf(prefixTree(TEXTS)), wholeOf(prefixTree([]))], [1, 1]);
});

test('what is too narrow is left out, with all below it', () => {
  assert.deepEqual(visibleNodes(prefixTree(TEXTS), 0.25).map(({ node }) => node.key), ['1', '1.3']);
  assert.deepEqual(visibleNodes(prefixTree([]), 0), []);
});
