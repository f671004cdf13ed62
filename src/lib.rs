//! Tokenscope: a language model as a distribution, and generation as sampling from it.
pub mod decode;
pub mod error;
pub mod kernels;
pub mod model;
pub mod sampling;
pub mod tokenizer;
#[cfg(target_arch = "wasm32")]
mod wasm;
