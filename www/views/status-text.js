// What the page is doing, as one short sentence.

/**
 * @typedef {{ kind: 'empty' }
 *   | { kind: 'loading', text: string }
 *   | { kind: 'ready' }
 *   | { kind: 'reading', done: number, total: number }
 *   | { kind: 'writing', tokens: number, perSecond: number | null }
 *   | { kind: 'done', finish: 'end' | 'maxNewTokens' | 'stop' | 'context', again: boolean }
 *   | { kind: 'stopped' }
 *   | { kind: 'restarting' }
 *   | { kind: 'failed' }} StatusData
 */

const FINISHES = {
  end: 'the model ended its text',
  maxNewTokens: 'max new tokens reached',
  stop: 'a stop string appeared',
  context: 'the model can read no longer a text',
};

/** @param {StatusData} status @returns {string} */
export function statusText(status) {
  switch (status.kind) {
    case 'empty':
      return 'No model yet.';
    case 'loading':
      return status.text;
    case 'ready':
      return 'Ready.';
    case 'reading':
      return `Reading the prompt, ${status.done} of ${status.total} tokens…`;
    case 'writing':
      return status.perSecond === null ? 'Writing…' : `Writing, ${status.perSecond.toFixed(0)} tok/s…`;
    case 'done':
      return `Done: ${FINISHES[status.finish]}.${status.again ? ' The same seed and knobs write the same text; another seed may not.' : ''}`;
    case 'stopped':
      return 'Stopped. Generate goes on from here.';
    case 'restarting':
      return 'Starting the engine again…';
    case 'failed':
      return 'The engine is not running.';
  }
}
