// The chain in force as plain data for its panel.

/** @import { StageReport } from '../engine/types.js' */
/** @import { ChainData } from '../views/types.js' */

/** @type {Record<string, string>} */
const DIALECTS = { huggingFace: 'Hugging Face', llamaCpp: 'llama.cpp', free: 'Free' };

/**
 * @param {{ STAGES?: { name: string, label: string }[], CHAINS?: Record<string, string[]> }} tables
 * @param {{ dialect?: string, order?: string[], disabled?: string[], mirostat?: number }} knobs
 * @param {StageReport[]} reports  of the step that is shown
 * @returns {ChainData | null} null: there are no tables
 */
export function chainOf({ STAGES, CHAINS }, { dialect = 'huggingFace', order = [], disabled = [], mirostat = 0 }, reports) {
  if (!STAGES || !CHAINS) return null;
  const labels = new Map(STAGES.map(({ name, label }) => [name, label]));
  const keys = keysOf(CHAINS, { dialect, order, mirostat });
  const rest = dialect === 'free' ? STAGES.map(({ name }) => name).filter((name) => !keys.includes(name)) : [];
  const stages = [...keys, ...rest].map((key) => {
    const listed = keys.includes(key);
    const report = reports.find(({ stage }) => stage === key);
    return { key, label: labels.get(key) ?? key, listed, on: listed && !disabled.includes(key), removed: report?.removed ?? null, mass: report?.rawMass ?? 0, note: report?.note ?? null };
  });
  const dialects = Object.entries(DIALECTS).map(([value, label]) => ({ value, label }));
  return { dialects, dialect, movable: dialect === 'free', stages };
}

/**
 * @param {Record<string, string[]>} chains
 * @param {{ dialect: string, order: string[], mirostat: number }} knobs
 */
function keysOf(chains, { dialect, order, mirostat }) {
  // An empty order stands for Hugging Face's.
  if (dialect === 'free') return order.length > 0 ? order : chains.huggingFace;
  const instead = mirostat > 0 ? chains[`${dialect}Mirostat`] : undefined;
  return instead ?? chains[dialect] ?? [];
}
