// wllama 2: llama.cpp as wasm. Without a second file it runs on one thread.

// @ts-ignore: mounted by the benchmark
import { Wllama } from '/npm/wllama2/esm/index.js';

const FILES = '/npm/wllama2/esm';

/** @param {string} model @param {{ threads: number }} options */
export async function open(model, { threads }) {
  const several = threads > 1 ? { 'multi-thread/wllama.wasm': `${FILES}/multi-thread/wllama.wasm` } : {};
  const wllama = new Wllama({ 'single-thread/wllama.wasm': `${FILES}/single-thread/wllama.wasm`, ...several }, { suppressNativeLog: true });
  const file = await (await fetch(model)).blob();
  await wllama.loadModel([file], { n_ctx: 1024, n_batch: 512, n_threads: threads });
  return async (/** @type {string} */ prompt, /** @type {number[]} */ _, /** @type {number} */ count, /** @type {() => void} */ onToken) => {
    await wllama.kvClear();
    const text = await wllama.createCompletion(prompt, { nPredict: count, sampling: { temp: 0 }, useCache: false, onNewToken: () => onToken() });
    return { text };
  };
}
