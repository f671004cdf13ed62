use super::{Candidates, Context, Rule};
use crate::sampling::softmax::Softmax;

/// Removes tokens with a probability below ε; the best stays. Off at 0.
///
/// J. Hewitt et al., "Truncation sampling as language model desmoothing", 2022; Hugging Face's
/// `EpsilonLogitsWarper`, where those that tie with the best one stay too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epsilon {
    /// The least probability that stays.
    pub epsilon: f64,
}

impl Rule for Epsilon {
    fn name(&self) -> &'static str {
        "epsilonCutoff"
    }

    fn is_off(&self) -> bool {
        self.epsilon == 0.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        keep_from(candidates, self.epsilon);
    }
}

/// Removes the tokens with a probability below `least`, but for the best and those that tie with it.
pub(super) fn keep_from(candidates: &mut Candidates<'_>, least: f64) {
    // The weight of the best is 1.
    let enough =
        |softmax: Softmax| move |weight: f64| weight / softmax.sum >= least || weight >= 1.0;
    let count = candidates.leading(enough);
    candidates.keep_first(count);
}
