// A static file server for the page: Node.js alone, bound to this machine.
//
//   node tools/serve.mjs [--root www] [--port 8080] [--csp] [--no-isolation]
//
// It sends the headers that let the page use threads; without them (--no-isolation) the page works
// on one. Files are always revalidated, so an edit is on the page at the next reload.

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** The strictest policy under which the page must work. */
export const STRICT_CSP = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** With these a page is cross-origin isolated, and may share memory between threads. */
export const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.gguf': 'application/octet-stream',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/**
 * @typedef {object} Options
 * @property {string} root         folder that is served at `/`
 * @property {number} [port]       0 (the default) takes any free one
 * @property {Record<string, string>} [mounts]  more folders and files, by URL prefix such as `/bench`
 * @property {string} [csp]        value of the Content-Security-Policy header
 * @property {boolean} [isolated] sends the headers of {@link ISOLATION}
 * @property {(request: import('node:http').IncomingMessage) => void} [onRequest]
 */

/**
 * Starts a server on 127.0.0.1.
 * @param {Options} options
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function serve(options) {
  const server = createServer((request, response) => {
    options.onRequest?.(request);
    answer(request, response, options).catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
      console.error(`${request.method} ${request.url}: ${error.message}`);
    });
  });
  await new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(options.port ?? 0, '127.0.0.1', () => done(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = () =>
    /** @type {Promise<void>} */ (
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      })
    );
  return { url: `http://127.0.0.1:${port}/`, port, close };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Options} options
 */
async function answer(request, response, options) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(response, 405, { Allow: 'GET, HEAD' });
  }
  const [pathname, query] = split(request.url ?? '/');
  const found = await locate(pathname, options);
  if (found === null) return refuse(response, 404);
  if ('folder' in found) return refuse(response, 301, { Location: `${found.folder}/${query}` });

  const { file, info } = found;
  /** @type {import('node:http').OutgoingHttpHeaders} */
  const headers = {
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-cache',
    'Content-Type': TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
    ETag: `"${info.size.toString(16)}-${Math.floor(info.mtimeMs).toString(16)}"`,
    'Last-Modified': info.mtime.toUTCString(),
    'X-Content-Type-Options': 'nosniff',
  };
  if (options.isolated) Object.assign(headers, ISOLATION);
  if (options.csp) headers['Content-Security-Policy'] = options.csp;

  if (unchanged(request, headers.ETag, info.mtime)) {
    response.writeHead(304, headers);
    return response.end();
  }
  const range = rangeOf(request, headers.ETag, info.size);
  if (range === 'unsatisfiable') {
    return refuse(response, 416, { 'Content-Range': `bytes */${info.size}` });
  }
  const [start, end] = range ?? [0, info.size - 1];
  headers['Content-Length'] = end - start + 1;
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${info.size}`;
  response.writeHead(range ? 206 : 200, headers);
  if (request.method === 'HEAD' || info.size === 0) return response.end();
  stream(file, start, end, response);
}

/**
 * Sends part of a file, at the reader's pace; a reader that goes away closes the file.
 * @param {string} file
 * @param {number} start
 * @param {number} end   inclusive
 * @param {import('node:http').ServerResponse} response
 */
function stream(file, start, end, response) {
  const source = createReadStream(file, { start, end, highWaterMark: 1 << 18 });
  response.on('close', () => source.destroy());
  source.on('error', () => response.destroy());
  source.pipe(response);
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {import('node:http').OutgoingHttpHeaders} [headers]
 */
function refuse(response, status, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
  response.end(`${status}\n`);
}

/** @param {string} url @returns {[string, string]} path and query (with its question mark) */
function split(url) {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)];
}

/**
 * The file behind a path; null for what does not exist or lies outside the served folders.
 * @param {string} pathname
 * @param {Options} options
 * @returns {Promise<{ file: string, info: import('node:fs').Stats } | { folder: string } | null>}
 */
async function locate(pathname, { root, mounts = {} }) {
  const decoded = decode(pathname);
  if (decoded === null) return null;
  const prefix = Object.keys(mounts).find((key) => decoded === key || decoded.startsWith(`${key}/`));
  const base = await realpath(resolve(prefix ? mounts[prefix] : root));
  const wanted = join(base, prefix ? decoded.slice(prefix.length) : decoded);
  if (!within(base, wanted)) return null;
  try {
    let file = await realpath(wanted);
    let info = await stat(file);
    if (info.isDirectory()) {
      if (!pathname.endsWith('/')) return { folder: pathname.replace(/^\/+/, '/') };
      file = await realpath(join(file, 'index.html'));
      info = await stat(file);
    } else if (pathname.endsWith('/')) {
      return null;
    }
    // A symbolic link may not lead out of the folder either.
    return info.isFile() && within(base, file) ? { file, info } : null;
  } catch {
    return null;
  }
}

/** @param {string} pathname */
function decode(pathname) {
  try {
    const decoded = decodeURIComponent(pathname);
    return decoded.startsWith('/') && !decoded.includes('\0') ? decoded : null;
  } catch {
    return null;
  }
}

/** @param {string} base @param {string} path */
const within = (base, path) => path === base || path.startsWith(base.endsWith(sep) ? base : base + sep);

/**
 * May the reader keep its copy?
 * @param {import('node:http').IncomingMessage} request
 * @param {unknown} etag
 * @param {Date} modified
 */
function unchanged(request, etag, modified) {
  const tags = request.headers['if-none-match'];
  if (tags !== undefined) return tags === '*' || tags.split(/\s*,\s*/).includes(String(etag));
  const since = Date.parse(request.headers['if-modified-since'] ?? '');
  return Math.floor(modified.getTime() / 1000) * 1000 <= since;
}

/**
 * The one byte range that is asked for, inclusive; null means the whole file.
 * @param {import('node:http').IncomingMessage} request
 * @param {unknown} etag
 * @param {number} size
 * @returns {[number, number] | 'unsatisfiable' | null}
 */
function rangeOf(request, etag, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  const condition = request.headers['if-range'];
  if (!match || (match[1] === '' && match[2] === '') || (condition && condition !== etag)) return null;
  const [, from, to] = match;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (start >= size) return 'unsatisfiable';
  return start > end ? null : [start, end];
}

async function main() {
  const { values } = parseArgs({
    options: {
      root: { type: 'string', default: 'www' },
      port: { type: 'string', default: '8080' },
      csp: { type: 'boolean', default: false },
      'no-isolation': { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`--port takes a number from 0 to 65535, not '${values.port}'.`);
  }
  const { url } = await serve({ root: values.root, port, csp: values.csp ? STRICT_CSP : undefined, isolated: !values['no-isolation'] });
  console.log(`Serving ${values.root} at ${url} (Ctrl-C ends it)`);
}

/** @param {any} error */
function explain(error) {
  if (error.code === 'EADDRINUSE') return `port ${error.port} is in use: choose another with --port.`;
  if (error.code === 'EACCES') return `port ${error.port} is not ours to take: choose another with --port.`;
  return error.message;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error) => {
    console.error(`error: ${explain(error)}`);
    process.exit(1);
  });
}
