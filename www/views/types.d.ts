// The plain data that views draw. They have the engine's shapes, so that what the engine says can be
// handed on as it is, but nothing here depends on it.

export interface BarData {
  id: number;
  /** Place by raw logit, from 0. */
  rank: number;
  text: string;
  /** The text has bytes that are no whole character. */
  partial: boolean;
  logit: number;
  /** Logit after bias and penalties, then after the temperature; the softmax of that. Where they are not told they are missing; null stands for minus infinity. */
  penalised?: number | null;
  scaled?: number | null;
  softmax?: number | null;
  raw: number;
  warped: number;
  /** Its interval on the cumulative warped distribution. */
  low: number;
  high: number;
  /** Key of the stage that removed it. */
  removedBy: string | null;
}

export interface SpreadData {
  entropy: number;
  effective: number;
}

/** One position of the text. */
export interface StepData {
  position: number;
  /** Negative in the prompt. */
  step: number;
  vocabulary: number;
  tokens: BarData[];
  others: { count: number; kept: number; raw: number; warped: number };
  raw: SpreadData;
  warped: SpreadData;
  kept: { count: number; mass: number };
  stages: { stage: string; removed: number; rawMass: number; note: string | null }[];
  draw: { u: number; id: number; low: number; high: number } | null;
  chosen: { id: number; text: string; partial: boolean; rank: number; raw: number; warped: number; logProb: number };
}

/** One token of the text strip. */
export interface ChipData {
  id: number;
  text: string;
  partial: boolean;
  /** `stale`: of the text as it was before a knob moved, not written anew yet. */
  kind: 'prompt' | 'output' | 'stale';
  /** Structure (the start of a turn, the end of a text) and not text. */
  special: boolean;
  position: number;
  raw: number | null;
}

export interface StripData {
  chips: ChipData[];
  /** Position of the chip that the bars belong to. */
  selected: number | null;
  /** Positions whose token is another one since the last knob move. */
  changed: ReadonlySet<number>;
  /** The prompt was edited since: the text belongs to an older one. */
  outdated: boolean;
}

export type KnobValue = boolean | number | string | (string | number)[] | Record<string, number>;

export interface KnobData {
  key: string;
  /** Of a kind that the panel does not know there is no control. */
  kind: string;
  /** Where it stands in the panel. */
  group?: string;
  /** Values of kind `choice`. */
  choices?: string[] | null;
  label: string;
  meaning: string;
  min: number | null;
  max: number | null;
  step: number | null;
  scale: 'linear' | 'log';
  default: KnobValue;
  off: KnobValue | null;
  formula: string;
  source: string;
}

/** A token and what it says. */
export interface TokenName {
  id: number;
  text: string;
}

/** A knob whose value is a number. */
export interface NumberKnobData extends KnobData {
  min: number;
  max: number;
  step: number;
}

export interface PresetData {
  name: string;
  label: string;
  meaning: string;
  knobs: Record<string, KnobValue>;
}

/** The probability of a text. */
export interface TotalsData {
  tokens: unknown[];
  raw: number;
  /** null: the knobs forbid it. */
  warped: number | null;
  perplexity: number | null;
}

// --- whole texts -----------------------------------------------------------------------------

/** One distinct text. */
export interface OutcomeData {
  ids: number[];
  text: string;
  /** 0 where nothing was sampled. */
  count: number;
  /** ln of its exact probability under the knobs. */
  logProb: number;
  finish: string;
}

/** Whole texts as a distribution. */
export interface OutcomesData {
  /** Whether they were sampled, or found in the order of their probability. */
  sampled: boolean;
  outcomes: OutcomeData[];
  n: number;
  finished: number;
  computed: number;
  separate: number;
  /** Exact probability of all texts that are not here. */
  unseen: number;
  /** No text that is not here is more probable. */
  bound: number;
  done: boolean;
}

// --- beams -----------------------------------------------------------------------------------

/** One step of a beam search. */
export interface BeamStepData {
  step: number;
  candidates: { parent: number; id: number; text: string; score: number; fate: 'kept' | 'pruned' | 'finished'; beam: number | null }[];
  beams: { ids: number[]; text: string; score: number }[];
}

export interface FinishedBeamData {
  ids: number[];
  text: string;
  score: number;
  length: number;
  rawLogProb: number;
  finish: string;
}

export interface BeamsData {
  steps: BeamStepData[];
  finished: FinishedBeamData[];
  computed: number;
  done: boolean;
}

/** One of several continuations that are compared. */
export interface RivalData {
  name: string;
  text: string;
  /** ln p of the whole text under the model itself. */
  logProb: number;
  /** In tokens. */
  length: number;
}

// --- branches --------------------------------------------------------------------------------

/** One of the texts that were written from a prompt. */
export interface TrajectoryData {
  key: number;
  name: string;
  /** How many branchings lead to it. */
  depth: number;
  /** Tokens of the output. */
  length: number;
  /** ln p of the output under the model itself. */
  logProb: number | null;
  /** Index of the token that was written in place of its parent's, from the first token of the output. */
  at: number | null;
  /** That token. */
  word: string | null;
  current: boolean;
  droppable: boolean;
}

// --- comparison ------------------------------------------------------------------------------

/** Two settings on the same draws. */
export interface ComparisonData {
  /** Of A, then of B; from the first token of the output. */
  a: ChipData[];
  b: ChipData[];
  /** Index of the first token at which they part; null while they agree. */
  parts: number | null;
  /** What of A's and B's knobs differs. */
  differences: { label: string; a: string; b: string }[];
  /** By index, over the prefix that they share, the token at which they part included. */
  divergences: ({ totalVariation: number; kl: number | null } | null)[];
}

// --- the chain -------------------------------------------------------------------------------

export interface ChainStageData {
  key: string;
  label: string;
  /** Switched on. */
  on: boolean;
  /** It has a place in the chain; others of a free chain stand at its end and are off. */
  listed: boolean;
  /** Tokens that it removed at the selected step, and the raw probability that they held; null where it did not act. */
  removed: number | null;
  mass: number;
  note: string | null;
}

export interface ChainData {
  dialects: { value: string; label: string }[];
  dialect: string;
  /** The order can be changed. */
  movable: boolean;
  stages: ChainStageData[];
}
