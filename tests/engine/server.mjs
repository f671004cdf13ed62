// The server of these tests: the real www/engine, the pretend pkg, and models made to order.
//
//   /models/NAME.gguf?bytes=N     N bytes; with slow=MS each forward pass takes that long
//     &pace=MS                    pause between blocks of 64 KiB      &cut=N      breaks off after N bytes
//     &corrupt=1 &trap=push|finish   see fake-pkg.js                  &status=N   &html=1

import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ISOLATION, STRICT_CSP } from '../../tools/serve.mjs';
import { ROOT } from '../browser.mjs';

/** @typedef {import('node:http').ServerResponse} Response */

const BLOCK = 1 << 16;

/** `(module (func (export "trap") unreachable))` */
const WASM = Buffer.from('0061736d0100000001040160000003020100070801047472617000000a05010300000b', 'hex');

const BROKEN_WASM = WASM.subarray(0, -1);

const PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/harness.js"></script>';
const HARNESS = "import * as tokenscope from '/engine/index.js'; globalThis.tokenscope = tokenscope;";
/** A worker that opens every kept file for itself alone. */
const HOLD = `
let folder = await navigator.storage.getDirectory();
for (const name of ['tokenscope', 'models']) folder = await folder.getDirectoryHandle(name);
globalThis.held = [];
for await (const [name, handle] of folder.entries()) if (name.endsWith('.gguf')) held.push(await handle.createSyncAccessHandle());
if (held.length > 0) postMessage('held');`;

/** @param {string} name @param {URLSearchParams} query @returns {Buffer} */
export function modelFile(name, query) {
  const bytes = Number(query.get('bytes') ?? 300_000);
  const header = { name, bytes, slow: Number(query.get('slow') ?? 0), corrupt: query.has('corrupt'), trap: query.get('trap') ?? undefined };
  const file = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at++) file[at] = (at * 7) % 251;
  file.write(`GGUF${JSON.stringify(header)}\n`);
  return file;
}

/** What tests may change while the server runs, and what it saw. */
export class Site {
  wasmType = 'application/wasm';
  /** Its files may be used by pages of other sites, and its own page may use theirs. */
  shared = false;
  /** It sends the headers of cross-origin isolation. */
  isolated = false;
  /** Model requests so far, by path and query; and those whose reader went away before the end. @type {string[]} */
  requests = [];
  /** @type {string[]} */
  dropped = [];
  /** Paths that do not exist. @type {Set<string>} */
  missing = new Set();
  /** Paths of wasm that is damaged. @type {Set<string>} */
  broken = new Set();
  url = '';
  #server = createServer((request, response) => {
    this.#answer(request.url ?? '/', response).catch(() => response.destroy());
  });

  async open() {
    await new Promise((done) => this.#server.listen(0, '127.0.0.1', () => done(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    this.url = `http://127.0.0.1:${port}/`;
    return this;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** @param {string} target @param {Response} response */
  async #answer(target, response) {
    const { pathname, searchParams } = new URL(target, this.url);
    if (this.shared) response.setHeader('Access-Control-Allow-Origin', '*');
    else response.setHeader('Content-Security-Policy', STRICT_CSP);
    response.setHeader('Cache-Control', 'no-cache');
    if (this.isolated) for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
    if (this.missing.has(pathname)) return text(response, 404, 'text/plain', '404');
    if (pathname === '/') return text(response, 200, 'text/html', PAGE);
    if (pathname === '/harness.js') return text(response, 200, 'text/javascript', HARNESS);
    if (pathname === '/harness-hold.js') return text(response, 200, 'text/javascript', HOLD);
    if (/^\/pkg\/(threads|fast|baseline)\/tokenscope_bg\.wasm$/.test(pathname)) return text(response, 200, this.wasmType, this.broken.has(pathname) ? BROKEN_WASM : WASM);
    if (/^\/pkg\/(threads|fast|baseline)\/tokenscope\.js$/.test(pathname)) return script(response, join(ROOT, 'tests/engine/fake-pkg.js'));
    if (pathname.startsWith('/models/')) return this.#model(target, pathname, searchParams, response);
    return script(response, join(ROOT, 'www', pathname));
  }

  /** @param {string} target @param {string} pathname @param {URLSearchParams} query @param {Response} response */
  async #model(target, pathname, query, response) {
    this.requests.push(target);
    if (query.has('status')) return text(response, Number(query.get('status')), 'text/plain', 'no');
    if (query.has('html')) return text(response, 200, 'text/html', '<!doctype html><title>home</title>');
    const file = modelFile(pathname.slice('/models/'.length), query);
    const end = Number(query.get('cut') ?? file.length);
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': file.length, ETag: '"one"' });
    response.on('close', () => response.writableFinished || this.dropped.push(target));
    for (let at = 0; at < end && !response.destroyed; at += BLOCK) {
      response.write(file.subarray(at, Math.min(at + BLOCK, end)));
      await pause(Number(query.get('pace') ?? 0));
    }
    if (end < file.length) response.destroy();
    else response.end();
  }
}

/** @param {Response} response @param {number} status @param {string} type @param {string | Buffer} body */
function text(response, status, type, body) {
  response.writeHead(status, { 'Content-Type': type });
  response.end(body);
}

/** @param {Response} response @param {string} file */
function script(response, file) {
  if (extname(file) !== '.js' || file.includes('..') || !existsSync(file)) return text(response, 404, 'text/plain', '404');
  response.writeHead(200, { 'Content-Type': 'text/javascript' });
  createReadStream(file).pipe(response);
}
