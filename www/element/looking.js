// The position that is looked at: its picture, and how far each knob can go before something changes.

/** @import { Session } from '../engine/session.js' */
/** @import { Intervals, SomeKnobs, View } from '../engine/types.js' */
/** @import { Trajectory } from './trajectory.js' */
/** @import { Wish } from './viewer.js' */

import { Bands } from './bands.js';
import { Viewer } from './viewer.js';

/** By knob: the values between which the token that is looked at stays, and those between which the whole text does. @typedef {{ step: Intervals, text: Intervals }} KnobBands */

/** @returns {KnobBands} */
const noBands = () => ({ step: {}, text: {} });

/**
 * @typedef {object} Scene  the text that is looked at
 * @property {Session | null} session
 * @property {Trajectory} trajectory
 * @property {SomeKnobs} knobs
 * @property {boolean} busy  the worker has the text to write: bands can wait
 */

export class Looking {
  /** How many bars are drawn. */
  top = 20;
  /** The picture of the position that is shown. @type {View | null} */
  view = null;
  bands = noBands();
  #scene;
  #tell;
  /** Position that the reader chose; null follows the newest. @type {number | null} */
  #selected = null;
  #viewer;
  #bands;

  /**
   * @param {() => Scene} scene
   * @param {object} tell
   * @param {(written: boolean) => void} tell.onView  another picture, or none; `written`: of a token that was just written
   * @param {() => void} tell.onCaughtUp a picture that was asked for
   * @param {() => void} tell.onBands
   * @param {(error: Error) => void} tell.onError
   */
  constructor(scene, tell) {
    this.#scene = scene;
    this.#tell = tell;
    const caughtUp = (/** @type {View} */ view) => {
      this.show(view);
      tell.onCaughtUp();
    };
    this.#viewer = new Viewer(() => this.#wish(), caughtUp, tell.onError);
    this.#bands = new Bands(() => (this.#scene().busy ? null : this.#wish()), (bands) => this.#showBands(bands));
  }

  /** The position that is shown: the chosen one, or as far as the text goes. @returns {number | null} */
  get shown() {
    const last = this.#scene().trajectory.tokens.length - 1;
    if (last < 0) return null;
    return this.#selected === null ? last : Math.min(this.#selected, last);
  }

  /** @param {number | null} position  null follows the newest */
  select(position) {
    this.#selected = position;
  }

  /** The knobs are others. */
  knobsMoved() {
    this.#viewer.request();
    this.#bands.request();
  }

  /** Asks for the picture once more. */
  refresh() {
    this.#viewer.request();
  }

  /** Asks for the picture, or has none where the model said nothing. */
  look() {
    if (this.#wish()) this.refresh();
    else if (this.#scene().session) this.show(null);
  }

  /** @param {View | null} view @param {boolean} [written]  it came with a token that was just written */
  show(view, written = false) {
    this.view = view;
    this.#tell.onView(written);
    if (Object.keys(this.bands.step).length > 0) this.#showBands(noBands());
    this.#bands.request();
  }

  /** @returns {Wish | null} */
  #wish() {
    const { session, trajectory, knobs } = this.#scene();
    const position = this.shown;
    if (!session || position === null || trajectory.tokens[position].raw === null) return null;
    return { session, position, knobs, top: this.top };
  }

  /** @param {KnobBands} bands */
  #showBands(bands) {
    this.bands = bands;
    this.#tell.onBands();
  }
}
