use crate::sampling::exp::exp;

use super::{Candidates, Context, Rule};

/// Removes tokens less likely than a fraction of the likeliest one. Off at 0.
///
/// N. N. Minh et al., "Turning up the heat: min-p sampling for creative and coherent LLM outputs",
/// 2024; Hugging Face's `MinPLogitsWarper`, llama.cpp's min-p. The probabilities are those of the
/// scores as earlier stages left them; their common divisor cancels in the comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinP {
    /// The fraction, 0 to 1.
    pub fraction: f64,
    /// Whether logits are compared, as llama.cpp does (logit ≥ greatest + ln fraction), instead of
    /// probabilities. The two differ by rounding alone.
    pub by_logit: bool,
}

impl Rule for MinP {
    fn name(&self) -> &'static str {
        "minP"
    }

    fn is_off(&self) -> bool {
        self.fraction == 0.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let floor = context.min_tokens_to_keep;
        let best = candidates.logit(candidates.best());
        if self.by_logit {
            let least = best + libm::log(self.fraction);
            candidates.keep_while(floor, |logit| logit >= least);
        } else {
            candidates.keep_while(floor, |logit| exp(logit - best) >= self.fraction);
        }
    }
}
