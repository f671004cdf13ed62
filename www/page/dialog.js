// A dialog over the page: Escape, the cross, or a click beside it closes it.

import { freshId, h } from '../views/dom.js';

/**
 * @param {{ id?: string, title: string }} options
 * @param {...Node} content
 */
export function makeDialog({ id, title }, ...content) {
  const titleId = freshId('title');
  const dialog = h('dialog', { id, 'aria-labelledby': titleId });
  const close = h('button', { type: 'button', class: 'icon large', 'aria-label': 'Close', onclick: () => dialog.close() }, '×');
  const head = h('div', { class: 'dialog-head' }, h('h2', { id: titleId }, title), close);
  dialog.append(h('div', { class: 'dialog-body' }, head, ...content));
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  return dialog;
}
