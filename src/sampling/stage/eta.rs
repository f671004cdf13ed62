use super::epsilon::keep_from;
use super::{Candidates, Context, Rule};

/// Removes tokens with a probability below min(ε, √ε · e^−H): a floor that sinks as the entropy H
/// rises; the best stays. Off at 0.
///
/// J. Hewitt et al., "Truncation sampling as language model desmoothing", 2022; Hugging Face's
/// `EtaLogitsWarper`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eta {
    /// ε.
    pub epsilon: f64,
}

impl Rule for Eta {
    fn name(&self) -> &'static str {
        "etaCutoff"
    }

    fn is_off(&self) -> bool {
        self.epsilon == 0.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let sinking = self.epsilon.sqrt() * libm::exp(-candidates.entropy());
        keep_from(
            candidates,
            self.epsilon.min(sinking),
            context.min_tokens_to_keep,
        );
    }
}
