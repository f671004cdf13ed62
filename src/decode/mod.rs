//! Decoding: a model, a tokenizer and the sampling pipeline together.
//!
//! [`Engine`] holds what is loaded; a [`Session`] is a prompt and the text that is written after
//! it, step by step. A forward pass happens only where the token sequence has grown: knobs may
//! change at any time, and [`Session::view`] and [`Session::replay`] work on what is cached.

mod engine;
mod logits;
mod session;
mod spec;
mod step;
mod text;

pub use engine::{Engine, SessionOptions, Template};
pub use logits::BUDGET_BYTES;
pub use session::{Progress, Session, SessionMemory};
pub use step::{Finish, Replay, Step, TokenInfo, TokenKind};
