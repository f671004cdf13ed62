// What crosses between the client and its worker: types alone, no code.
//
// Every call has an id and gets exactly one answer with that id: a result, an error, or the news
// that the engine is broken. Notices have no answer.

/** @import { Divergence, Intervals, Json, Likelihood, SearchKind, SearchReport, SearchSettings } from './types.js' */
/** @import { LoadedModel, LoadProgress, ModelInfo, PromptProgress, SessionMemory, SomeKnobs, Step, TokenInfo, Variant, VariantName, View } from './types.js' */

/**
 * Where a model comes from, resolved.
 * @typedef {{ kind: 'url', url: string, name: string, bytes: number | null }} UrlSource  `bytes`: its length, where that is known beforehand
 * @typedef {{ kind: 'file', file: File, name: string }} FileSource
 * @typedef {{ kind: 'stored', id: string, name: string }} StoredSource
 * @typedef {UrlSource | FileSource | StoredSource} Source
 */

/**
 * What makes a session, and makes it again elsewhere.
 * @typedef {object} SessionSpec
 * @property {string} prompt
 * @property {'raw'|'chat'} template
 * @property {string} [system]
 */

/**
 * Questions of the client. `session` is a number that the client chose.
 * @typedef {{ type: 'load', source: Source, keep: boolean, variant: VariantName | 'auto' }} LoadCall
 * @typedef {{ type: 'tokenize', text: string, special: boolean }} TokenizeCall
 * @typedef {{ type: 'session', session: number, spec: SessionSpec, ids: number[] }} SessionCall  `ids`: output to restore
 * @typedef {{ type: 'step', session: number, knobs: SomeKnobs, top: number }} StepCall
 * @typedef {{ type: 'view', session: number, position: number, knobs: SomeKnobs, top: number }} ViewCall
 * @typedef {{ type: 'replay', session: number, knobs: SomeKnobs, top: number }} ReplayCall
 * @typedef {{ type: 'force', session: number, ids: number[] }} ForceCall
 * @typedef {{ type: 'branch', session: number, from: number, position: number, token: number }} BranchCall  `session`: the new one's number
 * @typedef {{ type: 'likelihood', session: number, knobs: SomeKnobs }} LikelihoodCall
 * @typedef {{ type: 'divergence', session: number, position: number, a: SomeKnobs, b: SomeKnobs }} DivergenceCall
 * @typedef {{ type: 'intervals', session: number, position: number | null, knobs: SomeKnobs }} IntervalsCall  null: of the whole output
 * @typedef {{ type: 'search', session: number, search: number, kind: SearchKind, settings: SearchSettings }} SearchCall  `search`: a number that the client chose
 * @typedef {{ type: 'advance', search: number }} AdvanceCall
 * @typedef {{ type: 'tokens', session: number }} TokensCall
 * @typedef {{ type: 'memory', session: number }} MemoryCall
 * @typedef {LoadCall | TokenizeCall | SessionCall | StepCall | ViewCall | ReplayCall | ForceCall | BranchCall | LikelihoodCall | DivergenceCall | IntervalsCall | SearchCall | AdvanceCall | TokensCall | MemoryCall} Call
 */

/**
 * What each call is answered with.
 * @typedef {object} Results
 * @property {{ info: ModelInfo, model: LoadedModel, variant: Variant }} load
 * @property {TokenInfo[]} tokenize
 * @property {{ promptLength: number, text: string }} session
 * @property {Json<Step>} step
 * @property {Json<View>} view
 * @property {{ flip: number | null, steps: Json<Step[]>[], ids: number[], text: string }} replay  `steps`: one piece after the other; `ids`: the output that is left
 * @property {{ text: string }} force
 * @property {{ promptLength: number, text: string }} branch
 * @property {Likelihood} likelihood
 * @property {Divergence} divergence
 * @property {Intervals} intervals
 * @property {null} search
 * @property {SearchReport} advance
 * @property {TokenInfo[]} tokens
 * @property {SessionMemory} memory
 */

/**
 * Notices of the client. `hello` is the first message; the worker holds the lock for its life.
 * @typedef {{ type: 'hello', lock: string | null }} Hello
 * @typedef {{ type: 'abort', id: number }} Abort
 * @typedef {{ type: 'close', session: number }} CloseSession
 * @typedef {{ type: 'closeSearch', search: number }} CloseSearch
 * @typedef {{ type: 'ping' }} Ping
 * @typedef {Hello | Abort | CloseSession | CloseSearch | Ping} Notice
 */

/** @typedef {{ name: string, code: string, message: string }} FlatError */

/**
 * Messages of the worker. After `fatal` it answers nothing more.
 * @typedef {{ type: 'ready', locked: boolean }} Ready
 * @typedef {{ type: 'pong' }} Pong
 * @typedef {{ type: 'result', id: number, value: Results[keyof Results] }} Result
 * @typedef {{ type: 'error', id: number, error: FlatError }} Failure
 * @typedef {{ type: 'fatal', id: number, error: FlatError }} Fatal
 * @typedef {{ type: 'progress', id: number, progress: LoadProgress | PromptProgress }} ProgressReport
 * @typedef {Ready | Pong | Result | Failure | Fatal | ProgressReport} FromWorker
 */

/** @typedef {(Call & { id: number }) | Notice} ToWorker */

export {};
