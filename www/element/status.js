// What the controller is doing, as the views' status line and buttons want it.

/** @import { StatusData } from '../views/status-text.js' */
/** @import { Controller } from './controller.js' */

import { progressText } from '../views/loading.js';

/** @param {Controller} controller @returns {StatusData} */
export function statusOf({ models, activity, busy, trajectory, tokensPerSecond }) {
  if (models.loading && models.progress) return { kind: 'loading', text: progressText(models.progress) };
  if (models.status === 'restarting' || models.status === 'failed') return { kind: models.status };
  if (models.status !== 'ready') return { kind: 'empty' };
  if (activity.kind === 'reading' && busy) return activity;
  if (activity.kind === 'writing' && busy) return { kind: 'writing', tokens: trajectory.outputLength, perSecond: tokensPerSecond };
  if (activity.kind === 'done' || activity.kind === 'stopped') return activity;
  return { kind: 'ready' };
}

/** What can be done now. @param {Controller} controller */
export function possible({ models, busy }) {
  const ready = models.status === 'ready';
  return { generate: ready && !busy, step: ready && !busy, stop: busy, clear: true };
}
