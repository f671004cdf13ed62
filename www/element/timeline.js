// The pictures of many steps: those in sight are asked for one at a time, and the newest wish counts.

/** @import { Session } from '../engine/session.js' */
/** @import { SomeKnobs, View } from '../engine/types.js' */

/** Bars of each picture. */
const TOP = 8;

/** @typedef {{ session: Session, knobs: SomeKnobs, ids: number[] }} Source  ids: of the whole text */
/** @typedef {{ view: View, session: Session, knobs: SomeKnobs, prefix: number }} Entry */

export class Timeline {
  /** By position. @type {Map<number, Entry>} */
  #entries = new Map();
  /** @type {number[]} */
  #wanted = [];
  #asking = false;
  #source;
  #onView;
  #onError;

  /**
   * @param {object} options
   * @param {() => Source | null} options.source   what the text is now
   * @param {() => void} options.onView            another picture is there
   * @param {(error: Error) => void} options.onError
   */
  constructor({ source, onView, onError }) {
    this.#source = source;
    this.#onView = onView;
    this.#onError = onError;
  }

  /** The picture of a position; one under older knobs until the new one is there, but none of another text. @param {number} position @returns {View | null} */
  at(position) {
    const entry = this.#entries.get(position);
    const source = this.#source();
    if (!entry || !source || entry.session !== source.session || entry.prefix !== prefixHash(source.ids, position)) return null;
    return entry.view;
  }

  /** @param {number[]} positions  what is in sight now */
  want(positions) {
    this.#wanted = positions;
    if (!this.#asking) void this.#ask();
  }

  async #ask() {
    this.#asking = true;
    for (let next = this.#next(); next; next = this.#next()) {
      const { session, knobs, position, prefix } = next;
      try {
        const view = await session.view(position, knobs, { top: TOP });
        this.#entries.set(position, { view, session, knobs, prefix });
        this.#onView();
      } catch (error) {
        // The text was given up meanwhile: of no interest. Anything else is told once, not at every position.
        if (this.#source()?.session === session) this.#onError(/** @type {Error} */ (error));
        this.#wanted = [];
      }
    }
    this.#asking = false;
  }

  /** The first position in sight whose picture is missing or out of date. */
  #next() {
    const source = this.#source();
    if (!source) return null;
    const { session, knobs, ids } = source;
    for (const position of this.#wanted) {
      if (position >= ids.length) continue;
      const prefix = prefixHash(ids, position);
      const entry = this.#entries.get(position);
      if (entry?.session !== session || entry.knobs !== knobs || entry.prefix !== prefix) return { session, knobs, position, prefix };
    }
    return null;
  }
}

/** Tells texts apart up to a position, with it (FNV-1a). @param {number[]} ids @param {number} position */
export function prefixHash(ids, position) {
  let hash = 0x811c9dc5;
  for (let index = 0; index <= position; index++) hash = Math.imul(hash ^ ids[index], 0x01000193);
  return hash >>> 0;
}
