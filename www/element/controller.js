// What a page or an element does with the engine: a prompt, knobs, a text, and the step that is looked at.
//
// It draws nothing. Listeners hear an event when something changed and read what they need:
// `model`, `prompt`, `knobs`, `text`, `branches`, `bands`, `status`, and with a detail `view`, `notice` and `knob-error`.

/** @import { Session } from '../engine/session.js' */
/** @import { Knobs } from '../engine/knobs.js' */
/** @import { Finish, ModelSource, Step, TokenInfo } from '../engine/types.js' */

import { DEFAULTS, KNOBS } from '../engine/knobs.js';
import { Branches } from './branches.js';
import { Looking } from './looking.js';
import { ModelKeeper } from './model-keeper.js';
import { replayAround } from './replay.js';
import { Rewriting } from './rewriting.js';
import { Speed } from './speed.js';
import { Trajectory } from './trajectory.js';
import { Turns, pause } from './turns.js';

/**
 * @typedef {{ kind: 'idle' } | { kind: 'reading', done: number, total: number } | { kind: 'writing' }
 *   | { kind: 'done', finish: Finish, again: boolean } | { kind: 'stopped' }} Activity
 */

export class Controller extends EventTarget {
  prompt = '';
  /** @type {'raw' | 'chat'} */
  template = 'raw';
  /** @type {Readonly<Knobs>} */
  knobs = Object.freeze({ ...DEFAULTS });
  /** @type {Activity} */
  activity = { kind: 'idle' };
  trajectory = new Trajectory();
  /** All texts from this prompt; `trajectory` is the current one's. */
  branches = new Branches();
  /** Tokens per second when last written. @type {number | null} */
  tokensPerSecond = null;

  /** @type {Session | null} */
  #session = null;
  #sessionPrompt = '';
  /** So many tokens are written again after a knob moved: all, after *Generate*. */
  #goal = 0;
  /** The text was cut or interrupted by a knob and is to be written on. */
  #owed = false;
  /** Knobs of the output as it stands. @type {Readonly<Knobs> | null} */
  #writtenWith = null;
  /** The last knobs that the engine accepted. */
  #sound = this.knobs;
  /** @type {Finish | null} */
  #finish = null;
  /** Models so far: results of one are none of the next. */
  #modelsSeen = 0;
  #speed = new Speed();
  #turns = new Turns();
  #rewriting = new Rewriting(() => this.#rewrite());
  #models = new ModelKeeper({
    onChange: () => this.#emit('model'),
    onOtherModel: () => {
      this.#modelsSeen++;
      this.#forget();
      this.#forgetTokens();
    },
    onNotice: (message, tone) => this.#emit('notice', { message, tone }),
  });
  #looking = new Looking(() => ({ session: this.#session, trajectory: this.trajectory, knobs: this.knobs, busy: this.busy }), {
    onView: (written) => this.#emit('view', { written }),
    onCaughtUp: () => this.#rewriting.pictureShown(),
    onBands: () => this.#emit('bands'),
    onError: (error) => this.#fail(error),
  });

  // --- what listeners read -----------------------------------------------------------------

  /** Whether there is a model, and how far it is on its way. */
  get models() {
    return this.#models;
  }

  /** The text is being read or written. A replay of what is there is too short to count. */
  get busy() {
    return this.#turns.busy && (this.activity.kind === 'reading' || this.activity.kind === 'writing');
  }

  /** The prompt was changed since the text was written. */
  get outdated() {
    return this.trajectory.tokens.length > 0 && (!this.#session || this.#sessionPrompt !== this.#promptKey());
  }

  /** The session of the text, while there is one. */
  get session() {
    return this.#session;
  }

  /** What a text comes from, knobs aside: prompt, template and model. */
  get source() {
    return `${this.#modelsSeen} ${this.#promptKey()}`;
  }

  /** The picture of the position that is shown, if there is one. */
  get view() {
    return this.#looking.view;
  }

  /** How far each knob can go before the token that is looked at changes, or any of the text. */
  get bands() {
    return this.#looking.bands;
  }

  /** The position that is shown. */
  get shown() {
    return this.#looking.shown;
  }

  /** How many bars are drawn. */
  get top() {
    return this.#looking.top;
  }

  // --- what the reader does ----------------------------------------------------------------

  /** @param {ModelSource} model */
  load(model) {
    return this.#models.load(model);
  }

  /** @param {string} prompt @param {'raw' | 'chat'} [template] */
  setPrompt(prompt, template = this.template) {
    if (prompt === this.prompt && template === this.template) return;
    this.prompt = prompt;
    this.template = template;
    this.#emit('prompt');
    this.#emit('text');
  }

  /** @param {Partial<Knobs>} changes */
  setKnobs(changes) {
    const knobs = /** @type {Record<string, unknown>} */ (this.knobs);
    if (Object.entries(changes).every(([key, value]) => knobs[key] === value)) return;
    this.knobs = Object.freeze({ ...this.knobs, ...changes });
    this.#emit('knobs');
    this.#looking.knobsMoved();
    if (this.#session && !this.outdated && (this.trajectory.outputLength > 0 || this.busy)) this.#scheduleRewrite();
  }

  /** @param {number} top */
  setTop(top) {
    this.#looking.top = top;
    this.#looking.refresh();
  }

  /** Writes until the text ends. */
  async generate() {
    await this.#write(async (signal) => {
      const ready = await this.#ready(signal);
      this.#looking.select(null);
      this.#goal = Infinity;
      this.#owed = true;
      const { session } = await this.#catchUp(ready, signal);
      if (this.#finish !== null && this.#ended()) return this.#act({ kind: 'done', finish: this.#finish, again: true });
      await this.#go(session, signal);
    });
  }

  /** Writes one token. */
  async step() {
    await this.#write(async (signal) => {
      const ready = await this.#ready(signal);
      this.#looking.select(null);
      const { session } = await this.#catchUp(ready, signal);
      this.#act({ kind: 'writing' });
      this.#writtenWith = this.knobs;
      this.#take(session, await session.step(this.knobs, { signal, top: this.top }));
      this.#goal = this.trajectory.outputLength;
    });
  }

  /** A session of the prompt as it is now, read if need be; a text from another prompt is given up then. @returns {Promise<Session>} */
  async prepare() {
    if (this.#session && !this.outdated) return this.#session;
    /** @type {Session | null} */
    let session = null;
    await this.#write(async (signal) => {
      session = await this.#ready(signal);
    });
    if (session) return session;
    throw new DOMException('The reading was ended.', 'AbortError');
  }

  /**
   * Writes another token in place of the one at a position, in a text of its own that becomes the current one.
   * @param {number} position
   * @param {number} id
   */
  async branch(position, id) {
    await this.#write(async (signal) => {
      const { session } = await this.#catchUp(await this.#ready(signal), signal);
      const branch = await session.branch(position, id);
      this.#adopt(branch, await branch.tokens({ signal }), position);
    });
  }

  /**
   * Puts a text of the reader's own after the prompt, as one of the texts: how probable is it? It stays whatever
   * the knobs are.
   * @param {string} text
   */
  async score(text) {
    await this.#write(async (signal) => {
      const session = await this.#ready(signal);
      const ids = (await this.#models.engine?.tokenize(text, { signal }) ?? []).map(({ id }) => id);
      if (ids.length === 0) return;
      const scored = await session.branch(session.promptLength, ids[0], { signal });
      await scored.force(ids.slice(1), { signal });
      this.#adopt(scored, await scored.tokens({ signal }), session.promptLength + ids.length - 1);
    });
  }

  /** @param {Session} session @param {TokenInfo[]} tokens @param {number} at  position of the reader's last token in it */
  #adopt(session, tokens, at) {
    this.#leave();
    const trajectory = new Trajectory();
    trajectory.adopt(tokens, Math.min(session.promptLength, tokens.length));
    this.branches.add({ session, trajectory, at, writtenWith: this.knobs });
    this.#enter(at);
  }

  /** Shows another of the texts. @param {number} key */
  switchTo(key) {
    if (this.branches.current?.key === key || !this.branches.of(key)) return;
    this.stop();
    this.#leave();
    this.branches.choose(key);
    this.#enter(null);
  }

  /** @param {number} key @param {string} name */
  rename(key, name) {
    this.branches.rename(key, name);
    this.#emit('branches');
  }

  /** @param {number} key */
  drop(key) {
    const current = this.branches.current?.key === key;
    if (current) this.stop();
    this.branches.drop(key);
    if (current && this.branches.current?.key !== key) this.#enter(null);
    this.#emit('branches');
  }

  stop() {
    this.#owed = false;
    this.#rewriting.cancel();
    this.#turns.end();
    this.#goal = this.trajectory.outputLength;
    this.trajectory.settle();
    this.#emit('text');
  }

  /** Forgets the text; prompt and knobs stay. */
  clear() {
    this.stop();
    this.#forget();
  }

  /** @param {number | null} position  null follows the newest */
  select(position) {
    this.#looking.select(position);
    this.#emit('text');
    this.#looking.look();
  }

  /** Tells what went wrong elsewhere on this text. @param {Error} error */
  report(error) {
    this.#fail(error);
  }

  /** Gives the engine back. */
  release() {
    this.clear();
    this.#models.release();
  }

  // --- writing -----------------------------------------------------------------------------

  /** @param {(signal: AbortSignal) => Promise<void>} work */
  async #write(work) {
    this.#rewriting.cancel();
    const running = this.#turns.run(work, (error) => this.#fail(error));
    this.#act({ kind: 'writing' });
    if (await running) this.#settled();
  }

  /** Nothing runs any more. */
  #settled() {
    if (this.#goal !== Infinity || this.#finish === null) this.#goal = this.trajectory.outputLength;
    this.#owed = false;
    this.trajectory.settle();
    if (this.activity.kind === 'writing' || this.activity.kind === 'reading') {
      this.activity = this.#finish ? { kind: 'done', finish: this.#finish, again: false } : this.#goal > 0 ? { kind: 'stopped' } : { kind: 'idle' };
    }
    this.#emit('text');
    this.#emit('status');
    if (this.view?.position !== this.shown) this.#looking.look();
  }

  /** The session of this prompt; a new one if the prompt is another. @param {AbortSignal} signal */
  async #ready(signal) {
    if (this.#session && !this.outdated) return this.#session;
    const { prompt, template } = this;
    const key = this.#promptKey();
    const engine = this.#models.engine;
    if (!engine) throw new Error('Load a model first.');
    this.#act({ kind: 'reading', done: 0, total: 0 });
    const onProgress = (/** @type {{ done: number, total: number }} */ { done, total }) => this.#act({ kind: 'reading', done, total });
    const session = await engine.session({ prompt, template, signal, onProgress });
    const tokens = await session.tokens({ signal });
    this.#forget();
    this.#session = session;
    this.#sessionPrompt = key;
    this.trajectory.begin(tokens);
    this.branches.add({ session, trajectory: this.trajectory, at: null, writtenWith: null });
    this.#emit('text');
    this.#emit('branches');
    return session;
  }

  /** Remembers the current text, before another one is shown. */
  #leave() {
    const { current } = this.branches;
    if (current) Object.assign(current, { finish: this.#finish, writtenWith: this.#writtenWith });
  }

  /** Shows the current text. @param {number | null} position  that is looked at */
  #enter(position) {
    const { current } = this.branches;
    if (!current) return;
    this.trajectory.settle();
    this.#session = current.session;
    this.trajectory = current.trajectory;
    this.#finish = current.finish;
    this.#writtenWith = current.writtenWith;
    this.#looking.select(position === null || position >= this.trajectory.tokens.length - 1 ? null : position);
    this.#goal = this.trajectory.outputLength;
    this.#owed = false;
    this.#emit('branches');
    this.#emit('text');
    this.#looking.look();
  }

  /** Brings the output up to date with the knobs. @param {Session} session @param {AbortSignal} signal */
  async #catchUp(session, signal) {
    const { knobs, trajectory } = this;
    if (trajectory.outputLength === 0 || this.#writtenWith === knobs) return { session, flip: null };
    const at = this.branches.current?.at ?? null;
    const { session: now, replay } = await replayAround(session, knobs, { at, signal });
    this.#writtenWith = knobs;
    this.#keepSession(now);
    const flip = replay ? replay.flip : trajectory.outputLength - 1;
    if (replay) trajectory.replace(replay.steps);
    else trajectory.cut(/** @type {number} */ (at) - trajectory.promptLength + 1);
    this.#finish = replay?.steps.at(-1)?.finish ?? null;
    if (flip === null) trajectory.settle();
    this.#emit('text');
    this.#looking.look();
    return { session: now, flip };
  }

  /** The text goes on in another session. @param {Session} session */
  #keepSession(session) {
    this.#session = session;
    if (this.branches.current) this.branches.current.session = session;
  }

  /** @param {Session} session @param {AbortSignal} signal */
  async #go(session, signal) {
    this.#act({ kind: 'writing' });
    this.#speed.reset();
    this.#writtenWith = this.knobs;
    for await (const step of session.generate(this.knobs, { signal, top: this.top })) {
      this.#take(session, step);
      if (this.trajectory.outputLength >= this.#goal) break;
    }
  }

  /** @param {Session} session @param {Step} step */
  #take(session, step) {
    // Cleared meanwhile: this token came too late.
    if (session !== this.#session) return;
    this.#sound = /** @type {Readonly<Knobs>} */ (this.#writtenWith);
    this.trajectory.push(step);
    this.#finish = step.finish;
    this.#emit('branches');
    this.#speed.tick();
    this.tokensPerSecond = this.#speed.perSecond ?? this.tokensPerSecond;
    this.#emit('text');
    this.#emit('status');
    if (this.shown !== step.position) return;
    // A knob may have moved since this step was asked for.
    if (this.#writtenWith === this.knobs) this.#looking.show(step, true);
    else this.#looking.refresh();
  }

  /** After a text that ended by itself only a changed limit lets it go on. */
  #ended() {
    return this.#finish !== 'maxNewTokens' || this.trajectory.outputLength >= this.knobs.maxNewTokens;
  }

  // --- knobs -------------------------------------------------------------------------------

  #scheduleRewrite() {
    if (!this.#rewriting.active) {
      this.trajectory.remember();
      if (this.activity.kind === 'writing' && this.busy) this.#owed = true;
    }
    this.#rewriting.schedule();
  }

  /** Replays the text under the new knobs, and writes on where it was cut. */
  async #rewrite() {
    const session = this.#session;
    if (!session || this.outdated) return;
    const running = this.#turns.run(async (signal) => {
      const { session: now, flip } = await this.#catchUp(session, signal);
      // A text that ran to its end goes on where the end is now further away.
      if (flip !== null || this.#goal === Infinity) this.#owed = true;
      if (!this.#owed || this.#finish !== null || this.trajectory.outputLength >= this.#goal) return;
      // Forward passes would keep the worker from drawing bars, so they wait until the knob rests.
      for (let wait; (wait = this.#rewriting.quietIn()) > 0; ) await pause(wait, signal);
      if (!signal.aborted) await this.#go(now, signal);
    }, (error) => this.#fail(error));
    this.#emit('status');
    if (await running) this.#settled();
  }

  // --- the rest ----------------------------------------------------------------------------

  #promptKey() {
    return `${this.template}:${this.prompt}`;
  }

  #forget() {
    this.branches.clear();
    this.#session = null;
    this.#finish = null;
    this.#writtenWith = null;
    this.#looking.select(null);
    this.trajectory = new Trajectory();
    if (!this.busy) this.activity = { kind: 'idle' };
    this.#looking.show(null);
    this.#emit('text');
    this.#emit('branches');
    this.#emit('status');
  }

  /** Knobs that name tokens of another model would mean others now. */
  #forgetTokens() {
    const { bannedTokens, logitBias } = this.knobs;
    if (bannedTokens.length + Object.keys(logitBias).length === 0) return;
    this.setKnobs({ bannedTokens: [], logitBias: {} });
    const message = 'The banned and biased tokens were those of the model before: another model has other tokens, so these knobs are at rest again.';
    this.#emit('notice', { message, tone: 'notice' });
  }

  /** @param {Activity} activity */
  #act(activity) {
    this.activity = activity;
    this.#emit('status');
  }

  /** @param {Error & { code?: string }} error */
  #fail(error) {
    const { name, code, message } = error;
    // Told by the engine's own events, or of no interest to anybody.
    if (name === 'AbortError' || code === 'worker-died') return;
    const knob = code?.startsWith('knob') ? KNOBS.find(({ key }) => new RegExp(`\\b${key}\\b`).test(message)) : undefined;
    if (knob) {
      this.knobs = Object.freeze({ ...this.knobs, [knob.key]: this.#sound[knob.key] });
      this.#emit('knobs');
      this.#emit('knob-error', { key: knob.key, message });
    } else this.#emit('notice', { message, tone: 'error' });
  }

  /** @param {string} type @param {unknown} [detail] */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
