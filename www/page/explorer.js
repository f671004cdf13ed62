// The tabs over the views. Only the view in sight is drawn, and nothing in it runs until it is asked for.

/** @import { Controller } from '../element/controller.js' */
/** @import { Frames } from '../views/frames.js' */

import { Tabs } from '../views/tabs.js';
import { Beams } from './beams.js';
import { byId } from './by-id.js';
import { Compare } from './compare.js';
import { Outcomes } from './outcomes.js';
import { Time } from './time.js';

export class Explorer {
  /** @type {Tabs | undefined} */
  #tabs;
  /** By the name of the tab. @type {Record<string, { element: HTMLElement, update: () => void, clear?: () => void, running?: boolean }>} */
  #views;
  #time;
  #source = '';
  #controller;

  /** @param {Controller} controller @param {Frames} frames @param {HTMLElement} step  the Step view */
  constructor(controller, frames, step) {
    this.#controller = controller;
    byId('step-view').append(step);
    const redraw = frames.add(() => this.#draw());
    this.#time = new Time(controller, redraw);
    this.#views = { time: this.#time, outcomes: new Outcomes(controller, redraw), beams: new Beams(controller, redraw), compare: new Compare(controller, redraw) };
    frames.giveWay(() => Object.values(this.#views).some(({ running }) => running));
    for (const [name, { element }] of Object.entries(this.#views)) byId(`${name}-view`).append(element);
    this.#tabs = new Tabs({
      label: 'Views',
      tabs: [
        { name: 'step', label: 'Step', panel: byId('step-view') },
        { name: 'time', label: 'Time', panel: byId('time-view') },
        { name: 'outcomes', label: 'Outcomes', panel: byId('outcomes-view') },
        { name: 'beams', label: 'Beams', panel: byId('beams-view') },
        { name: 'compare', label: 'Compare', panel: byId('compare-view') },
      ],
      onSelect: () => this.update(),
    });
    byId('tabs').replaceWith(this.#tabs.element);
    for (const type of ['model', 'knobs', 'prompt', 'text', 'view']) controller.addEventListener(type, redraw);
  }

  update() {
    this.#draw();
  }

  #draw() {
    const { selected } = this.#tabs ?? { selected: '' };
    const [models] = this.#controller.source.split(' ');
    if (models !== this.#source) {
      this.#source = models;
      for (const view of Object.values(this.#views)) view.clear?.();
    }
    if (selected !== 'time') this.#time.rest();
    this.#views[selected]?.update();
  }
}
