// What is said of one bar: its name for a screen reader, and the lines of its tooltip.

/** @import { BarData, StepData } from './types.js' */

import { count, percent } from './format.js';
import { stageName } from './stages.js';
import { spoken, visible } from './text.js';

/** @param {BarData} bar @param {boolean} chosen */
export function describeBar({ text, raw, warped, removedBy }, chosen) {
  const fate = removedBy ? `removed by ${stageName(removedBy)}, was ${percent(raw)}` : `${percent(warped)}, raw ${percent(raw)}`;
  return `${spoken(text)}: ${fate}${chosen ? ', chosen' : ''}`;
}

/** @param {StepData['others']} others */
export const describeOthers = ({ count: number, kept, raw, warped }) =>
  `others: ${count(number)} more tokens, ${count(kept)} kept, ${percent(warped)} together, raw ${percent(raw)}`;

/** @param {BarData} bar @param {StepData} step @returns {[string, string][]} */
export function barTooltip(bar, { draw, chosen }) {
  /** @type {[string, string][]} */
  const lines = [
    ['token', `${visible(bar.text)}  #${bar.id}`],
    ['rank', `${count(bar.rank + 1)}`],
    ['logit', bar.logit.toFixed(3)],
    ['raw', percent(bar.raw)],
  ];
  if (bar.removedBy) lines.push(['removed by', stageName(bar.removedBy)]);
  else lines.push(['warped', percent(bar.warped)], ['interval', `${bar.low.toFixed(4)} – ${bar.high.toFixed(4)}`]);
  if (bar.id === chosen.id) lines.push(['chosen', draw ? `u = ${draw.u.toFixed(4)}` : 'stands here']);
  return lines;
}

/** @param {StepData} step @returns {[string, string][]} */
export const othersTooltip = ({ others }) => [
  ['others', `${count(others.count)} tokens`],
  ['kept', count(others.kept)],
  ['raw', percent(others.raw)],
  ['warped', percent(others.warped)],
];
