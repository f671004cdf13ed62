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

export type KnobValue = boolean | number | string[];

export interface KnobData {
  key: string;
  kind: 'bool' | 'number' | 'integer' | 'strings';
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
