// For a host that cannot send headers, such as GitHub Pages: a page that loads this script as well
// becomes cross-origin isolated, and the engine may use several threads. Nothing needs it.
//
//   <script type="module" src="isolation.js"></script>     before the other scripts of the page
//
// At a reader's first visit the page is loaded a second time, once the service worker is in charge.

import { ISOLATION_WORKER } from './isolation-worker.js';

/** Remembers that the page was loaded again, so that a browser which still refuses is left alone. */
const TRIED = 'tokenscope-isolation-tried';

if (globalThis.crossOriginIsolated) sessionStorage.removeItem(TRIED);
else if (navigator.serviceWorker && isSecureContext && !sessionStorage.getItem(TRIED)) await isolate();

async function isolate() {
  try {
    await navigator.serviceWorker.register(ISOLATION_WORKER, { type: 'module' });
    await navigator.serviceWorker.ready;
  } catch (error) {
    console.info(`Tokenscope runs on one thread: ${/** @type {Error} */ (error).message}`);
    return;
  }
  sessionStorage.setItem(TRIED, 'yes');
  location.reload();
}
