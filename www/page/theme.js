// Light, dark, or as the system has it. The choice is remembered.

import { h } from '../views/dom.js';

const KEY = 'tokenscope-theme';
const THEMES = ['auto', 'light', 'dark'];
const SIGNS = { auto: '◐', light: '☀', dark: '☾' };

/** A button that goes from one theme to the next. */
export function themeSwitch() {
  const button = h('button', { type: 'button', class: 'icon large' });
  const use = (/** @type {string} */ theme) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = SIGNS[/** @type {keyof typeof SIGNS} */ (theme)];
    button.setAttribute('aria-label', `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  };
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.indexOf(remembered()) + 1) % THEMES.length];
    remember(next);
    use(next);
  });
  use(remembered());
  return button;
}

let current = 'auto';

function remembered() {
  try {
    const theme = localStorage.getItem(KEY) ?? current;
    return THEMES.includes(theme) ? theme : 'auto';
  } catch {
    // Storage is forbidden here: the choice holds for this visit.
    return current;
  }
}

/** @param {string} theme */
function remember(theme) {
  current = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // As above.
  }
}
