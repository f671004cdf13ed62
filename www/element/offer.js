// What loading a model costs, said before anything is fetched.

/** @import { StoredModel } from '../engine/types.js' */

import { DEFAULT_MODEL } from '../engine/models.js';

/** Besides its file a model needs room for the text's state, for cached scores, and for the engine and the tab (`./build.sh bench` measures the whole). */
const WORKING_BYTES = 240e6;

/** About so many bytes of memory while it is in use: an estimate, so rounded. @param {number} fileBytes */
export const memoryFor = (fileBytes) => Math.round((fileBytes + WORKING_BYTES) / 1e7) * 1e7;

/** Whether the default model is among those that this browser keeps. @param {StoredModel[]} kept */
export const defaultKept = (kept) => kept.some(({ name, bytes }) => name === DEFAULT_MODEL.file && bytes === DEFAULT_MODEL.bytes);
