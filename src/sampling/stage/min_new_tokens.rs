use super::{Candidates, Context, Rule};

/// Bans the tokens that end a text while it has fewer new tokens than this. Off at 0.
///
/// Hugging Face's `MinNewTokensLengthLogitsProcessor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinNewTokens {
    /// The number of new tokens before which the text may not end.
    pub count: usize,
}

impl Rule for MinNewTokens {
    fn name(&self) -> &'static str {
        "minNewTokens"
    }

    fn is_off(&self) -> bool {
        self.count == 0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        if context.new_tokens < self.count {
            candidates.remove(context.end_tokens);
        }
    }
}
