//! How surprising the tokens of a text were, for stages that steer by it (mirostat).
//!
//! The surprise of a token depends on the knobs and on all tokens before it, so it is computed along
//! the text; what was computed is kept for the next position under the same knobs.

use super::session::Session;
use crate::error::Result;
use crate::sampling::{Chain, Knobs, Stage};

/// The surprises of the first tokens of an output under some knobs.
#[derive(Clone, Debug, Default)]
pub(super) struct Surprises {
    knobs: Option<Knobs>,
    /// The tokens, so that those of another text are not taken for these.
    tokens: Vec<u32>,
    /// Of each token, in bits.
    bits: Vec<f64>,
}

impl Surprises {
    /// Keeps what holds for this beginning of an output under these knobs, and forgets the rest.
    fn keep(&mut self, output: &[u32], knobs: &Knobs) {
        if self.knobs.as_ref() != Some(knobs) {
            *self = Self {
                knobs: Some(knobs.clone()),
                ..Self::default()
            };
        }
        let pairs = self.tokens.iter().zip(output);
        let equal = pairs.take_while(|(kept, token)| kept == token).count();
        self.tokens.truncate(equal);
        self.bits.truncate(equal);
    }
}

/// Whether a stage of the chain asks for surprises.
fn wanted(chain: &Chain) -> bool {
    let mut stages = chain.stages().iter();
    stages.any(|stage| matches!(stage, Stage::Mirostat(_)))
}

impl Session {
    /// The surprises of the output's tokens before `position`, in bits; none if the chain does not
    /// ask for them. The model must have read what stands before `position`.
    pub(super) fn surprises(
        &mut self,
        position: usize,
        knobs: &Knobs,
        chain: &Chain,
    ) -> Result<Vec<f64>> {
        let start = self.prompt_length();
        if !wanted(chain) || position <= start {
            return Ok(Vec::new());
        }
        let mut known = std::mem::take(&mut self.surprises);
        known.keep(&self.tokens[start..position], knobs);
        for at in start + known.bits.len()..position {
            let distribution = self.warp(at, chain, &known.bits)?;
            known.bits.push(distribution.surprise(self.tokens[at]));
            known.tokens.push(self.tokens[at]);
            self.reuse(distribution);
        }
        let bits = known.bits.clone();
        self.surprises = known;
        Ok(bits)
    }
}
