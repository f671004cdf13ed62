//! An ordered list of stages, and what it makes of logits.

use super::candidates::Candidates;
use super::distribution::{Distribution, StageReport};
use super::in_play::Buffers;
use super::knobs::Knobs;
use super::ranked::RankedLogits;
use super::stage::{Context, Rule, Stage};
use crate::error::{Code, Error, Result};

/// Stages in the order in which they act.
///
/// A chain is plain data: any order, any stage more than once. [`Chain::from_knobs`] gives the
/// orders of Hugging Face's `generate` and of llama.cpp.
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

    /// The chain that the knobs stand for: the stages of their dialect in its order (or in
    /// [`Knobs::order`]), each with its setting, those that are switched off left out; the best
    /// token alone at the end, or in the temperature's place, where nothing is to be drawn.
    #[must_use]
    pub fn from_knobs(knobs: &Knobs) -> Self {
        Self {
            stages: super::build::stages(knobs),
        }
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
        let reports = self.run(&mut candidates, context);
        Distribution::new(raw.clone(), candidates.finish(), reports)
    }

    /// The tokens that the stages leave and their logits, for callers that need no probabilities: the
    /// `count` best, best first; or, without a count, all, by id. And the memory.
    pub(crate) fn left(
        &self,
        raw: &RankedLogits,
        context: &Context<'_>,
        buffers: Buffers,
        count: Option<usize>,
    ) -> (Vec<(u32, f64)>, Buffers) {
        let mut candidates = Candidates::new(raw, buffers);
        self.run(&mut candidates, context);
        let ids = match count {
            Some(count) => candidates.first(count).to_vec(),
            None => candidates.in_play().collect(),
        };
        let left = ids.into_iter().map(|id| (id, candidates.logit(id)));
        (left.collect(), candidates.into_buffers())
    }

    /// Runs the active stages.
    fn run(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) -> Vec<StageReport> {
        let mut reports = Vec::new();
        let active = self.stages.iter().filter(|stage| !stage.is_off());
        for (mark, stage) in (1..=u8::MAX).zip(active) {
            let before = candidates.len();
            candidates.enter(mark, stage.name());
            stage.apply(candidates, context);
            reports.push(StageReport {
                stage: stage.name(),
                removed: before - candidates.len(),
                raw_mass: 0.0,
                note: candidates.take_note(),
            });
        }
        reports
    }
}
