// Where the candidates of a beam search stand: a column for each step, kept beams above, the rest below them.

/** @import { BeamStepData } from './types.js' */

/**
 * @typedef {object} BeamNode
 * @property {string} key        step and place among its candidates
 * @property {number} step
 * @property {number} row        from 0
 * @property {number} id
 * @property {string} text
 * @property {number} score
 * @property {'kept' | 'pruned' | 'finished'} fate
 * @property {number[]} ids      the whole text up to here
 * @property {BeamNode | null} parent
 */

/** Kept beams stand where the search has them; finished and then pruned candidates follow, best first. */
const ORDER = { kept: 0, finished: 1, pruned: 2 };

/**
 * @param {BeamStepData[]} steps
 * @param {number} mostPruned  pruned candidates that are drawn at each step
 * @returns {BeamNode[][]} a column for each step
 */
export function beamLayout(steps, mostPruned) {
  /** Beams of the step before, by place. @type {Map<number, BeamNode>} */
  let parents = new Map();
  return steps.map(({ step, candidates }) => {
    const sorted = candidates
      .map((candidate, place) => ({ ...candidate, place }))
      .sort((a, b) => ORDER[a.fate] - ORDER[b.fate] || (a.beam ?? 0) - (b.beam ?? 0) || b.score - a.score);
    let pruned = 0;
    const drawn = sorted.filter(({ fate }) => fate !== 'pruned' || ++pruned <= mostPruned);
    const column = drawn.map(({ place, id, text, score, fate, parent: at, beam }, row) => {
      const parent = parents.get(at) ?? null;
      return { node: { key: `${step}.${place}`, step, row, id, text, score, fate, ids: [...(parent?.ids ?? []), id], parent }, beam };
    });
    parents = new Map(column.filter(({ beam }) => beam !== null).map(({ node, beam }) => [/** @type {number} */ (beam), node]));
    return column.map(({ node }) => node);
  });
}

/** Keys of the nodes on the way to a text. @param {BeamNode[][]} columns @param {number[] | null} ids @returns {Set<string>} */
export function pathTo(columns, ids) {
  if (!ids) return new Set();
  const onWay = (/** @type {BeamNode} */ node) => node.fate !== 'pruned' && node.ids.length <= ids.length && node.ids.every((id, index) => id === ids[index]);
  return new Set(columns.flat().filter(onWay).map(({ key }) => key));
}
