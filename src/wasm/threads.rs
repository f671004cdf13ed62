//! Helpers: workers that share this memory and take parts of the model's work.

use wasm_bindgen::prelude::*;

use crate::model::threads;

/// Makes the worker that calls it a helper. It never returns, and never needs to.
#[wasm_bindgen]
pub(super) fn help() {
    threads::help();
}

/// The address of a byte by which a helper that broke off says so; see
/// [`threads::failure_flag`].
#[wasm_bindgen(js_name = failureFlag)]
pub(super) fn failure_flag() -> usize {
    threads::failure_flag() as usize
}
