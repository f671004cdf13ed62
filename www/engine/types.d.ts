// The shapes that callers of the engine see, and those that the worker expects of the wasm.

import type { Knobs } from './knobs.js';

/** Some of the knobs; those left out have their default. */
export type SomeKnobs = Partial<Knobs>;

// --- what the model says ---------------------------------------------------------------------

/** One token of the vocabulary as a bar. */
export interface Bar {
  id: number;
  /** Place by raw logit, from 0; ties by id. */
  rank: number;
  text: string;
  /** The text has bytes that are not whole UTF-8, written as `\xE2`. */
  partial: boolean;
  logit: number;
  /** The logit after biases and penalties, before the temperature; also of a removed token. */
  penalised: number;
  /** The logit as the stages left it: divided by the temperature. */
  scaled: number;
  /** Softmax of `scaled` over the whole vocabulary, before anything is cut or banned. */
  softmax: number;
  /** Probability before any stage. */
  raw: number;
  /** Probability after all stages. */
  warped: number;
  /** Interval [low, high) on the cumulative warped distribution. */
  low: number;
  high: number;
  /** The stage that removed it, or null. */
  removedBy: string | null;
}

/** Entropy in bits, and the effective number of tokens, 2^entropy. */
export interface Spread {
  entropy: number;
  effective: number;
}

/** What one stage did. */
export interface StageReport {
  stage: string;
  /** Tokens that it removed, and the raw probability that they held. */
  removed: number;
  rawMass: number;
  note: string | null;
}

/** The distribution at one position, and the token that stands there. */
export interface View {
  /** Index in the token sequence, prompt included. */
  position: number;
  /** The same counted from the first generated token; negative in the prompt. */
  step: number;
  vocabulary: number;
  tokens: Bar[];
  /** All tokens without a bar: exact masses. */
  others: { count: number; kept: number; raw: number; warped: number };
  raw: Spread;
  warped: Spread;
  /** Tokens that survive every stage, and the raw probability that they hold. */
  kept: { count: number; mass: number };
  stages: StageReport[];
  /** Null for positions of the prompt. */
  draw: { u: number; id: number; low: number; high: number } | null;
  chosen: { id: number; text: string; partial: boolean; rank: number; raw: number; warped: number; logProb: number };
}

/** By knob: the least and the greatest value at which a choice stays, the other knobs held. Both belong to it. */
export type Intervals = Partial<Record<keyof Knobs, [number, number]>>;

/** Why a text ended. */
export type Finish = 'end' | 'maxNewTokens' | 'stop' | 'context';

/** One token that was generated. */
export interface Step extends View {
  id: number;
  /** Text that became complete with this token; never half a character. */
  delta: string;
  /** The whole output so far, without a matched stop string. */
  text: string;
  finish: Finish | null;
  /** No forward pass was needed. */
  cached: boolean;
}

/** What other knobs make of the steps that were already generated. */
export interface Replay {
  /** The first step whose choice differs, or null. Tokens after it are gone. */
  flip: number | null;
  steps: Step[];
}

export interface TokenInfo {
  id: number;
  text: string;
  partial: boolean;
  /** Structure (the start of a turn, the end of a text) and not text. */
  special: boolean;
  kind: 'prompt' | 'output';
  position: number;
  /** Probability that the model gave it; null for the very first token. */
  raw: number | null;
  /** Probability after the knobs; null in the prompt. */
  warped: number | null;
}

/** Bytes that a session holds. */
export interface SessionMemory {
  stateBytes: number;
  logitsBytes: number;
  budgetBytes: number;
}

export interface ModelInfo {
  name: string;
  architecture: string;
  parameters: number;
  layers: number;
  vocabulary: number;
  contextLength: number;
  /** How many tensors there are of each type. */
  tensorTypes: Record<string, number>;
  fileBytes: number;
  weightBytes: number;
  chatTemplate: boolean;
  endTokens: number[];
  license: string | null;
  engine: 'tokenscope' | 'candle-transformers';
  /** What its products of quantised weights are made of on this processor; null for candle-transformers. */
  products: 'words' | 'pairs' | 'fours' | null;
}

// --- whole texts -----------------------------------------------------------------------------

/** A text under the model's own distribution and under that of the knobs (teacher forcing). */
export interface Likelihood {
  /** Output tokens in order. `warped` is null where the knobs forbid the token (its log is minus infinity). */
  tokens: { id: number; position: number; text: string; raw: number; warped: number | null }[];
  /** ln p of the whole output; `warped` is null if a token of it is forbidden. */
  raw: number;
  warped: number | null;
  /** exp(-raw / tokens); null without tokens. */
  perplexity: number | null;
}

/** How far two settings are apart at one position, over the whole vocabulary. */
export interface Divergence {
  position: number;
  /** Half the sum of the absolute differences, 0 to 1. */
  totalVariation: number;
  /** Kullback-Leibler divergence of B from A in bits; null if it is infinite. */
  kl: number | null;
}

/** One distinct text that was sampled or enumerated. */
export interface Outcome {
  ids: number[];
  text: string;
  /** How many of the samples are this text; 0 when enumerated. */
  count: number;
  /** ln of its exact probability under the knobs, and under the model itself. */
  logProb: number;
  rawLogProb: number;
  finish: Finish;
}

/** n sampled texts as a distribution over texts. Reports stream; each tells all that is known. */
export interface OutcomesReport {
  /** Distinct texts that are finished: most frequent first, ties by probability. */
  outcomes: Outcome[];
  /** Samples asked for, and those finished. */
  n: number;
  finished: number;
  /** Token positions that the model computed, and those that n separate texts would have taken. */
  computed: number;
  separate: number;
  /** Exact probability of all texts that were not seen: 1 - the sum over the distinct ones. */
  unseen: number;
  done: boolean;
}

export interface OutcomesSettings extends SomeKnobs {
  /** 1 to 10,000. */
  n: number;
}

/** The most probable texts in exact order. */
export interface EnumerateReport {
  /** Most probable first; this order is final. */
  outcomes: Outcome[];
  /** No text that is not listed is more probable than this. */
  bound: number;
  computed: number;
  done: boolean;
}

export interface EnumerateSettings extends SomeKnobs {
  /** How many texts are wanted, 1 to 1,000. */
  m: number;
  /** Give up after so many token positions. Default 2,000. */
  limit?: number;
}

export interface BeamSettings extends SomeKnobs {
  numBeams: number;
  /** Exponent of the length in a finished score. Default 1. */
  lengthPenalty?: number;
  /** Default false. */
  earlyStopping?: boolean | 'never';
  /** How many finished texts are returned. Default 1. */
  numReturn?: number;
}

/** One continuation that a step of beam search looked at. */
export interface BeamCandidate {
  /** Place of its parent among the beams of the step before. */
  parent: number;
  id: number;
  text: string;
  /** Sum of log-probabilities after the processors, this token included. */
  score: number;
  fate: 'kept' | 'pruned' | 'finished';
  /** Place among the beams of this step, if it was kept. */
  beam: number | null;
}

export interface Beam {
  ids: number[];
  text: string;
  /** Sum of log-probabilities. */
  score: number;
}

export interface FinishedBeam extends Beam {
  /** New tokens, the end token included. */
  length: number;
  /** score / length^lengthPenalty. */
  normalised: number;
  /** Exact ln p under the model itself. */
  rawLogProb: number;
  finish: Finish;
}

export interface BeamReport {
  /** From 0. */
  step: number;
  candidates: BeamCandidate[];
  beams: Beam[];
  /** All texts finished so far, best normalised score first. */
  finished: FinishedBeam[];
  /** What the search returns, once it is done. */
  returned: FinishedBeam[];
  computed: number;
  done: boolean;
}

export type SearchKind = 'outcomes' | 'enumerate' | 'beams';
export type SearchSettings = OutcomesSettings | EnumerateSettings | BeamSettings;
export type SearchReport = OutcomesReport | EnumerateReport | BeamReport;

// --- loading ---------------------------------------------------------------------------------

/** A model that this browser keeps. */
export interface StoredModel {
  id: string;
  /** File name. */
  name: string;
  /** The name that the model gives itself. */
  model: string;
  architecture: string;
  bytes: number;
  /** Where it was downloaded from; null for a file of the reader's. */
  url: string | null;
  etag: string | null;
  /** When it was kept, ISO 8601. */
  date: string;
}

/** 'default', an http(s) address, a GGUF file, or a kept model. */
export type ModelSource = 'default' | string | URL | File | Pick<StoredModel, 'id'>;

/** How far a load is. The last report of a load has phase 'build' and loaded = total. */
export interface LoadProgress {
  /** start: the engine itself; download or read: the model's bytes; build: making it ready. */
  phase: 'start' | 'download' | 'read' | 'build';
  /** Bytes. */
  loaded: number;
  /** Bytes; null while unknown. */
  total: number | null;
  /** Over the last two seconds; 0 while unknown. */
  bytesPerSecond: number;
  /** The bytes come from this browser's storage, not from the network. */
  fromStorage: boolean;
}

/** How much of a prompt has been read, in tokens. */
export interface PromptProgress {
  phase: 'prompt';
  done: number;
  total: number;
}

/** What is known of the file that was loaded. */
export interface LoadedModel {
  /** File name. */
  name: string;
  bytes: number;
  url: string | null;
  fromStorage: boolean;
  /** It is in this browser's storage now. */
  kept: boolean;
  /** Why it is not; null if it is. */
  reason: string | null;
  /** Name in the storage; null if it is not there. */
  id: string | null;
}

/** A build of the engine. All give the same tokens. */
export type VariantName = 'threads' | 'fast' | 'baseline';

/** The build that runs. */
export interface Variant {
  name: VariantName;
  /** What it is, in words. */
  means: string;
  /** Threads that share the work. */
  threads: number;
  /** Why this one. */
  reason: string;
}

export interface LoadOptions {
  /** Default: 'default'. */
  model?: ModelSource;
  onProgress?: (progress: LoadProgress) => void;
  /** Stops the download at once; the model that was there before stays. */
  signal?: AbortSignal;
  /** Keep the file in this browser for the next visit. Default: true. */
  keep?: boolean;
  /** The build of the engine. Default: 'auto', the fastest that this browser can run. */
  variant?: VariantName | 'auto';
  /** What relative addresses are relative to. Default: the page. */
  baseURL?: string | URL;
  /** Where 'default' lies. Default: models/ beside the engine. */
  defaultModelURL?: string | URL;
}

export interface SessionOptions {
  prompt: string;
  /** 'raw': the prompt as it is; 'chat': inside the model's chat template. Default: 'raw'. */
  template?: 'raw' | 'chat';
  /** System message, for 'chat'. */
  system?: string;
  /** Stops between two pieces of the prompt. */
  signal?: AbortSignal;
  onProgress?: (progress: PromptProgress) => void;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface ViewOptions extends CallOptions {
  /** How many tokens get a bar. Default: 50. */
  top?: number;
}

/** Whether the engine can be used. */
export type EngineStatus = 'empty' | 'ready' | 'restarting' | 'failed' | 'closed';

/** Detail of the engine's 'status' event. */
export interface StatusDetail {
  status: EngineStatus;
  /** Why it failed. */
  error: Error | null;
}

/** Detail of the engine's 'restart' event. */
export interface RestartDetail {
  /** What ended the worker. */
  error: Error;
  /** Deaths within the last half minute, this one included. */
  deaths: number;
  /** False if there were too many, so that nothing is started again. */
  again: boolean;
}

/** Detail of the engine's 'model' event. */
export interface ModelDetail {
  info: ModelInfo;
  model: LoadedModel;
  /** What identifies its source on this page. */
  key: string;
}

// --- what the worker expects of the wasm -----------------------------------------------------

export interface WasmLoader {
  push(chunk: Uint8Array): void;
  /** Length of the file, once the header has said it. */
  total(): number | undefined;
  finish(): WasmEngine;
}

export interface WasmEngine {
  info(): ModelInfo;
  tokenize(text: string, options: { special: boolean }): TokenInfo[];
  session(options: { prompt: string; template: 'raw' | 'chat'; system?: string }): WasmSession;
}

/** The JSON of a T in UTF-8: it crosses from the wasm to the page in one piece, and is not copied on the way. */
export type Json<T> = Uint8Array<ArrayBuffer> & { readonly of?: T };

export interface WasmSession {
  readonly promptLength: number;
  prefill(maxTokens: number): { done: number; total: number };
  /** Computes the probabilities of so many tokens that have none yet. */
  score(maxTokens: number): { done: number; total: number };
  tokens(): TokenInfo[];
  /** Ids of the output. */
  output(): Uint32Array;
  step(knobs: SomeKnobs, top: number): Json<Step>;
  /** Does what the next step begins with whatever its knobs will be; nothing after a step that ended the text. */
  readAhead(): void;
  view(position: number, knobs: SomeKnobs, top: number): Json<View>;
  /** Steps `from` to `to`, `to` excluded; `last` if nothing is left to replay. */
  replayPart(knobs: SomeKnobs, top: number, from: number, to: number): { flip: number | null; steps: Json<Step[]>; last: boolean };
  force(ids: Uint32Array): void;
  branch(position: number, id: number): WasmSession;
  /** Of the output's tokens from `from` to before `to`; those that do not exist are left out. */
  tokenLikelihoods(knobs: SomeKnobs, from: number, to: number): Likelihood['tokens'];
  divergence(position: number, a: SomeKnobs, b: SomeKnobs): Divergence;
  /** Of rows `from` to `to` of the table of knobs, `to` excluded. Empty in the prompt, and where the knobs would draw another token than the one that stands there. */
  intervalsPart(position: number, knobs: SomeKnobs, from: number, to: number): { intervals: Intervals; last: boolean };
  search(kind: SearchKind, settings: SearchSettings): WasmSearch;
  text(): string;
  memory(): SessionMemory;
  free(): void;
}

export interface WasmSearch {
  /** Whether it is over; of beams, the report of the step, or null after the last. */
  advance(maxPositions: number): boolean | BeamReport | null;
  /** Of outcomes and enumeration. */
  report(): OutcomesReport | EnumerateReport | null;
  free(): void;
}

export interface Wasm {
  default(options: { module_or_path: WebAssembly.Module }): Promise<{ memory: WebAssembly.Memory }>;
  /** The length of the file is given where it is certain. */
  Loader: new (fileBytes?: number) => WasmLoader;
}

/** The same with a memory that helpers share. */
export interface SharedWasm extends Wasm {
  initSync(options: { module: WebAssembly.Module; memory: WebAssembly.Memory; thread_stack_size: number }): unknown;
  /** Makes a worker a helper, until there has been nothing to do for a while; then it must be called again. */
  help(): void;
  /** The address at which a helper that broke off says so. */
  failureFlag(): number;
}

/** What a helper starts from. */
export interface HelperMessage {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  failureFlag: number;
}

// --- what workers have and the page's types lack ----------------------------------------------

/** A file of the origin's private file system, opened for this worker. */
export interface SyncFile {
  read(into: Uint8Array, options?: { at: number }): number;
  write(from: Uint8Array, options?: { at: number }): number;
  truncate(bytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

export interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(options?: { mode: 'read-only' | 'readwrite' | 'readwrite-unsafe' }): Promise<SyncFile>;
}

/** The global scope of a worker that belongs to one page. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}
