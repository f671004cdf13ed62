// Tabs over one area (WAI-ARIA): arrow keys, Home and End move along them, and the one with the focus is shown.

import { freshId, h, setAttr } from './dom.js';

/** @typedef {{ name: string, label: string, panel: HTMLElement }} Tab */

export class Tabs {
  #tabs;
  #onSelect;
  #selected = '';
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();

  /** @param {{ label: string, tabs: Tab[], onSelect: (name: string) => void }} options  the first tab is shown at first */
  constructor({ label, tabs, onSelect }) {
    this.#tabs = tabs;
    this.#onSelect = onSelect;
    for (const tab of tabs) this.#buttons.set(tab.name, this.#makeTab(tab));
    this.element = h('div', { class: 'tabs', role: 'tablist', 'aria-label': label }, ...this.#buttons.values());
    this.element.addEventListener('keydown', (event) => this.#pressed(event));
    this.select(tabs[0].name);
  }

  get selected() {
    return this.#selected;
  }

  /** @param {string} name */
  select(name) {
    if (name === this.#selected || !this.#buttons.has(name)) return;
    this.#selected = name;
    for (const tab of this.#tabs) {
      const shown = tab.name === name;
      const button = this.#buttons.get(tab.name);
      tab.panel.hidden = !shown;
      if (!button) continue;
      setAttr(button, 'aria-selected', String(shown));
      setAttr(button, 'tabindex', shown ? 0 : -1);
    }
    this.#reveal();
    this.#onSelect(name);
  }

  /** @param {Tab} tab */
  #makeTab({ name, label, panel }) {
    const id = freshId('tab');
    panel.id ||= freshId('panel');
    setAttr(panel, 'role', 'tabpanel');
    setAttr(panel, 'aria-labelledby', id);
    return h('button', { type: 'button', role: 'tab', class: 'tab', id, 'data-tab': name, 'aria-controls': panel.id, onclick: () => this.select(name) }, label);
  }

  /** On a phone the row of tabs scrolls; the page does not. */
  #reveal() {
    const button = this.#buttons.get(this.#selected);
    if (!button || !this.element) return;
    const { scrollLeft, clientWidth } = this.element;
    const end = button.offsetLeft + button.offsetWidth;
    if (button.offsetLeft < scrollLeft) this.element.scrollLeft = button.offsetLeft;
    else if (end > scrollLeft + clientWidth) this.element.scrollLeft = end - clientWidth;
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const at = this.#tabs.findIndex(({ name }) => name === this.#selected);
    const last = this.#tabs.length - 1;
    const targets = { ArrowLeft: at === 0 ? last : at - 1, ArrowRight: at === last ? 0 : at + 1, Home: 0, End: last };
    const target = /** @type {Record<string, number>} */ (targets)[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { name } = this.#tabs[target];
    this.select(name);
    this.#buttons.get(name)?.focus();
  }
}
