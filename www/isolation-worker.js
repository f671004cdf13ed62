// The service worker behind isolation.js: adds the headers of cross-origin isolation to what the
// server sends for this folder, and changes nothing else. It keeps no files.

export const ISOLATION_WORKER = new URL(import.meta.url);

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

// The same file is a module of the page, which only wants its address.
if ('clients' in globalThis && 'skipWaiting' in globalThis) serveIsolated(/** @type {any} */ (globalThis));

/** @param {any} scope  a ServiceWorkerGlobalScope, which the page's types lack */
function serveIsolated(scope) {
  scope.addEventListener('install', () => scope.skipWaiting());
  scope.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(scope.clients.claim()));
  scope.addEventListener('fetch', (/** @type {any} */ event) => {
    if (needsHeaders(event.request, scope.location.origin)) event.respondWith(isolated(event.request));
  });
}

/**
 * Pages and workers need them; other files pass by untouched, and large ones stay streams of the browser's own.
 * @param {Request} request
 * @param {string} origin
 */
function needsHeaders({ url, destination }, origin) {
  return ['document', 'iframe', 'worker'].includes(destination) && new URL(url).origin === origin;
}

/** @param {Request} request */
async function isolated(request) {
  const response = await fetch(request);
  // An opaque answer (a redirect, say) has no headers to add to.
  if (response.type === 'opaqueredirect' || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
