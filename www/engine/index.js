// The engine without the element: everything that a page or a package needs to run a model.

export { Engine, load } from './client.js';
export { TokenscopeError } from './errors.js';
export { DEFAULTS, KNOBS, PRESETS } from './knobs.js';
export { DEFAULT_MODEL } from './models.js';
export { Session } from './session.js';
export { sharedEngine } from './shared.js';
export { deleteModel, listModels, storageEstimate } from './storage.js';
