use super::{Candidates, Context, Rule};

/// Makes every token that already stands in the text less likely (or, below 1, more likely).
///
/// Each id once, however often it occurs: a negative logit is multiplied by the penalty, another
/// divided by it (N. S. Keskar et al., "CTRL", 2019, section 4.1, as read by Hugging Face's
/// `RepetitionPenaltyLogitsProcessor`). Hugging Face looks at prompt and output, llama.cpp at the last
/// n tokens of both; a logit of 0 is 0 either way. Off at 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RepetitionPenalty {
    /// Greater than 0.
    pub penalty: f64,
    /// How many of the last tokens count; all if `None`.
    pub window: Option<usize>,
}

impl Rule for RepetitionPenalty {
    fn name(&self) -> &'static str {
        "repetitionPenalty"
    }

    #[expect(clippy::float_cmp, reason = "exactly 1 is the off value")]
    fn is_off(&self) -> bool {
        self.penalty == 1.0 || self.window == Some(0)
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let tokens = context.last(self.window).iter().copied();
        candidates.rescore(tokens, |_, logit| {
            if logit < 0.0 {
                logit * self.penalty
            } else {
                logit / self.penalty
            }
        });
    }
}
