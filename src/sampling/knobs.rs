//! What a person sets: the knobs, what each means, and the presets.
//!
//! [`KNOBS`] is the only place where a knob's range, default and meaning stand. The page reads the
//! same table from `www/engine/knobs.js`, which [`javascript`] renders.

mod parse;
mod presets;
mod rows;
mod script;
mod stages;
mod table;

use std::collections::BTreeMap;

use serde::Serialize;

pub use presets::{PRESETS, Preset};
pub use script::javascript;
pub use stages::{
    CHAINS, Dialect, HUGGING_FACE, LLAMA_CPP, LLAMA_CPP_MIROSTAT, STAGES, StageSpec, stage,
};
pub use table::{
    Group, KNOBS, Kind, KnobSpec, KnobValue, MOST_IDS, STOP_LENGTH, STOP_STRINGS, Scale, spec,
};

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
    /// Whose order and rules the chain follows.
    pub dialect: Dialect,
    /// The stages and their order in the free dialect; if empty, those of Hugging Face.
    pub order: Vec<&'static str>,
    /// The stages that are switched off, whatever their knobs are.
    pub disabled: Vec<&'static str>,
    /// What is added to logits, by token id.
    pub logit_bias: BTreeMap<u32, f64>,
    /// The ids that are never chosen.
    pub banned_tokens: Vec<u32>,
    /// How much less likely tokens become that stand in the text already. Off at 1.
    pub repetition_penalty: f64,
    /// How many of the last tokens the penalties look at (Hugging Face's: at all).
    pub penalty_last_n: u32,
    /// What each time that a token stands there takes off its logit. Off at 0.
    pub frequency_penalty: f64,
    /// What standing there at all takes off its logit. Off at 0.
    pub presence_penalty: f64,
    /// The length of runs of tokens that may not occur twice. Off at 0.
    pub no_repeat_ngram: u32,
    /// What a repetition takes off the logit of the token that would continue it. Off at 0.
    pub dry_multiplier: f64,
    /// What each further token of the repetition multiplies that by.
    pub dry_base: f64,
    /// The length from which on repetitions are penalised.
    pub dry_allowed_length: u32,
    /// How many of the last tokens are searched for repetitions.
    pub dry_last_n: u32,
    /// What logits are divided by; 0 means greedy. Off at 1.
    pub temperature: f64,
    /// How far the temperature goes up and down with the entropy. Off at 0.
    pub dynatemp_range: f64,
    /// How the entropy maps to that range.
    pub dynatemp_exponent: f64,
    /// How many of the best tokens stay. Off at 0.
    pub top_k: u32,
    /// The probability mass that the best tokens which stay must reach. Off at 1.
    pub top_p: f64,
    /// The least probability that stays, as a fraction of the greatest. Off at 0.
    pub min_p: f64,
    /// The mass that the most typical tokens which stay must reach. Off at 1.
    pub typical_p: f64,
    /// The least probability that stays. Off at 0.
    pub epsilon_cutoff: f64,
    /// The same, sinking as the entropy rises. Off at 0.
    pub eta_cutoff: f64,
    /// How many standard deviations below the greatest a logit may be. Off at 0.
    pub top_n_sigma: f64,
    /// How often top choices are excluded. Off at 0.
    pub xtc_probability: f64,
    /// The least probability of a top choice; above 0.5 there is never more than one.
    pub xtc_threshold: f64,
    /// Which mirostat: 1 or 2. Off at 0.
    pub mirostat: u32,
    /// The surprise that mirostat keeps, in bits.
    pub mirostat_tau: f64,
    /// How fast mirostat follows.
    pub mirostat_eta: f64,
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
        dialect: Dialect::HuggingFace,
        order: Vec::new(),
        disabled: Vec::new(),
        logit_bias: BTreeMap::new(),
        banned_tokens: Vec::new(),
        repetition_penalty: 1.0,
        penalty_last_n: 64,
        frequency_penalty: 0.0,
        presence_penalty: 0.0,
        no_repeat_ngram: 0,
        dry_multiplier: 0.0,
        dry_base: 1.75,
        dry_allowed_length: 2,
        dry_last_n: 64,
        temperature: 1.0,
        dynatemp_range: 0.0,
        dynatemp_exponent: 1.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
        typical_p: 1.0,
        epsilon_cutoff: 0.0,
        eta_cutoff: 0.0,
        top_n_sigma: 0.0,
        xtc_probability: 0.0,
        xtc_threshold: 0.1,
        mirostat: 0,
        mirostat_tau: 5.0,
        mirostat_eta: 0.1,
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
