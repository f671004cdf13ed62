// The page: one controller, and the views that show it.

import { Controller } from '../element/controller.js';
import { showStep, showStrip } from '../element/show.js';
import { Alerts } from '../views/alerts.js';
import { Frames } from '../views/frames.js';
import { StepView } from '../views/step-view.js';
import { Strip } from '../views/strip.js';
import { BranchList } from './branches.js';
import { byId } from './by-id.js';
import { Chain } from './chain.js';
import { Explorer } from './explorer.js';
import { helpButton } from './help.js';
import { Knobs } from './knobs.js';
import { Models } from './models.js';
import { Start } from './start.js';
import { themeSwitch } from './theme.js';
import { TextTotals } from './totals.js';
import { Writing } from './writing.js';

const controller = new Controller();
const frames = new Frames();
frames.giveWay(() => controller.busy);
const alerts = new Alerts();
const models = new Models(controller, alerts);
const start = new Start(controller, models);
const writing = new Writing(controller, alerts);
const knobs = new Knobs(controller);
const strip = new Strip({ onSelect: (position) => controller.select(position), empty: 'The text appears here, one chip for each token. Choose a chip to see what else the model could have said.' });
const step = new StepView({
  top: controller.top,
  onTop: (top) => controller.setTop(top),
  choice: {
    onBranch: (position, id, goOn) => void controller.branch(position, id).then(() => (goOn ? controller.generate() : undefined)),
    onRule: (token, how) => knobs.rule(token, how),
  },
});
const chain = new Chain(controller);
const explorer = new Explorer(controller, frames, step.element);

byId('alerts').replaceWith(alerts.element);
byId('strip').append(strip.element);
const totals = new TextTotals(controller);
const branches = new BranchList(controller);
byId('top-end').append(themeSwitch(), helpButton());

const EMPTY = 'The bars of the next token appear here: its probability in the model, and what the knobs make of it.';
/** What each event of the controller makes out of date; many of them come within one frame. @type {Record<string, (() => void)[]>} */
const REDRAWS = {
  model: [() => totals.update(), () => models.update(), () => start.update(), () => writing.updateControls(), () => knobs.updateModel(), () => showStep(controller, step, EMPTY)],
  prompt: [() => writing.updatePrompt()],
  knobs: [() => knobs.update(), () => chain.update()],
  text: [() => showStrip(controller, strip), () => writing.updateControls()],
  branches: [() => branches.update()],
  view: [() => chain.update()],
  bands: [() => knobs.updateBands()],
  // After the text: who sees that it is done sees all of it.
  status: [() => models.updateName(), () => writing.updateControls(), () => totals.update()],
};
for (const [type, redraws] of Object.entries(REDRAWS)) {
  for (const redraw of redraws) controller.addEventListener(type, frames.add(redraw));
}
// What was clicked must not be there for a second click.
controller.addEventListener('status', () => {
  if (controller.busy) writing.updateButtons();
});
const drawStep = () => showStep(controller, step, EMPTY);
const stepWritten = frames.add(drawStep);
// A picture that was asked for is drawn at once, because there is one at a time: a knob's bars must not wait for a frame.
controller.addEventListener('view', (event) => {
  const { written } = /** @type {CustomEvent<{ written: boolean }>} */ (event).detail;
  (written ? stepWritten : drawStep)();
});
controller.addEventListener('notice', (event) => {
  const { message, tone } = /** @type {CustomEvent<{ message: string, tone: 'error' | 'notice' }>} */ (event).detail;
  alerts.show(message, tone);
});

writing.begin();
for (const redraws of Object.values(REDRAWS)) for (const redraw of redraws) redraw();
explorer.update();
