// What a reader can do on the page, by the hooks that the page keeps stable for tests.

/** CSS of every hook, in one place. Ids and attribute names are part of the page's markup. */
export const HOOKS = {
  prompt: '#prompt',
  raw: '#writing input[type=radio][value=raw]',
  load: '#load',
  progress: '#load-progress',
  file: '#model-file',
  models: '#model-button',
  help: 'button[aria-label=Help]',
  engine: '#model-menu [data-fact=Engine] dd',
  remove: '#model-menu [data-delete]',
  generate: '#generate',
  step: '#step',
  stop: '#stop',
  clear: '#clear',
  status: '[role=status]',
  alert: '[role=alert]',
  chips: '#strip [data-position]',
  outputChips: '#strip [data-position][data-kind=output]',
  bars: '#step-view [data-bar]',
  others: '#step-view [data-bar=others]',
  alternative: '#step-view .alternative',
  write: '#step-view [data-write]',
  trajectories: '#strip [data-trajectory]',
  graphs: '#time-view [data-step]',
  play: '#time-view [data-play]',
  outcomes: '#outcomes-view [data-outcome]',
  unseen: '#outcomes-view [data-unseen]',
  prefixNodes: '#outcomes-view [data-node]',
  beamNodes: '#beams-view g[data-key]',
  finishedBeams: '#beams-view [data-beam]',
  rivals: '#beams-view [data-rival]',
  columns: '#compare-view .compare-column',
  stages: '#knobs .chain [data-chain-stage]',
  score: '#strip [data-score]',
  totals: '#strip [data-total]',
};

/** How long a model may take to load, and a text to be written, on a slow machine. */
const PATIENCE = 120_000;

export class Reader {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {keyof typeof HOOKS} name */
  at(name) {
    return this.page.locator(HOOKS[name]);
  }

  /** Opens the tab of a view. @param {'step' | 'time' | 'outcomes' | 'beams' | 'compare'} name */
  async open(name) {
    await this.page.locator(`[data-tab=${name}]`).click();
    await this.page.locator(`#${name}-view`).waitFor();
  }

  /** The button that starts a search in a view, from its empty state or the row above. @param {'outcomes' | 'beams' | 'compare'} view */
  async start(view) {
    await this.page.locator(`#${view}-view [data-start]`).click();
  }

  /** Waits until a view's search is over. @param {'outcomes' | 'beams' | 'compare'} view */
  async searched(view) {
    await this.#begun(`#${view}-view [data-stop]`);
    await this.page.locator(`#${view}-view [data-stop]:disabled`).waitFor({ timeout: PATIENCE });
  }

  /** Waits until a *Stop* button shows that something runs; what is short may be over already. @param {string} stop */
  async #begun(stop) {
    await this.page.locator(`${stop}:enabled`).waitFor({ timeout: 2000 }).catch(() => {});
  }

  /** A slider, by the knob's key. @param {string} key */
  slider(key) {
    return this.page.locator(`input[type=range][name=${key}]`);
  }

  /** A number field, by the knob's key. @param {string} key */
  field(key) {
    return this.page.locator(`input[type=number][name=${key}]`);
  }

  /** Clicks *Load* and waits until the page can generate. */
  async loadModel() {
    await this.at('load').click();
    await this.ready();
  }

  /** Waits until a model is there and nothing runs. */
  async ready() {
    await this.page.locator(`${HOOKS.generate}:enabled`).waitFor({ timeout: PATIENCE });
  }

  /** What the model menu says of the engine: its build, and why this one. */
  async engine() {
    await this.at('models').click();
    const line = await this.at('engine').innerText();
    await this.page.keyboard.press('Escape');
    return line;
  }

  /** A prompt that the model goes on with, outside any chat. @param {string} text */
  async type(text) {
    await this.at('raw').check();
    await this.at('prompt').fill(text);
  }

  /** Types a number into a knob's field. @param {string} key @param {number} value */
  async set(key, value) {
    await this.field(key).fill(String(value));
    await this.field(key).press('Enter');
  }

  /** Everything around one knob. @param {string} key */
  knob(key) {
    return this.page.locator(`[data-knob=${key}]`);
  }

  /** Unfolds the groups of knobs, and the chain. */
  async unfold() {
    await this.page.evaluate(() => {
      for (const group of document.querySelectorAll('#knobs details')) group.setAttribute('open', '');
    });
  }

  /** Types a word into a knob that names tokens, and takes the first token that is offered. @param {string} key @param {string} word */
  async addToken(key, word) {
    await this.knob(key).locator('input[type=text]').fill(word);
    await this.knob(key).locator('.token-found button').first().click();
  }

  /** What a slider says of how far it can go: of the chosen token, and of the whole text. @param {string} key */
  async bands(key) {
    const slider = this.page.locator(`input[type=range][name=${key}][aria-description*="whole text"]`);
    const told = await slider.getAttribute('aria-description', { timeout: PATIENCE });
    const numbers = [...(told ?? '').matchAll(/from (\S+|no lower limit) to (\S+|no upper limit)(?=;|$)/g)];
    const [step, text] = numbers.map(([, low, high]) => [Number(low.replace(/no lower.*/, '-Infinity')), high.startsWith('no') ? Infinity : Number(high)]);
    return { step, text };
  }

  /** Names of the stages of the chain, in order. */
  async chain() {
    return this.at('stages').evaluateAll((items) => items.map((item) => item.getAttribute('data-chain-stage') ?? ''));
  }

  /** The line on the whole text, by what it tells. */
  async totals() {
    await this.page.locator('#strip .totals:not(.stale)').waitFor();
    return Object.fromEntries(await this.at('totals').evaluateAll((facts) => facts.map((fact) => [fact.getAttribute('data-total') ?? '', fact.querySelector('dd')?.textContent ?? ''])));
  }

  /** Clicks *Generate* and waits for the end of the text. */
  async generate() {
    await this.at('generate').click();
    await this.#begun(HOOKS.stop);
    await this.ready();
  }

  /** Clicks *Generate* and waits for the first tokens only. @param {number} tokens */
  async beginGenerating(tokens) {
    const before = await this.at('outputChips').count();
    await this.at('generate').click();
    await this.atLeastChips(before + tokens);
  }

  /** @param {number} count */
  async atLeastChips(count) {
    await this.at('outputChips').nth(count - 1).waitFor({ timeout: PATIENCE });
  }

  /** The generated tokens' texts. @returns {Promise<string[]>} */
  async output() {
    return this.at('outputChips').allTextContents();
  }

  /** Waits until the output is a text that is known. @param {string[]} tokens */
  async outputIs(tokens) {
    await this.page.waitForFunction(([selector, text]) => [...document.querySelectorAll(selector)].map((chip) => chip.textContent).join('|') === text, [HOOKS.outputChips, tokens.join('|')]);
  }

  /** The bars that are drawn, as text: any change of token, probability or height changes it. */
  async bars() {
    return this.at('bars').evaluateAll((bars) => bars.map((bar) => bar.outerHTML).join('\n'));
  }

  /**
   * Drags a slider with the mouse to a share of its travel.
   * @param {string} key
   * @param {number} share  0 is its left end
   */
  async drag(key, share) {
    const slider = this.slider(key);
    await slider.scrollIntoViewIfNeeded();
    const box = await slider.boundingBox();
    if (!box) throw new Error(`The slider ${key} is not on the page.`);
    const { mouse } = this.page;
    const y = box.y + box.height / 2;
    const thumb = await slider.evaluate((input) => {
      const { value, min, max } = /** @type {HTMLInputElement} */ (input);
      return (Number(value) - Number(min)) / (Number(max) - Number(min));
    });
    await mouse.move(box.x + 8 + thumb * (box.width - 16), y);
    await mouse.down();
    await mouse.move(box.x + 8 + share * (box.width - 16), y, { steps: 8 });
    await mouse.up();
  }
}
