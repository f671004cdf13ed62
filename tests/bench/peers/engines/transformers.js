// transformers.js on onnxruntime-web, without a GPU. The runtime's plain build: faster than the one it takes by itself.

// @ts-ignore: mounted by the benchmark
import { AutoModelForCausalLM, Tensor, env } from '/npm/@huggingface/transformers/dist/transformers.min.js';

const RUNTIME = new URL('/npm/onnxruntime-web/dist/ort-wasm-simd-threaded', import.meta.url).href;

/** @param {string} model  a folder @param {{ threads: number }} options */
export async function open(model, { threads }) {
  const cut = model.lastIndexOf('/') + 1;
  Object.assign(env, { allowLocalModels: true, allowRemoteModels: false, localModelPath: model.slice(0, cut), useBrowserCache: false, useWasmCache: false });
  Object.assign(env.backends.onnx.wasm, { numThreads: threads, wasmPaths: { mjs: `${RUNTIME}.mjs`, wasm: `${RUNTIME}.wasm` } });
  const causal = await AutoModelForCausalLM.from_pretrained(model.slice(cut), { dtype: 'int8', device: 'wasm' });
  return async (/** @type {string} */ _, /** @type {number[]} */ ids, /** @type {number} */ count, /** @type {() => void} */ onToken) => {
    /** @type {number[]} */
    const written = [];
    const streamer = {
      // The prompt comes first, then each token.
      put: (/** @type {bigint[][]} */ [tokens]) => tokens.length === 1 && written.push(Number(tokens[0])) && onToken(),
      end: () => {},
    };
    const numbers = BigInt64Array.from(ids, BigInt);
    const inputs = { input_ids: new Tensor('int64', numbers, [1, ids.length]), attention_mask: new Tensor('int64', numbers.map(() => 1n), [1, ids.length]) };
    await causal.generate({ ...inputs, max_new_tokens: count, min_new_tokens: count, do_sample: false, streamer });
    return { ids: written };
  };
}
