// A worker that is ended from outside tells nobody: no event, no message. Two ways to notice.

/**
 * Calls back when the holder of a lock is gone. The browser frees a worker's locks when it ends,
 * however it ends.
 * @param {string} lock
 * @param {() => void} onGone
 * @returns {() => void} stops watching
 */
export function watchLock(lock, onGone) {
  const stop = new AbortController();
  navigator.locks.request(lock, { signal: stop.signal }, onGone).catch(() => {});
  return () => stop.abort();
}

/**
 * Where there are no locks: asks again and again while an answer is owed, and gives the worker up
 * after a long silence. Long, because a worker cannot answer in the middle of a computation.
 * @param {object} worker
 * @param {() => void} worker.ping
 * @param {() => boolean} worker.owes   whether any answer is outstanding
 * @param {() => void} onGone
 * @param {{ interval?: number, patience?: number }} [limits]  milliseconds between pings; how many stay unanswered
 * @returns {{ heard: () => void, stop: () => void }} `heard` is to be called for every message
 */
export function watchSilence({ ping, owes }, onGone, { interval = 5000, patience = 12 } = {}) {
  let unanswered = 0;
  const tick = () => {
    if (!owes()) unanswered = 0;
    else if (unanswered >= patience) onGone();
    else {
      unanswered++;
      ping();
    }
  };
  const timer = setInterval(tick, interval);
  return { heard: () => (unanswered = 0), stop: () => clearInterval(timer) };
}
