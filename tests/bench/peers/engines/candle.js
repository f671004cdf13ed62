// Stock candle, in a worker as anybody would run it.

/** @param {string} model */
export async function open(model) {
  const worker = new Worker(new URL('./candle-worker.js', import.meta.url), { type: 'module' });
  const next = () => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
  const opened = next();
  worker.postMessage(model);
  await opened;
  return async (/** @type {string} */ _, /** @type {number[]} */ ids, /** @type {number} */ count, /** @type {() => void} */ onToken) => {
    const written = [];
    for (let fresh = ids, position = 0; written.length < count; ) {
      const answer = next();
      worker.postMessage({ ids: fresh, position });
      const id = await answer;
      onToken();
      position += fresh.length;
      written.push(id);
      fresh = [id];
    }
    return { ids: written };
  };
}
