use std::collections::BTreeMap;

use super::{Candidates, Context, Rule};

/// Adds a number to the logits of some tokens. Off where there are none.
///
/// Hugging Face's `SequenceBiasLogitsProcessor` for sequences of one token; llama.cpp's logit bias.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogitBias {
    /// What is added, by token id. Ids outside the vocabulary are passed over.
    pub biases: BTreeMap<u32, f64>,
}

impl Rule for LogitBias {
    fn name(&self) -> &'static str {
        "logitBias"
    }

    fn is_off(&self) -> bool {
        self.biases.values().all(|&bias| bias == 0.0)
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        let bias = |id: u32| self.biases.get(&id).copied().unwrap_or(0.0);
        candidates.rescore(self.biases.keys().copied(), |id, logit| logit + bias(id));
    }
}
