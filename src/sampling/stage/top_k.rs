use super::{Candidates, Context, Rule};

/// Keeps the k best tokens. Off at 0.
///
/// A. Fan et al., "Hierarchical neural story generation", 2018. With Hugging Face's
/// `TopKLogitsWarper` all that tie with the k-th stay; llama.cpp keeps exactly k, here those with the
/// lowest ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopK {
    /// How many; more than there are keeps them all.
    pub k: usize,
    /// Whether those that tie with the k-th stay.
    pub ties: bool,
}

impl Rule for TopK {
    fn name(&self) -> &'static str {
        "topK"
    }

    fn is_off(&self) -> bool {
        self.k == 0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let k = self.k.max(context.min_tokens_to_keep);
        if !self.ties {
            candidates.keep_first(k);
            return;
        }
        let index = k.clamp(1, candidates.len()) - 1;
        let kth = candidates.first(index + 1)[index];
        let kth = candidates.logit(kth);
        candidates.keep_while(0, |logit| logit >= kth);
    }
}
