//! The model, natively: logits against independent implementations, and sequence states.
//! `cargo test --test model -- --nocapture` prints how far each comparison is from its bound.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/gguf.rs"]
mod gguf;
#[path = "common/memory.rs"]
mod memory;
#[path = "common/models.rs"]
mod models;
#[path = "common/random.rs"]
mod random;

#[path = "model/candle.rs"]
mod candle;
#[path = "model/default.rs"]
mod default;
#[path = "model/formats.rs"]
mod formats;
#[path = "model/small.rs"]
mod small;
#[path = "model/states.rs"]
mod states;
