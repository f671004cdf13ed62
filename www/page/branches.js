// The list of texts that were written from the prompt.

/** @import { Controller } from '../element/controller.js' */
/** @import { TrajectoryData } from '../views/types.js' */

import { Trajectories } from '../views/trajectories.js';
import { byId } from './by-id.js';

export class BranchList {
  #controller;
  #view;

  /** @param {Controller} controller */
  constructor(controller) {
    this.#controller = controller;
    this.#view = new Trajectories({
      onSwitch: (key) => controller.switchTo(key),
      onRename: (key, name) => controller.rename(key, name),
      onDrop: (key) => controller.drop(key),
    });
    byId('strip').append(this.#view.element);
  }

  update() {
    const tree = this.#controller.branches.tree();
    const current = this.#controller.branches.current;
    this.#view.update(tree.map(({ branch, depth }) => dataOf(branch, depth, branch === current, tree.length > 1)));
  }
}

/**
 * @param {import('../element/branches.js').Branch} branch
 * @param {number} depth
 * @param {boolean} current
 * @param {boolean} droppable
 * @returns {TrajectoryData}
 */
function dataOf({ key, name, at, trajectory }, depth, current, droppable) {
  const { outputLength, logProb, promptLength, tokens } = trajectory;
  return { key, name, depth, current, droppable, length: outputLength, logProb, at: at === null ? null : at - promptLength, word: at === null ? null : (tokens[at]?.text ?? null) };
}
