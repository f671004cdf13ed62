// The chain in force as plain data for its panel.

/** @import { StageReport } from '../engine/types.js' */
/** @import { ChainData } from '../views/types.js' */

/** @type {Record<string, string>} */
const DIALECTS = { huggingFace: 'Hugging Face', llamaCpp: 'llama.cpp', free: 'Free' };

/**
 * @param {{ STAGES?: { key: string, label: string }[], CHAINS?: Record<string, string[]> }} tables
 * @param {{ dialect?: string, order?: string[], disabled?: string[] }} knobs
 * @param {StageReport[]} reports  of the step that is shown
 * @returns {ChainData | null} null: there are no tables
 */
export function chainOf({ STAGES, CHAINS }, { dialect = 'huggingFace', order = [], disabled = [] }, reports) {
  if (!STAGES || !CHAINS) return null;
  const labels = new Map(STAGES.map(({ key, label }) => [key, label]));
  const free = dialect === 'free' && order.length > 0;
  const keys = free ? order : (CHAINS[dialect] ?? CHAINS.huggingFace ?? []);
  const stages = keys.map((key) => {
    const report = reports.find(({ stage }) => stage === key);
    return { key, label: labels.get(key) ?? key, on: !disabled.includes(key), removed: report?.removed ?? null, mass: report?.rawMass ?? 0, note: report?.note ?? null };
  });
  const dialects = [...new Set([...Object.keys(CHAINS), 'free'])].map((value) => ({ value, label: DIALECTS[value] ?? value }));
  return { dialects, dialect, movable: dialect === 'free', stages };
}
