//! What a person sets of a beam search.

use crate::decode::tree::check_range;
use crate::error::{Code, Error, Result};
use crate::sampling::{Chain, Knobs, Stage};

/// The most beams.
const MOST_BEAMS: usize = 64;

/// When a search ends that has as many finished texts as beams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyStopping {
    /// At once.
    Yes,
    /// When the best beam, if it ended now, would be no better than the worst finished text.
    #[default]
    No,
    /// When no beam can become better than the worst finished text: with a positive length
    /// penalty, if it reached the greatest length at its present score.
    Never,
}

/// A beam search.
#[derive(Clone, Debug, PartialEq)]
pub struct BeamSettings {
    /// Penalties, limits and stop strings; with `do_sample`, candidates are drawn, and temperature,
    /// top-k and the like act as well.
    pub knobs: Knobs,
    /// Beams, 1 to 64. One beam is greedy search.
    pub num_beams: usize,
    /// Exponent of the length in a finished score.
    pub length_penalty: f64,
    /// When the search ends.
    pub early_stopping: EarlyStopping,
    /// How many texts are returned, 1 to `num_beams`.
    pub num_return: usize,
}

impl BeamSettings {
    /// Hugging Face's defaults: length penalty 1, no early stopping, one text returned.
    #[must_use]
    pub const fn new(knobs: Knobs, num_beams: usize) -> Self {
        Self {
            knobs,
            num_beams,
            length_penalty: 1.0,
            early_stopping: EarlyStopping::No,
            num_return: 1,
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        self.knobs.validate()?;
        check_range("numBeams", self.num_beams, 1, MOST_BEAMS)?;
        check_range("numReturn", self.num_return, 1, self.num_beams)?;
        if self.length_penalty.is_finite() {
            return Ok(());
        }
        Err(Error::new(
            Code::KnobOutOfRange,
            format!(
                "lengthPenalty is {}; it must be a finite number",
                self.length_penalty
            ),
        ))
    }

    /// The processors, which act on log-probabilities. The best candidates are chosen here and not
    /// by a stage.
    pub(super) fn chain(&self) -> Result<Chain> {
        let chain = Chain::from_knobs(&self.knobs);
        let stages = chain.stages().iter();
        let stages = stages.filter(|stage| !matches!(stage, Stage::Greedy(_)));
        Chain::new(stages.cloned().collect())
    }

    /// Whether candidates are drawn.
    pub(super) fn samples(&self) -> bool {
        self.knobs.do_sample && self.knobs.temperature > 0.0
    }

    /// How many candidates a step looks at: enough for as many beams as there were, even if each
    /// of those could end in every way. One beam that is sampled draws one token: the better of
    /// several would be another distribution.
    pub(super) fn candidates(&self, end_tokens: usize) -> usize {
        if self.num_beams == 1 && self.samples() {
            return 1;
        }
        enough_to_go_on(end_tokens) * self.num_beams
    }

    /// Tokens that a cut leaves each beam at least: one that goes on, even if every end token is
    /// among the best. One beam needs none to go on.
    pub(super) fn min_tokens_to_keep(&self, end_tokens: usize) -> usize {
        if self.num_beams == 1 {
            1
        } else {
            enough_to_go_on(end_tokens)
        }
    }

    /// One beam has nothing to compare with: its text ends where greedy search ends.
    pub(super) fn stops_when_full(&self) -> bool {
        self.early_stopping == EarlyStopping::Yes || self.num_beams == 1
    }

    /// What the score of a text of this length is divided by.
    pub(super) fn length_factor(&self, length: usize) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a text has fewer than 2^53 tokens"
        )]
        libm::pow(length as f64, self.length_penalty)
    }

    /// What the score of a running beam of this length is divided by to see how good it could get.
    pub(super) fn hoped_factor(&self, length: usize) -> f64 {
        let longest = self.knobs.max_new_tokens as usize;
        match self.early_stopping {
            EarlyStopping::Never if self.length_penalty > 0.0 => self.length_factor(longest),
            _ => self.length_factor(length),
        }
    }
}

/// So many of the best tokens that one of them goes on, even if each end token is among them.
const fn enough_to_go_on(end_tokens: usize) -> usize {
    // Hugging Face looks at two even where no token ends a text.
    if end_tokens == 0 { 2 } else { 1 + end_tokens }
}
