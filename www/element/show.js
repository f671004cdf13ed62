// Hands what the controller knows to the views, which know nothing of it.

/** @import { Frames } from '../views/frames.js' */
/** @import { StepView } from '../views/step-view.js' */
/** @import { Strip } from '../views/strip.js' */
/** @import { Controller } from './controller.js' */

/** @param {Controller} controller @param {Strip} strip */
export function showStrip(controller, strip) {
  const { trajectory, shown, outdated } = controller;
  strip.update({ chips: [...trajectory.tokens, ...trajectory.tail], selected: shown, changed: trajectory.changed(), outdated });
}

/** @param {Controller} controller @param {StepView} stepView @param {string} empty  said where there is nothing to see */
export function showStep(controller, stepView, empty) {
  const { view, trajectory, models } = controller;
  if (view && models.engine) return stepView.update({ step: view, layers: models.engine.info.layers });
  const given = trajectory.tokens.length > 0 ? 'This token begins the text. It was given, so the model said nothing about it.' : empty;
  stepView.clear(given);
}

/**
 * Draws the Step view whenever there is another picture: one that was asked for at once, because there is one at a time
 * and a knob's bars must not wait; one of a token that was just written with the rest of its frame.
 * @param {Controller} controller
 * @param {Frames} frames
 * @param {() => void} draw
 */
export function drawViews(controller, frames, draw) {
  const due = frames.add(draw);
  controller.addEventListener('view', (event) => {
    const { written } = /** @type {CustomEvent<{ written: boolean }>} */ (event).detail;
    (written ? due : draw)();
  });
}
