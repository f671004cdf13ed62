use super::{Candidates, Context, Rule};

/// Removes some tokens for good. Off where there are none.
///
/// Hugging Face's `SuppressTokensLogitsProcessor`; in llama.cpp a logit bias of −∞.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BannedTokens {
    /// Their ids. Ids outside the vocabulary are passed over.
    pub ids: Vec<u32>,
}

impl Rule for BannedTokens {
    fn name(&self) -> &'static str {
        "bannedTokens"
    }

    fn is_off(&self) -> bool {
        self.ids.is_empty()
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        candidates.remove(&self.ids);
    }
}
