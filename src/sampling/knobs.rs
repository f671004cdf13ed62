//! What a person sets: the knobs, what each means, and the presets.
//!
//! [`KNOBS`] is the only place where a knob's range, default and meaning stand. The page reads the
//! same table from `www/engine/knobs.js`, which [`javascript`] renders.

mod parse;
mod presets;
mod script;
mod table;

use serde::Serialize;

pub use presets::{PRESETS, Preset, Shape};
pub use script::javascript;
pub use table::{KNOBS, Kind, KnobSpec, KnobValue, STOP_LENGTH, STOP_STRINGS, Scale, spec};

/// Everything that shapes, draws or ends a text. `Knobs::default()` changes nothing: it draws from
/// the model's own distribution.
///
/// In JSON the names are camelCase. Made from JSON by [`Knobs::from_json`]; a value built field by
/// field goes through [`Knobs::validate`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Knobs {
    /// Draw at random; if false, always the best token.
    pub do_sample: bool,
    /// What logits are divided by; 0 means greedy. Off at 1.
    pub temperature: f64,
    /// How many of the best tokens stay. Off at 0.
    pub top_k: u32,
    /// The probability mass that the best tokens which stay must reach. Off at 1.
    pub top_p: f64,
    /// The least probability that stays, as a fraction of the greatest. Off at 0.
    pub min_p: f64,
    /// How much less likely tokens become that stand in the text already. Off at 1.
    pub repetition_penalty: f64,
    /// The number of new tokens before which the text may not end. Off at 0.
    pub min_new_tokens: u32,
    /// The number of new tokens at which the text ends.
    pub max_new_tokens: u32,
    /// Strings that end the text where they appear.
    pub stop: Vec<String>,
    /// What the random numbers are made of; at most 2⁵³ − 1, so that JavaScript can hold it.
    pub seed: u64,
}

impl Knobs {
    /// The defaults, as a constant.
    pub const DEFAULT: &'static Self = &Self {
        do_sample: true,
        temperature: 1.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
        repetition_penalty: 1.0,
        min_new_tokens: 0,
        max_new_tokens: 64,
        stop: Vec::new(),
        seed: 0,
    };
}

impl Default for Knobs {
    fn default() -> Self {
        Self::DEFAULT.clone()
    }
}
