use std::collections::HashMap;

use super::{Candidates, Context, Rule};

/// Takes a number off a token's logit for every time that it stands in the window. Off at 0.
///
/// llama.cpp's penalties, whose rule is that of the OpenAI API.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrequencyPenalty {
    /// What is subtracted for each time; negative makes what was said more likely.
    pub penalty: f64,
    /// How many of the last tokens count.
    pub window: usize,
}

impl Rule for FrequencyPenalty {
    fn name(&self) -> &'static str {
        "frequencyPenalty"
    }

    fn is_off(&self) -> bool {
        self.penalty == 0.0 || self.window == 0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let tokens = context.last(Some(self.window)).iter().copied();
        let mut counts = HashMap::new();
        for id in tokens.clone() {
            *counts.entry(id).or_insert(0.0) += 1.0;
        }
        candidates.rescore(tokens, |id, logit| logit - counts[&id] * self.penalty);
    }
}
