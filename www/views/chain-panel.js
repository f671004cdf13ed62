// The chain: its stages in the order in which they act, each with a switch and what it removed. In a free
// chain they can be reordered: by a handle with mouse or finger, by buttons with the keyboard.

/** @import { ChainData, ChainStageData } from './types.js' */

import { moved, placeAt } from './chain-order.js';
import { h, setAttr, setText } from './dom.js';
import { count, percent } from './format.js';
import { removes } from './stages.js';

/** @typedef {{ onDialect: (dialect: string) => void, onOrder: (keys: string[]) => void, onSwitch: (key: string, on: boolean) => void }} ChainActions */

export class ChainPanel {
  #actions;
  #dialects = h('div', { class: 'chain-dialects', role: 'group', 'aria-label': 'Dialect' });
  #list = h('ol', { class: 'chain-list' });
  #note = h('p', { class: 'small' });
  #shown = '';
  /** @type {ChainData | null} */
  #data = null;
  /** Place of the stage that is being dragged. @type {number | null} */
  #dragged = null;

  /** @param {ChainActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.element = h('details', { class: 'chain', hidden: true }, h('summary', {}, 'Chain'), this.#dialects, this.#note, this.#list);
  }

  /** @param {ChainData | null} data  null: there is nothing to set */
  update(data) {
    this.#data = data;
    this.element.hidden = data === null;
    if (!data || this.#dragged !== null) return;
    const shape = shapeOf(data);
    if (shape === this.#shown) return this.#tell(data);
    this.#shown = shape;
    const focus = this.#focused();
    this.#dialects.replaceChildren(...data.dialects.map(({ value, label }) => this.#dialect(value, label, value === data.dialect)));
    this.#note.textContent = data.movable ? 'From above to below. Drag a handle, or use the arrows; a stage that is off at the end joins when it is switched on.' : 'From above to below. The order belongs to the dialect; choose the free one to change it.';
    this.#list.replaceChildren(...data.stages.map((stage, index) => this.#stage(stage, index, data)));
    if (focus) this.#focus(focus);
  }

  /** Only what the stages did is another: what may be under a finger stays. @param {ChainData} data */
  #tell({ stages }) {
    const effects = this.#list.querySelectorAll('.chain-effect');
    stages.forEach((stage, index) => setText(effects[index], effectOf(stage)));
  }

  /** Selector of what has the focus, so that it can be found in the new list. */
  #focused() {
    const active = document.activeElement;
    const part = active?.getAttribute('data-part');
    if (!active || !part || !this.element.contains(active)) return null;
    const stage = active.closest('[data-chain-stage]')?.getAttribute('data-chain-stage');
    return stage ? `[data-chain-stage="${stage}"] [data-part="${part}"]` : `[data-part="${part}"]`;
  }

  /** An arrow at the end of the list is disabled: the other one takes its focus. @param {string} selector */
  #focus(selector) {
    const found = /** @type {HTMLButtonElement | null} */ (this.element.querySelector(selector));
    const other = /** @type {HTMLElement | null} */ (found?.parentElement?.querySelector('button:enabled') ?? null);
    (found?.disabled ? other : found)?.focus();
  }

  /** @param {string} value @param {string} label @param {boolean} chosen */
  #dialect(value, label, chosen) {
    return h('button', { type: 'button', class: 'pill', 'data-part': `dialect-${value}`, 'aria-pressed': String(chosen), onclick: () => this.#actions.onDialect(value) }, label);
  }

  /** @param {ChainStageData} stage @param {number} index @param {ChainData} data */
  #stage(stage, index, { movable, stages }) {
    const { key, label, on } = stage;
    const toggle = h('input', { type: 'checkbox', role: 'switch', 'data-part': 'switch', 'aria-label': `${label} in the chain`, checked: on, onchange: () => this.#actions.onSwitch(key, toggle.checked) });
    const arrow = (/** @type {string} */ part, /** @type {string} */ sign, /** @type {number} */ by) => {
      const to = index + by;
      return h('button', { type: 'button', class: 'icon', 'data-part': part, 'aria-label': `Move ${label} ${part}`, disabled: to < 0 || to >= stages.filter(({ listed }) => listed).length, onclick: () => this.#move(index, to) }, sign);
    };
    const tools = movable && stage.listed ? [arrow('up', '↑', -1), arrow('down', '↓', 1), this.#handle(index)] : [];
    const item = h('li', { 'data-chain-stage': key }, toggle, h('span', { class: 'chain-name' }, label), h('span', { class: 'chain-effect' }, effectOf(stage)), h('span', { class: 'chain-tools' }, ...tools));
    setAttr(item, 'data-off', !on);
    return item;
  }

  /** @param {number} from @param {number} to */
  #move(from, to) {
    const keys = (this.#data?.stages ?? []).filter(({ listed }) => listed).map(({ key }) => key);
    this.#actions.onOrder(moved(keys, from, to));
  }

  /** @param {number} index */
  #handle(index) {
    const handle = h('span', { class: 'chain-handle', 'aria-hidden': 'true', title: 'Drag' }, '⠿');
    handle.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      // The list stays where it is while its items move.
      this.#list.setPointerCapture(event.pointerId);
      this.#drag(handle, index);
    });
    return handle;
  }

  /** Items change places under the pointer; the chain itself changes when it is let go. @param {HTMLElement} handle @param {number} from */
  #drag(handle, from) {
    const item = /** @type {HTMLElement} */ (handle.closest('li'));
    this.#dragged = from;
    item.classList.add('dragged');
    const follow = (/** @type {PointerEvent} */ { clientY }) => {
      const items = /** @type {HTMLElement[]} */ ([...this.#list.children]);
      const to = placeAt(items.map((each) => each.getBoundingClientRect()), clientY);
      const now = items.indexOf(item);
      if (to === now) return;
      this.#list.insertBefore(item, to > now ? items[to].nextSibling : items[to]);
      // Moving it in the document may have let the pointer go.
      this.#dragged = to;
    };
    const drop = () => {
      for (const type of ['pointermove', 'pointerup', 'pointercancel']) window.removeEventListener(type, /** @type {EventListener} */ (type === 'pointermove' ? follow : drop));
      item.classList.remove('dragged');
      const to = this.#dragged ?? from;
      this.#dragged = null;
      this.#shown = '';
      if (to !== from) this.#move(from, to);
      else this.update(this.#data);
    };
    window.addEventListener('pointermove', follow);
    window.addEventListener('pointerup', drop);
    window.addEventListener('pointercancel', drop);
  }
}

/** All of it but what the stages did. @param {ChainData} data */
function shapeOf(data) {
  return JSON.stringify({ ...data, stages: data.stages.map(({ key, label, on, listed }) => [key, label, on, listed]) });
}

/** What a stage did at the step that is shown. @param {ChainStageData} stage */
function effectOf({ key, on, removed, mass, note }) {
  if (!on) return 'off';
  if (removed === null) return 'does nothing here';
  if (removed > 0) return `removed ${count(removed)}, ${percent(mass)}`;
  return note ?? (removes(key) ? 'removed none' : 'reshaped');
}
