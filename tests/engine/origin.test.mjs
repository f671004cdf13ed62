// The bytes of a download, whether or not the browser can borrow a buffer for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originsOf } from '../../www/engine/worker-origin.js';

// Older versions of Node have none.
/** @type {any} */ (globalThis).navigator ??= {};

const PIECES = Array.from({ length: 40 }, (_, piece) => Uint8Array.from({ length: 65_537 }, (_, i) => (i * 7 + piece * 31) & 255));

/** A stream of the pieces; it breaks off after `last` of them. @param {'bytes' | undefined} type */
function stream(type, last = PIECES.length) {
  let next = 0;
  const pull = (/** @type {any} */ controller) => {
    if (next === PIECES.length) {
      controller.close();
      controller.byobRequest?.respond(0);
    } else if (next === last) controller.error(new Error('the line is dead'));
    else controller.enqueue(PIECES[next++].slice());
  };
  return new ReadableStream(/** @type {any} */ ({ type, pull }));
}

/** What a download of this body gives. @param {import('node:test').TestContext} t @param {ReadableStream} body */
async function download(t, body) {
  t.mock.method(globalThis, 'fetch', async () => new Response(/** @type {any} */ (body)));
  const source = /** @type {any} */ ({ kind: 'url', url: 'https://example.org/a.gguf', name: 'a.gguf', bytes: null });
  const all = [];
  for await (const origin of originsOf(source, new AbortController().signal)) {
    // A piece is valid until the next is asked for, hence the copy.
    for await (const piece of origin.chunks) all.push(Buffer.from(piece));
  }
  return Buffer.concat(all);
}

for (const type of /** @type {const} */ (['bytes', undefined])) {
  const name = type ? 'one that borrows' : 'a plain stream';
  test(`a download is whole: ${name}`, async (t) => {
    assert.ok((await download(t, stream(type))).equals(Buffer.concat(PIECES)));
  });
  test(`a download that breaks off says so: ${name}`, async (t) => {
    await assert.rejects(download(t, stream(type, 5)), { code: 'network', message: /broke off/ });
  });
}
