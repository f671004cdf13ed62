// wllama 3: llama.cpp with its server's interface as wasm.

// @ts-ignore: mounted by the benchmark
import { Wllama } from '/npm/wllama3/esm/index.js';

/** @param {string} model @param {{ threads: number }} options */
export async function open(model, { threads }) {
  const wllama = new Wllama({ default: '/npm/wllama3/esm/wasm/wllama.wasm' }, { suppressNativeLog: true });
  const file = await (await fetch(model)).blob();
  await wllama.loadModel([file], { n_ctx: 1024, n_batch: 512, n_threads: threads, n_gpu_layers: 0 });
  return async (/** @type {string} */ prompt, /** @type {number[]} */ _, /** @type {number} */ count, /** @type {() => void} */ onToken) => {
    let text = '';
    const chunks = await wllama.createCompletion({ prompt, max_tokens: count, temperature: 0, stream: true, cache_prompt: false });
    for await (const { choices } of chunks) {
      const piece = choices[0]?.text ?? '';
      if (piece !== '') onToken();
      text += piece;
    }
    return { text };
  };
}
