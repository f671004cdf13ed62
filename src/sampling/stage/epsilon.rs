use super::{Candidates, Context, Rule};

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

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        keep_from(candidates, self.epsilon, context.min_tokens_to_keep);
    }
}

/// Removes the tokens with a probability below `least`, but for the `floor` best and those that tie
/// with the last of them.
pub(super) fn keep_from(candidates: &mut Candidates<'_>, least: f64, floor: usize) {
    let floor = floor.clamp(1, candidates.len());
    let last = candidates.first(floor)[floor - 1];
    let last = candidates.logit(last);
    let likely = candidates.leading(|softmax| move |weight: f64| weight / softmax.sum >= least);
    if likely < floor {
        candidates.keep_while(floor, |logit| logit >= last);
    } else {
        candidates.keep_first(likely);
    }
}
