// What the test page has besides the browser's own: see harness.mjs.

declare var tokenscope: typeof import('../../www/engine/index.js');
declare var workers: Worker[];
declare function failure(work: Promise<unknown>): Promise<{ code: string; name: string; message: string }>;
