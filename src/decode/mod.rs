//! Decoding: a model, a tokenizer and the sampling pipeline together.
//!
//! [`Engine`] holds what is loaded; a [`Session`] is a prompt and the text that is written after
//! it, step by step. A forward pass happens only where the token sequence has grown: knobs may
//! change at any time, and [`Session::view`] and [`Session::replay`] work on what is cached.
//!
//! What follows a prompt as a whole is explored from a session without changing it: [`Outcomes`]
//! samples texts, [`Enumerate`] finds the most probable ones, [`Beams`] is beam search. Each is a
//! value that is advanced piece by piece, and grows the same tree of continuations.

mod beams;
mod engine;
mod enumerate;
mod intervals;
mod likelihood;
mod logits;
mod outcomes;
mod rules;
mod session;
mod spec;
mod step;
mod surprises;
mod text;
mod tree;

pub use beams::{
    Beam, BeamCandidate, BeamReport, BeamSettings, Beams, EarlyStopping, Fate, FinishedBeam,
};
pub use engine::{Engine, SessionOptions, Template};
pub use enumerate::{Enumerate, EnumerateReport, EnumerateSettings};
pub use intervals::{Intervals, IntervalsPart};
pub use likelihood::{Divergence, Likelihood, TokenLikelihood};
pub use logits::BUDGET_BYTES;
pub use outcomes::{Outcomes, OutcomesReport, OutcomesSettings};
pub use session::{Progress, Session, SessionMemory};
pub use step::{Finish, Replay, ReplayPart, Step, TokenInfo, TokenKind};
pub use tree::Outcome;
