use super::{Candidates, Context, Rule};

/// Keeps the k best tokens, and all that tie with the k-th. Off at 0.
///
/// Hugging Face's `TopKLogitsWarper`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopK {
    /// How many; more than there are keeps them all.
    pub k: usize,
}

impl Rule for TopK {
    fn name(&self) -> &'static str {
        "topK"
    }

    fn is_off(&self) -> bool {
        self.k == 0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        let index = self.k.clamp(1, candidates.len()) - 1;
        let kth = candidates.logit(candidates.ids()[index]);
        candidates.keep_while(|logit| logit >= kth);
    }
}
