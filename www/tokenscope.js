// The public entry: the engine's interface, and the <token-scope> element, which it defines.
// For the engine alone import engine/index.js.

import './element/token-scope.js';

export * from './engine/index.js';
