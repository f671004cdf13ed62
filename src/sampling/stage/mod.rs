//! The stages: one small file each, one enum over them.
//!
//! A new stage is a file here, a variant of [`Stage`], and a place in the order of
//! [`Chain::from_knobs`](super::Chain::from_knobs).

mod greedy;
mod min_new_tokens;
mod min_p;
mod repetition_penalty;
mod temperature;
mod top_k;
mod top_p;

pub use greedy::Greedy;
pub use min_new_tokens::MinNewTokens;
pub use min_p::MinP;
pub use repetition_penalty::RepetitionPenalty;
pub use temperature::Temperature;
pub use top_k::TopK;
pub use top_p::TopP;

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
}

/// What every stage can do.
pub trait Rule {
    /// The name that traces carry: that of the knob, or `greedy`.
    fn name(&self) -> &'static str;

    /// Whether the stage stands at the value at which it does nothing, whatever the scores.
    fn is_off(&self) -> bool;

    /// Changes scores or removes candidates.
    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>);
}

/// One sampling rule with its setting.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stage {
    /// See [`RepetitionPenalty`].
    RepetitionPenalty(RepetitionPenalty),
    /// See [`MinNewTokens`].
    MinNewTokens(MinNewTokens),
    /// See [`Temperature`].
    Temperature(Temperature),
    /// See [`TopK`].
    TopK(TopK),
    /// See [`TopP`].
    TopP(TopP),
    /// See [`MinP`].
    MinP(MinP),
    /// See [`Greedy`].
    Greedy(Greedy),
}

impl Stage {
    fn rule(&self) -> &dyn Rule {
        match self {
            Self::RepetitionPenalty(rule) => rule,
            Self::MinNewTokens(rule) => rule,
            Self::Temperature(rule) => rule,
            Self::TopK(rule) => rule,
            Self::TopP(rule) => rule,
            Self::MinP(rule) => rule,
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
