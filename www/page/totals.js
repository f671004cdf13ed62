// Under the text: how probable it is as a whole.

/** @import { Controller } from '../element/controller.js' */

import { possible } from '../element/status.js';
import { Totals } from '../element/totals.js';
import { TotalsLine } from '../views/totals.js';
import { byId } from './by-id.js';

export class TextTotals {
  #controller;
  #line;

  /** @param {Controller} controller */
  constructor(controller) {
    this.#controller = controller;
    this.#line = new TotalsLine((text) => void controller.score(text));
    new Totals(controller, (likelihood) => this.#line.update(likelihood), () => this.#line.dim());
    byId('strip').append(this.#line.element);
  }

  update() {
    this.#line.setPossible(possible(this.#controller).generate);
  }
}
