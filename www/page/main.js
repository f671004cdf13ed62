// The page: one controller, and the views that show it.

import { Controller } from '../element/controller.js';
import { drawViews, showStep, showStrip } from '../element/show.js';
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
const drawStep = () => showStep(controller, step, EMPTY);
/** What is drawn, in this order, each after the events of the controller that make it out of date. @type {[string[], () => void][]} */
const REDRAWS = [
  [['model'], () => models.update()],
  [['model'], () => start.update()],
  [['model'], () => knobs.updateModel()],
  [['model'], drawStep],
  [['prompt'], () => writing.updatePrompt()],
  [['knobs'], () => knobs.update()],
  [['knobs', 'view'], () => chain.update()],
  [['bands'], () => knobs.updateBands()],
  [['branches'], () => branches.update()],
  [['text'], () => showStrip(controller, strip)],
  [['status'], () => models.updateName()],
  // After the text: who sees that it is done sees all of it.
  [['model', 'text', 'status'], () => writing.updateControls()],
  [['model', 'status'], () => totals.update()],
];
for (const [types, redraw] of REDRAWS) {
  const due = frames.add(redraw);
  for (const type of types) controller.addEventListener(type, due);
}
// What was clicked must not be there for a second click.
controller.addEventListener('status', () => {
  if (controller.busy) writing.updateButtons();
});
drawViews(controller, frames, drawStep);
controller.addEventListener('notice', (event) => {
  const { message, tone } = /** @type {CustomEvent<{ message: string, tone: 'error' | 'notice' }>} */ (event).detail;
  alerts.show(message, tone);
});

writing.begin();
for (const [, redraw] of REDRAWS) redraw();
explorer.update();
