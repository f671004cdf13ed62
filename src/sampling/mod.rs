//! From logits to a distribution, its trace, and a draw.
//!
//! The road of one step, in the order of the types:
//!
//! 1. [`RankedLogits`]: the model's scores for one position, checked, ranked, never changed.
//! 2. [`Knobs`]: what a person sets; [`Chain::from_knobs`] turns it into an ordered list of [`Stage`]s.
//! 3. [`Chain::warp`]: runs the stages over the logits and gives a [`Distribution`]: the warped
//!    probability of every token, which stage removed it, and what each stage did.
//! 4. [`uniform`]: the number in `[0, 1)` that belongs to (seed, step).
//! 5. [`Distribution::draw`]: the token whose interval on the cumulative distribution holds that number.
//! 6. [`View`]: the same result, cut down to what a picture of one step shows.
//!
//! Nothing here knows a model, a tokenizer or a browser: tokens are numbers, scores are slices.
//!
//! **Same numbers everywhere.** Every probability is computed in `f64`, with `exp` and `ln` from
//! `libm` and sums in one fixed order, so that native and WebAssembly builds agree to the bit.
//! The crate must therefore never be built with flags that let the compiler reorder or fuse
//! floating-point operations.
//!
//! ```
//! use tokenscope::sampling::{Chain, Context, Knobs, RankedLogits, uniform};
//!
//! let logits = RankedLogits::new(vec![3.0, 2.0, 1.0])?;
//! let knobs = Knobs { temperature: 0.5, top_p: 0.8, ..Knobs::default() };
//! let distribution = Chain::from_knobs(&knobs).warp(&logits, &Context::default());
//! assert_eq!(distribution.kept_ids().collect::<Vec<_>>(), [0]);
//! let draw = distribution.draw(uniform(knobs.seed, 0));
//! assert_eq!((draw.id, draw.low, draw.high), (0, 0.0, 1.0));
//! # Ok::<(), tokenscope::error::Error>(())
//! ```

mod build;
mod candidates;
mod chain;
mod distribution;
mod divergence;
mod exp;
mod interval;
pub mod knobs;
mod line;
mod probe;
mod ranked;
mod rng;
mod softmax;
pub mod stage;
mod view;

pub use candidates::Candidates;
pub use chain::Chain;
pub use distribution::{Buffers, Distribution, Draw, StageReport};
pub use divergence::divergence;
pub use interval::interval;
pub use knobs::Knobs;
pub use line::distribution_line;
pub use ranked::RankedLogits;
pub use rng::{philox4x32, uniform, uniform_candidate, uniform_lane};
pub use softmax::log_prob;
pub use stage::{Context, Stage};
pub use view::{Bar, Chosen, Kept, Others, Piece, Place, Spread, View};
