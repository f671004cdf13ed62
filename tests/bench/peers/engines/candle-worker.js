// @ts-ignore: mounted by the benchmark
import init, { Model } from '/candle/stock_candle.js';

/** @type {any} */
let model;

self.onmessage = async ({ data }) => {
  if (typeof data === 'string') {
    await init();
    model = new Model(new Uint8Array(await (await fetch(data)).arrayBuffer()));
    postMessage('ready');
  } else {
    postMessage(model.forward(Uint32Array.from(data.ids), data.position));
  }
};
