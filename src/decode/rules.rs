//! What every continuation of a prompt goes by: how logits become a distribution, and when a text ends.

use std::rc::Rc;

use super::step::Finish;
use super::text::OutputText;
use crate::sampling::{Buffers, Chain, Context, Distribution, Knobs, RankedLogits};

/// What is fixed for all continuations of one prompt.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Tokens of the prompt.
    pub(super) prompt_length: usize,
    /// Longest sequence, prompt included.
    pub(super) context_length: usize,
    /// Ids that end a text.
    pub(super) end_tokens: Rc<[u32]>,
    /// Ids over which no repetition reaches, for DRY.
    pub(super) breakers: Rc<[u32]>,
    /// Tokens that a cut leaves at least.
    pub(super) min_tokens_to_keep: usize,
}

impl Rules {
    /// What the stages may know of a text, prompt included; `surprises` as in [`Rules::warp`].
    pub(super) fn context<'a>(&'a self, tokens: &'a [u32], surprises: &'a [f64]) -> Context<'a> {
        let new_tokens = tokens.len().saturating_sub(self.prompt_length);
        Context {
            tokens,
            new_tokens,
            end_tokens: &self.end_tokens,
            breakers: &self.breakers,
            step: new_tokens as u64,
            surprises,
            min_tokens_to_keep: self.min_tokens_to_keep,
        }
    }

    /// The distribution of the token that follows `tokens`, which include the prompt; `surprises`
    /// are those of the new ones, in bits, or none if the chain does not ask for them.
    pub(super) fn warp(
        &self,
        chain: &Chain,
        ranked: &RankedLogits,
        tokens: &[u32],
        surprises: &[f64],
        buffers: Buffers,
    ) -> Distribution {
        chain.warp_into(ranked, &self.context(tokens, surprises), buffers)
    }

    /// Why a text ends after these new tokens, if it does; `text` has them and perhaps more.
    pub(super) fn finish(
        &self,
        output: &[u32],
        text: &OutputText,
        knobs: &Knobs,
    ) -> Option<Finish> {
        let count = output.len();
        let last = output.last()?;
        if self.end_tokens.contains(last) {
            Some(Finish::End)
        } else if text.stops(count, &knobs.stop) {
            Some(Finish::Stop)
        } else if count >= knobs.max_new_tokens as usize {
            Some(Finish::MaxNewTokens)
        } else if self.prompt_length + count >= self.context_length {
            Some(Finish::Context)
        } else {
            None
        }
    }
}
