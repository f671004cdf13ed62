// The texts that were written from one prompt, as a tree: each but the first came from another by one token.

/** @import { Session } from '../engine/session.js' */
/** @import { Knobs } from '../engine/knobs.js' */
/** @import { Finish } from '../engine/types.js' */

import { Trajectory } from './trajectory.js';

/**
 * @typedef {object} Branch
 * @property {number} key
 * @property {string} name
 * @property {number | null} parent         key
 * @property {number | null} at             position of the token that was written in place of the parent's
 * @property {Session} session
 * @property {Trajectory} trajectory
 * @property {Finish | null} finish
 * @property {Readonly<Knobs> | null} writtenWith
 */

export class Branches {
  /** @type {Branch[]} */
  #all = [];
  #current = -1;
  #nextKey = 0;

  /** @returns {Branch | null} */
  get current() {
    return this.of(this.#current);
  }

  /** @param {number} key @returns {Branch | null} */
  of(key) {
    return this.#all.find((branch) => branch.key === key) ?? null;
  }

  /** Each after its parent, with the number of branchings that lead to it. @returns {{ branch: Branch, depth: number }[]} */
  tree() {
    /** @type {(parent: number | null, depth: number) => { branch: Branch, depth: number }[]} */
    const below = (parent, depth) => this.#all.filter((branch) => branch.parent === parent).flatMap((branch) => [{ branch, depth }, ...below(branch.key, depth + 1)]);
    return below(null, 0);
  }

  /** Another text, which becomes the current one. @param {Pick<Branch, 'session' | 'trajectory' | 'writtenWith'> & { at: number | null }} start */
  add(start) {
    const key = this.#nextKey++;
    const parent = this.current?.key ?? null;
    const name = parent === null ? 'Text 1' : `Text ${this.#nextKey}`;
    this.#all.push({ finish: null, ...start, key, name, parent });
    this.#current = key;
  }

  /** @param {number} key */
  choose(key) {
    this.#current = key;
  }

  /** @param {number} key @param {string} name */
  rename(key, name) {
    const branch = this.of(key);
    if (branch) branch.name = name;
  }

  /** Gives its memory back. Those that came from it hang on its parent then. @param {number} key */
  drop(key) {
    const dropped = this.of(key);
    if (!dropped || this.#all.length < 2) return;
    this.#all = this.#all.filter((branch) => branch !== dropped);
    for (const branch of this.#all) if (branch.parent === key) branch.parent = dropped.parent;
    if (this.#current === key) this.#current = (this.of(dropped.parent ?? -1) ?? this.#all[0]).key;
    dropped.session.close();
  }

  clear() {
    for (const { session } of this.#all) session.close();
    this.#all = [];
    this.#current = -1;
    this.#nextKey = 0;
  }
}
