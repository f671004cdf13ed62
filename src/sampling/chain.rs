//! An ordered list of stages, and what it makes of logits.

use super::candidates::Candidates;
use super::distribution::{Buffers, Distribution, StageReport};
use super::knobs::Knobs;
use super::ranked::RankedLogits;
use super::stage::{
    Context, Greedy, MinNewTokens, MinP, RepetitionPenalty, Rule, Stage, Temperature, TopK, TopP,
};
use crate::error::{Code, Error, Result};

/// Stages in the order in which they act.
///
/// A chain is plain data: any order, any stage more than once. [`Chain::from_knobs`] gives the
/// order of Hugging Face's `generate`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    stages: Vec<Stage>,
}

/// The most stages that a chain may have: a token's mark must fit a byte.
const MOST_STAGES: usize = u8::MAX as usize;

impl Chain {
    /// A chain of these stages.
    ///
    /// # Errors
    ///
    /// [`Code::BadArgument`] if there are more than 255.
    pub fn new(stages: Vec<Stage>) -> Result<Self> {
        if stages.len() > MOST_STAGES {
            let message = format!(
                "a chain has at most {MOST_STAGES} stages, not {}",
                stages.len()
            );
            return Err(Error::new(Code::BadArgument, message));
        }
        Ok(Self { stages })
    }

    /// The chain that Hugging Face's `generate` makes of these knobs: repetition penalty, minimum
    /// of new tokens, then either temperature, top-k, top-p, min-p, or the best token alone.
    #[must_use]
    pub fn from_knobs(knobs: &Knobs) -> Self {
        let mut stages = vec![
            Stage::RepetitionPenalty(RepetitionPenalty {
                penalty: knobs.repetition_penalty,
            }),
            Stage::MinNewTokens(MinNewTokens {
                count: knobs.min_new_tokens as usize,
            }),
        ];
        if !knobs.do_sample {
            stages.push(Stage::Greedy(Greedy::NotSampling));
        } else if knobs.temperature == 0.0 {
            stages.push(Stage::Greedy(Greedy::ZeroTemperature));
        } else {
            stages.extend(sampling_stages(knobs));
        }
        Self { stages }
    }

    /// The stages, off ones included.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Runs the chain over the logits of one position.
    #[must_use]
    pub fn warp(&self, raw: &RankedLogits, context: &Context<'_>) -> Distribution {
        self.warp_into(raw, context, Buffers::default())
    }

    /// As [`Chain::warp`], in the memory of an earlier result ([`Distribution::into_buffers`]).
    #[must_use]
    pub fn warp_into(
        &self,
        raw: &RankedLogits,
        context: &Context<'_>,
        buffers: Buffers,
    ) -> Distribution {
        let mut candidates = Candidates::new(raw, buffers);
        let mut reports = Vec::new();
        let active = self.stages.iter().filter(|stage| !stage.is_off());
        for (mark, stage) in (1..=u8::MAX).zip(active) {
            let before = candidates.len();
            candidates.enter(mark, stage.name());
            stage.apply(&mut candidates, context);
            reports.push(StageReport {
                stage: stage.name(),
                removed: before - candidates.len(),
                raw_mass: 0.0,
                note: candidates.take_note(),
            });
        }
        Distribution::new(raw.clone(), candidates.into_buffers(), reports)
    }
}

/// The stages that act only when a token is drawn at random.
fn sampling_stages(knobs: &Knobs) -> [Stage; 4] {
    [
        Stage::Temperature(Temperature {
            temperature: knobs.temperature,
        }),
        Stage::TopK(TopK {
            k: knobs.top_k as usize,
        }),
        Stage::TopP(TopP { p: knobs.top_p }),
        Stage::MinP(MinP {
            fraction: knobs.min_p,
        }),
    ]
}
