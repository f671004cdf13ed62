// Time: the steps of the text side by side.

/** @import { Controller } from '../element/controller.js' */

import { Timeline } from '../element/timeline.js';
import { TimeView } from '../views/time-view.js';

export class Time {
  #controller;
  #timeline;
  #view;

  /** @param {Controller} controller @param {() => void} onChange */
  constructor(controller, onChange) {
    this.#controller = controller;
    this.#timeline = new Timeline({ source: () => this.#source(), onView: onChange, onError: (error) => controller.report(error) });
    this.#view = new TimeView({
      onSelect: (position) => controller.select(position),
      onSight: (positions) => this.#timeline.want(positions),
      onGenerate: () => void controller.generate(),
    });
    this.element = this.#view.element;
  }

  /** Its tab is left. */
  rest() {
    this.#view.pause();
  }

  update() {
    const { trajectory, shown, models } = this.#controller;
    this.#view.update({
      chips: trajectory.tokens.slice(trajectory.promptLength),
      stepAt: (position) => this.#timeline.at(position),
      selected: shown,
      able: models.status === 'ready',
    });
  }

  #source() {
    const { session, knobs, trajectory } = this.#controller;
    return session && { session, knobs, ids: trajectory.tokens.map(({ id }) => id) };
  }
}
