// The texts that were written from one prompt: a tree to walk, name and drop.

/** @import { TrajectoryData } from './types.js' */

import { h, setAttr } from './dom.js';
import { count, logProb } from './format.js';
import { visible } from './text.js';

/** @typedef {{ onSwitch: (key: number) => void, onRename: (key: number, name: string) => void, onDrop: (key: number) => void }} TrajectoryActions */

export class Trajectories {
  #actions;
  #list = h('ul', { class: 'trajectory-list' });
  #shown = '';

  /** @param {TrajectoryActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.element = h('div', { class: 'trajectories', hidden: true }, h('h3', {}, 'Texts from this prompt'), this.#list);
  }

  /** @param {TrajectoryData[]} trajectories  each after its parent */
  update(trajectories) {
    // A single text is not listed: it would be built anew at every token that is written.
    const listed = trajectories.length < 2 ? [] : trajectories;
    const key = JSON.stringify(listed);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.hidden = listed.length === 0;
    const focus = this.#focused();
    this.#list.replaceChildren(...listed.map((each) => this.#item(each)));
    if (focus) /** @type {HTMLElement | null} */ (this.#list.querySelector(focus) ?? this.#list.querySelector('[aria-current]'))?.focus();
  }

  /** Selector of what has the focus, so that it can be found in the new list. */
  #focused() {
    const active = document.activeElement;
    if (!active || !this.#list.contains(active)) return null;
    const key = active.closest('[data-trajectory]')?.getAttribute('data-trajectory');
    return `[data-trajectory="${key}"] [data-part="${active.getAttribute('data-part')}"]`;
  }

  /** @param {TrajectoryData} trajectory */
  #item({ key, name, depth, length, logProb: value, at, word, current, droppable }) {
    const { onSwitch, onRename, onDrop } = this.#actions;
    const origin = at === null ? 'the first' : `from token ${at + 1}: ${visible(word ?? '')}`;
    const facts = `${origin} · ${count(length)} ${length === 1 ? 'token' : 'tokens'} · ln p ${logProb(value)}`;
    const field = h('input', { type: 'text', class: 'trajectory-name', value: name, maxlength: 40, 'data-part': 'name', 'aria-label': `Name of ${name}`, autocomplete: 'off' });
    field.addEventListener('change', () => onRename(key, field.value.trim() || name));
    const show = h('button', { type: 'button', 'data-part': 'show', 'aria-current': current ? 'true' : null, 'aria-label': `${current ? 'Shown' : 'Show'}: ${name}`, onclick: () => onSwitch(key) }, current ? 'Shown' : 'Show');
    const drop = h('button', { type: 'button', class: 'icon', 'data-part': 'drop', 'aria-label': `Drop ${name}`, title: 'Drop', disabled: !droppable, onclick: () => onDrop(key) }, '×');
    const item = h('li', { 'data-trajectory': key, 'data-depth': depth }, show, field, h('span', { class: 'trajectory-facts' }, facts), drop);
    item.style.setProperty('--depth', String(Math.min(depth, 5)));
    setAttr(item, 'data-current', current);
    return item;
  }
}
