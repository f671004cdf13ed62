use super::{Candidates, Context, Rule};

/// Removes every token that would complete a run of n tokens which the text has already. Off at 0.
///
/// Hugging Face's `NoRepeatNGramLogitsProcessor`; prompt and output count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRepeatNgram {
    /// The length of the run, n.
    pub size: usize,
}

impl Rule for NoRepeatNgram {
    fn name(&self) -> &'static str {
        "noRepeatNgram"
    }

    fn is_off(&self) -> bool {
        self.size == 0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let tokens = context.tokens;
        let Some(start) = (tokens.len() + 1).checked_sub(self.size) else {
            return;
        };
        let beginning = &tokens[start..];
        let complete = |run: &&[u32]| run[..self.size - 1] == *beginning;
        let runs = tokens.windows(self.size).filter(complete);
        let banned: Vec<u32> = runs.map(|run| run[self.size - 1]).collect();
        candidates.remove(&banned);
    }
}
