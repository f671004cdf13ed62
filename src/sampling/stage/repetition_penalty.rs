use super::{Candidates, Context, Rule};

/// Makes every token that already stands in the text less likely (or, below 1, more likely).
///
/// Each id in prompt and output once, however often it occurs: a negative logit is multiplied by
/// the penalty, another divided by it (N. S. Keskar et al., "CTRL", 2019, section 4.1, as read by
/// Hugging Face's `RepetitionPenaltyLogitsProcessor`). Off at 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RepetitionPenalty {
    /// Greater than 0.
    pub penalty: f64,
}

impl Rule for RepetitionPenalty {
    fn name(&self) -> &'static str {
        "repetitionPenalty"
    }

    #[expect(clippy::float_cmp, reason = "exactly 1 is the off value")]
    fn is_off(&self) -> bool {
        self.penalty == 1.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        candidates.rescore(context.tokens, |logit| {
            if logit < 0.0 {
                logit * self.penalty
            } else {
                logit / self.penalty
            }
        });
    }
}
