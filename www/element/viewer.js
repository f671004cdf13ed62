// Asks for the picture of the selected position: one question at a time, and only the newest wish counts.

/** @import { Session } from '../engine/session.js' */
/** @import { SomeKnobs, View } from '../engine/types.js' */

/** @typedef {{ session: Session, position: number, knobs: SomeKnobs, top: number }} Wish */

export class Viewer {
  #wish;
  #onView;
  #onError;
  #wanted = false;
  #asking = false;

  /**
   * @param {() => Wish | null} wish  what is to be seen now
   * @param {(view: View) => void} onView
   * @param {(error: Error) => void} onError
   */
  constructor(wish, onView, onError) {
    this.#wish = wish;
    this.#onView = onView;
    this.#onError = onError;
  }

  request() {
    this.#wanted = true;
    if (!this.#asking) void this.#ask();
  }

  async #ask() {
    this.#asking = true;
    while (this.#wanted) {
      this.#wanted = false;
      const wish = this.#wish();
      if (!wish) continue;
      const { session, position, knobs, top } = wish;
      try {
        const view = await session.view(position, knobs, { top });
        // The reader may have gone elsewhere meanwhile; other knobs are still worth a picture.
        const now = this.#wish();
        if (now?.session === session && now.position === position) this.#onView(view);
      } catch (error) {
        const now = this.#wish();
        if (now?.session === session && now.position === position) this.#onError(/** @type {Error} */ (error));
      }
    }
    this.#asking = false;
  }
}
