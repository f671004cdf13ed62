// A tab of a browser that nobody watches: told what to do, but not followed.
//
// The driver of the other measurements keeps a log of what a page fetches in the page's own process: a copy of the
// engine and of all scripts, which no reader's tab has.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchOptions } from '../browser.mjs';

/** How often a page is asked whether it is there yet, in milliseconds. */
const INTERVAL = 50;
/** The longest wait for a page, in milliseconds. */
const PATIENCE = 60_000;

/** A browser with an empty profile and one tab, spoken to in Chromium's DevTools protocol over a pipe. */
export class PlainTab {
  /** @type {import('node:child_process').ChildProcess} */
  #browser;
  #profile;
  #session = '';
  #calls = 0;
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  /** The beginning of a message whose end has not arrived. */
  #begun = '';

  /** @param {string} profile  an empty folder */
  constructor(profile) {
    const { executablePath, args } = launchOptions();
    this.#profile = profile;
    const flags = [...args, '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'];
    this.#browser = spawn(executablePath, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const answers = /** @type {import('node:stream').Readable} */ (this.#browser.stdio[4]).setEncoding('utf8');
    answers.on('data', (text) => this.#take(text));
    this.#browser.on('exit', () => this.#waiting.forEach(({ reject }) => reject(new Error('The browser has ended.'))));
  }

  static async open() {
    const tab = new PlainTab(await mkdtemp(join(tmpdir(), 'tokenscope-tab-')));
    const { targetInfos } = await tab.#send('Target.getTargets');
    const { targetId } = targetInfos.find((/** @type {{ type: string }} */ { type }) => type === 'page');
    tab.#session = (await tab.#send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    return tab;
  }

  /**
   * Opens a page, again if it is there already, and waits until an expression holds in it.
   * @param {string} url @param {string} ready
   */
  async goto(url, ready) {
    const same = (await this.evaluate('location.href')) === url;
    await this.evaluate('window.left = true');
    await (same ? this.#send('Page.reload') : this.#send('Page.navigate', { url }));
    const end = performance.now() + PATIENCE;
    // Between two pages there is none to ask.
    while (!(await this.evaluate(`!window.left && Boolean(${ready})`).catch(() => false))) {
      if (performance.now() > end) throw new Error(`${url} is not ready after ${PATIENCE / 1000} s.`);
      await new Promise((done) => setTimeout(done, INTERVAL));
    }
  }

  /** The value of an expression in the page, awaited if it is a promise. @param {string} expression @returns {Promise<any>} */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** The browser's processes that run pages. @returns {Promise<number[]>} */
  async renderers() {
    const { processInfo } = await this.#send('SystemInfo.getProcessInfo', {}, '');
    const renderers = processInfo.filter((/** @type {{ type: string }} */ { type }) => type === 'renderer');
    return renderers.map((/** @type {{ id: number }} */ { id }) => id);
  }

  async close() {
    const { exitCode, signalCode } = this.#browser;
    if (exitCode === null && signalCode === null) {
      this.#send('Browser.close', {}, '').catch(() => {});
      await once(this.#browser, 'exit');
    }
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 3 });
  }

  /** @param {string} method @param {object} [params] @param {string} [sessionId] @returns {Promise<any>} */
  #send(method, params = {}, sessionId = this.#session) {
    const id = ++this.#calls;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const pipe = /** @type {import('node:stream').Writable} */ (this.#browser.stdio[3]);
    pipe.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    return answer;
  }

  /** Each message ends with a zero. @param {string} text */
  #take(text) {
    const messages = (this.#begun + text).split('\0');
    this.#begun = messages.pop() ?? '';
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result);
    }
  }
}
