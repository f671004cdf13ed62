import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ISOLATION, STRICT_CSP, serve } from './serve.mjs';

/** @type {string} */ let folder;
/** @type {Awaited<ReturnType<typeof serve>>} */ let server;
const body = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serve-'));
  const root = join(folder, 'root');
  await mkdir(join(root, 'sub'), { recursive: true });
  await mkdir(join(folder, 'extra'));
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'extra', 'a.html'), '<p>extra');
  await writeFile(join(root, 'index.html'), '<p>index');
  await writeFile(join(root, 'sub', 'index.html'), '<p>sub');
  await writeFile(join(root, 'a b.js'), 'export {}');
  await writeFile(join(root, 'x.wasm'), '');
  await writeFile(join(root, 'x.gguf'), body);
  await symlink(join(folder, 'secret.txt'), join(root, 'link.txt'));
  server = await serve({ root, mounts: { '/extra': join(folder, 'extra') } });
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** @param {string} path @param {RequestInit} [init] */
const get = (path, init) => fetch(new URL(path, server.url), { redirect: 'manual', ...init });

/**
 * A request whose path is sent as it stands: fetch would tidy `..` away.
 * @param {string} path
 * @returns {Promise<{ status: number | undefined, text: string }>}
 */
const raw = (path) =>
  new Promise((done, fail) => {
    request({ port: server.port, path }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => done({ status: response.statusCode, text }));
    })
      .on('error', fail)
      .end();
  });

test('index files, types and names with spaces', async () => {
  assert.equal(await (await get('/')).text(), '<p>index');
  assert.equal(await (await get('/sub/')).text(), '<p>sub');
  assert.match((await get('/a%20b.js')).headers.get('content-type') ?? '', /^text\/javascript/);
  assert.equal((await get('/x.wasm')).headers.get('content-type'), 'application/wasm');
  assert.equal((await get('/x.gguf')).headers.get('content-type'), 'application/octet-stream');
});

test('a folder without its slash is redirected on this server', async () => {
  const response = await get('/sub?a=1');
  assert.equal(response.status, 301);
  assert.equal(response.headers.get('location'), '/sub/?a=1');
  assert.equal((await raw('//sub')).status, 301);
  assert.equal((await get('/a%20b.js/')).status, 404);
});

test('mounted folders', async () => {
  assert.equal(await (await get('/extra/a.html')).text(), '<p>extra');
  assert.equal((await raw('/extra/../secret.txt')).status, 404);
});

test('nothing outside the folder is served', async () => {
  for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/sub/..%2f..%2fsecret.txt', '/link.txt', '/%', '/a%00b']) {
    const { status, text } = await raw(path);
    assert.equal(status, 404, path);
    assert.doesNotMatch(text, /secret/);
  }
});

test('ranges', async () => {
  /** @param {string} range */
  const part = async (range) => {
    const response = await get('/x.gguf', { headers: { range } });
    return { status: response.status, about: response.headers.get('content-range'), bytes: new Uint8Array(await response.arrayBuffer()) };
  };
  const middle = await part('bytes=10-19');
  assert.equal(middle.status, 206);
  assert.equal(middle.about, 'bytes 10-19/1000');
  assert.deepEqual(middle.bytes, body.slice(10, 20));
  assert.deepEqual((await part('bytes=990-')).bytes, body.slice(990));
  assert.deepEqual((await part('bytes=-5')).bytes, body.slice(995));
  assert.equal((await part('bytes=990-5000')).about, 'bytes 990-999/1000');
  const beyond = await part('bytes=1000-');
  assert.equal(beyond.status, 416);
  assert.equal(beyond.about, 'bytes */1000');
  assert.equal((await part('bytes=5-2')).status, 200);
  assert.equal((await get('/x.gguf', { headers: { range: 'bytes=0-1', 'if-range': '"old"' } })).status, 200);
});

test('revalidation by tag and by date', async () => {
  const first = await get('/x.gguf');
  assert.equal(first.headers.get('cache-control'), 'no-cache');
  const etag = first.headers.get('etag') ?? '';
  const modified = first.headers.get('last-modified') ?? '';
  assert.equal((await get('/x.gguf', { headers: { 'if-none-match': etag } })).status, 304);
  assert.equal((await get('/x.gguf', { headers: { 'if-none-match': '"other"' } })).status, 200);
  assert.equal((await get('/x.gguf', { headers: { 'if-modified-since': modified } })).status, 304);
});

test('other methods', async () => {
  const head = await get('/x.gguf', { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '1000');
  assert.equal((await head.arrayBuffer()).byteLength, 0);
  assert.equal((await get('/', { method: 'POST', body: 'x' })).status, 405);
});

test('a single file may be mounted', async () => {
  const one = await serve({ root: join(folder, 'root'), mounts: { '/one.txt': join(folder, 'secret.txt') } });
  assert.equal((await fetch(new URL('one.txt', one.url))).status, 200);
  assert.equal((await fetch(new URL('one.txt.js', one.url))).status, 404);
  await one.close();
});

test('isolation headers and a policy only when asked for', async () => {
  const headers = (await get('/')).headers;
  for (const name of ['cross-origin-opener-policy', 'cross-origin-embedder-policy', 'content-security-policy']) {
    assert.equal(headers.get(name), null, name);
  }
  const strict = await serve({ root: join(folder, 'root'), csp: STRICT_CSP, isolated: true });
  for (const [name, value] of Object.entries(ISOLATION)) assert.equal((await fetch(strict.url)).headers.get(name), value);
  assert.equal((await fetch(strict.url)).headers.get('content-security-policy'), STRICT_CSP);
  await strict.close();
});
