//! The stages: one small file each, one enum over them.
//!
//! A new stage is a file here, a variant of [`Stage`], and a place in the order of
//! [`Chain::from_knobs`](super::Chain::from_knobs).

mod banned_tokens;
mod dry;
mod dynamic_temperature;
mod epsilon;
mod eta;
mod frequency_penalty;
mod greedy;
mod logit_bias;
mod min_new_tokens;
mod min_p;
pub mod mirostat;
mod no_repeat_ngram;
mod presence_penalty;
mod repetition_penalty;
mod temperature;
mod top_k;
mod top_n_sigma;
mod top_p;
mod typical;
mod xtc;

pub use banned_tokens::BannedTokens;
pub use dry::Dry;
pub use dynamic_temperature::DynamicTemperature;
pub use epsilon::Epsilon;
pub use eta::Eta;
pub use frequency_penalty::FrequencyPenalty;
pub use greedy::Greedy;
pub use logit_bias::LogitBias;
pub use min_new_tokens::MinNewTokens;
pub use min_p::MinP;
pub use mirostat::Mirostat;
pub use no_repeat_ngram::NoRepeatNgram;
pub use presence_penalty::PresencePenalty;
pub use repetition_penalty::RepetitionPenalty;
pub use temperature::Temperature;
pub use top_k::TopK;
pub use top_n_sigma::TopNSigma;
pub use top_p::{Sum, TopP};
pub use typical::Typical;
pub use xtc::Xtc;

use super::Candidates;

/// What a stage may know besides the scores.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The ids so far: prompt, then output. Ids outside the vocabulary are passed over.
    pub tokens: &'a [u32],
    /// How many of them are output.
    pub new_tokens: usize,
    /// The ids that end a text. Ids outside the vocabulary are passed over.
    pub end_tokens: &'a [u32],
    /// The ids over which no repetition reaches, for [`Dry`].
    pub breakers: &'a [u32],
    /// The step whose token is to be drawn, counted from the first token of the output: with the
    /// seed it makes the random number of [`Xtc`], as it makes that of the draw.
    pub step: u64,
    /// The surprise of each token of the output so far, in bits, under the distribution that it was
    /// drawn from ([`Distribution::surprise`](super::Distribution::surprise)), for [`Mirostat`].
    pub surprises: &'a [f64],
    /// Tokens that [`TopK`], [`TopP`], [`MinP`], [`Typical`], [`Epsilon`] and [`Eta`] leave at least,
    /// each by its own order: Hugging Face's `min_tokens_to_keep`. All leave one in any case.
    pub min_tokens_to_keep: usize,
}

impl<'a> Context<'a> {
    /// The last tokens, at most so many, or all.
    pub(crate) fn last(&self, window: Option<usize>) -> &'a [u32] {
        let count = window.map_or(usize::MAX, |window| window);
        &self.tokens[self.tokens.len().saturating_sub(count)..]
    }
}

/// What every stage can do.
pub trait Rule {
    /// The name that traces carry: one of [`STAGES`](super::knobs::STAGES), or `greedy`.
    fn name(&self) -> &'static str;

    /// Whether the stage stands at the value at which it does nothing, whatever the scores.
    fn is_off(&self) -> bool;

    /// Changes scores or removes candidates.
    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>);
}

/// One sampling rule with its setting.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stage {
    /// See [`LogitBias`].
    LogitBias(LogitBias),
    /// See [`BannedTokens`].
    BannedTokens(BannedTokens),
    /// See [`RepetitionPenalty`].
    RepetitionPenalty(RepetitionPenalty),
    /// See [`FrequencyPenalty`].
    FrequencyPenalty(FrequencyPenalty),
    /// See [`PresencePenalty`].
    PresencePenalty(PresencePenalty),
    /// See [`NoRepeatNgram`].
    NoRepeatNgram(NoRepeatNgram),
    /// See [`Dry`].
    Dry(Dry),
    /// See [`MinNewTokens`].
    MinNewTokens(MinNewTokens),
    /// See [`Temperature`].
    Temperature(Temperature),
    /// See [`DynamicTemperature`].
    DynamicTemperature(DynamicTemperature),
    /// See [`TopK`].
    TopK(TopK),
    /// See [`TopP`].
    TopP(TopP),
    /// See [`MinP`].
    MinP(MinP),
    /// See [`Typical`].
    Typical(Typical),
    /// See [`Epsilon`].
    Epsilon(Epsilon),
    /// See [`Eta`].
    Eta(Eta),
    /// See [`TopNSigma`].
    TopNSigma(TopNSigma),
    /// See [`Xtc`].
    Xtc(Xtc),
    /// See [`Mirostat`].
    Mirostat(Mirostat),
    /// See [`Greedy`].
    Greedy(Greedy),
}

impl Stage {
    fn rule(&self) -> &dyn Rule {
        match self {
            Self::LogitBias(rule) => rule,
            Self::BannedTokens(rule) => rule,
            Self::RepetitionPenalty(rule) => rule,
            Self::FrequencyPenalty(rule) => rule,
            Self::PresencePenalty(rule) => rule,
            Self::NoRepeatNgram(rule) => rule,
            Self::Dry(rule) => rule,
            Self::MinNewTokens(rule) => rule,
            Self::Temperature(rule) => rule,
            Self::DynamicTemperature(rule) => rule,
            Self::TopK(rule) => rule,
            Self::TopP(rule) => rule,
            Self::MinP(rule) => rule,
            Self::Typical(rule) => rule,
            Self::Epsilon(rule) => rule,
            Self::Eta(rule) => rule,
            Self::TopNSigma(rule) => rule,
            Self::Xtc(rule) => rule,
            Self::Mirostat(rule) => rule,
            Self::Greedy(rule) => rule,
        }
    }
}

impl Rule for Stage {
    fn name(&self) -> &'static str {
        self.rule().name()
    }

    fn is_off(&self) -> bool {
        self.rule().is_off()
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        self.rule().apply(candidates, context);
    }
}
