use super::{Candidates, Context, Rule};

/// Takes a number off the logit of every token that stands in the window, once. Off at 0.
///
/// llama.cpp's penalties, whose rule is that of the OpenAI API.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PresencePenalty {
    /// What is subtracted; negative makes what was said more likely.
    pub penalty: f64,
    /// How many of the last tokens count.
    pub window: usize,
}

impl Rule for PresencePenalty {
    fn name(&self) -> &'static str {
        "presencePenalty"
    }

    fn is_off(&self) -> bool {
        self.penalty == 0.0 || self.window == 0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let tokens = context.last(Some(self.window)).iter().copied();
        candidates.rescore(tokens, |_, logit| logit - self.penalty);
    }
}
