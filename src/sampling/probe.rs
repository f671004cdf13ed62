//! One step's choice as a function of one knob, evaluated many times.

use std::collections::BTreeSet;

use super::build;
use super::candidates::Candidates;
use super::in_play::{Buffers, KEPT};
use super::knobs::{self};
use super::knobs::{KnobSpec, Knobs};
use super::ladder::Ladder;
use super::ranked::RankedLogits;
use super::softmax::Softmax;
use super::stage::{BannedTokens, Context, LogitBias, Rule, Stage};

/// Where a token's interval on the cumulative distribution lies, seen from the number drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The number is below it.
    Below,
    /// The number is above it, or in it.
    Above,
}

/// A step whose chain depends on one knob.
///
/// What the stages before the knob's own leave is computed once, and only tokens that can survive are
/// kept, renumbered in the order of their ids. The choice is then exactly that of the whole chain: order,
/// weights and sums are the same numbers.
pub(super) struct Probe<'a> {
    knobs: Knobs,
    spec: &'static KnobSpec,
    present: f64,
    u: f64,
    context: Context<'a>,
    reacts: bool,
    /// How many stages at the beginning of the chain do not depend on the knob.
    settled: usize,
    /// The tokens left, and their state after the settled stages.
    raw: RankedLogits,
    state: Buffers,
    /// What the state's weights sum to, if they are known.
    softmax: Option<Softmax>,
    /// The ids that they had, ascending: their places are their new ids. `None` if all are left.
    left: Option<Vec<u32>>,
    /// The context's ids under their new names: tokens, end tokens, breakers.
    named: [Vec<u32>; 3],
    /// The raw rank, among the tokens left, of the one that is chosen at the present value.
    chosen: usize,
    /// Memory for the evaluations.
    spare: Buffers,
}

impl<'a> Probe<'a> {
    /// The choice of these knobs, to be seen as a function of the knob that `spec` is about.
    pub(super) fn new(
        knobs: &Knobs,
        spec: &'static KnobSpec,
        logits: &RankedLogits,
        context: &Context<'a>,
        u: f64,
    ) -> Option<Self> {
        let mut probe = Self {
            knobs: knobs.clone(),
            spec,
            present: knobs.number(spec.key)?,
            u,
            context: *context,
            reacts: false,
            settled: 0,
            raw: logits.clone(),
            state: Buffers::default(),
            softmax: None,
            left: None,
            named: [context.tokens, context.end_tokens, context.breakers].map(<[u32]>::to_vec),
            chosen: 0,
            spare: Buffers::default(),
        };
        probe.settle()?;
        Some(probe)
    }

    /// Whether the knob has any part in the chain.
    pub(super) const fn reacts(&self) -> bool {
        self.reacts
    }

    /// The knob's present value.
    pub(super) const fn present(&self) -> f64 {
        self.present
    }

    /// Whether the choice at this value is that of the present one.
    pub(super) fn same(&mut self, value: f64) -> bool {
        let (low, high) = self.interval(value);
        low <= self.u && self.u < high
    }

    /// On which side of the token's interval the number lies at this value.
    pub(super) fn side(&mut self, value: f64) -> Side {
        if self.u < self.interval(value).0 {
            Side::Below
        } else {
            Side::Above
        }
    }

    /// How far the number is from the end of the token's interval on that side: positive exactly
    /// where the choice is the same.
    pub(super) fn distance(&mut self, value: f64, side: Side) -> f64 {
        let (low, high) = self.interval(value);
        let distance = match side {
            Side::Below => self.u - low,
            Side::Above => high - self.u,
        };
        if low <= self.u && self.u < high {
            distance.max(f64::MIN_POSITIVE)
        } else {
            -distance.abs().max(f64::MIN_POSITIVE)
        }
    }

    /// The active stages at a value of the knob.
    fn stages(&mut self, value: f64) -> Vec<Stage> {
        // A value of the range is never refused.
        let set = self.knobs.set_number(self.spec.key, value);
        debug_assert!(set.is_ok(), "{set:?}");
        let mut stages = build::stages(&self.knobs);
        stages.retain(|stage| !stage.is_off());
        stages
    }

    /// Runs the stages that do not depend on the knob, and the rest once, to know the choice.
    fn settle(&mut self) -> Option<()> {
        let now = self.stages(self.present);
        let ends = [self.spec.min?, self.spec.max?].map(|end| self.stages(end));
        self.reacts = ends.iter().any(|stages| *stages != now);
        if !self.reacts {
            return Some(());
        }
        let settled =
            |stages: &Vec<Stage>| now.iter().zip(stages).take_while(|(a, b)| a == b).count();
        self.settled = ends.iter().map(settled).min()?;
        let raw = self.raw.clone();
        let mut candidates = Candidates::new(&raw, Buffers::default());
        for (mark, stage) in (1..).zip(&now[..self.settled]) {
            candidates.enter(mark, stage.name());
            stage.apply(&mut candidates, &self.context);
        }
        if uses_weights(self.spec) {
            self.softmax = Some(candidates.weights().1);
        }
        let ids = candidates.ids().to_vec();
        let reach = self.reach(&now, &ids, |id| candidates.logit(id));
        self.shrink(candidates.into_buffers(), reach)?;
        let (buffers, softmax) = self.warp(self.present);
        let ladder = Ladder::whole(&self.raw, &buffers, &softmax);
        self.spare = buffers;
        if self.u >= 1.0 {
            return None;
        }
        self.chosen = self.raw.rank(ladder.at(self.u).0);
        Some(())
    }

    /// How many of the best candidates a top-k that comes can keep, whatever the stages before it do
    /// to the tokens that they name: those lie in reach beside them. All, if there is no such top-k.
    fn reach(&self, stages: &[Stage], ids: &[u32], logit: impl Fn(u32) -> f64) -> usize {
        let coming = &stages[self.settled..];
        let Some(at) = coming
            .iter()
            .position(|stage| matches!(stage, Stage::TopK(_)))
        else {
            return ids.len();
        };
        let Stage::TopK(top_k) = &coming[at] else {
            return ids.len();
        };
        let cuts = |stage: &Stage| {
            let spec = knobs::stage(stage.name());
            !matches!(stage, Stage::Temperature(_)) && spec.is_none_or(|spec| spec.sampling)
        };
        if self.spec.key == "topK" || is_cut(self.spec) || coming[..at].iter().any(cuts) {
            return ids.len();
        }
        let count = (top_k.k + self.all_named().len()).min(ids.len());
        let least = logit(ids[count - 1]);
        ids.partition_point(|&id| logit(id) >= least)
    }

    /// Every id that a stage may name.
    fn all_named(&self) -> BTreeSet<u32> {
        let context = self.named.iter().flatten().copied();
        let biased = self.knobs.logit_bias.keys().copied();
        let banned = self.knobs.banned_tokens.iter().copied();
        context.chain(biased).chain(banned).collect()
    }

    /// Keeps the first `reach` candidates and the named ones, under new ids.
    fn shrink(&mut self, state: Buffers, reach: usize) -> Option<()> {
        if state.first.len() == self.raw.len() && reach == self.raw.len() {
            self.state = state;
            return Some(());
        }
        let named = self.all_named();
        let in_reach = |(place, id): (usize, &u32)| place < reach || named.contains(id);
        let stays: Vec<bool> = state.first.iter().enumerate().map(in_reach).collect();
        let staying = || state.first.iter().zip(&stays).filter(|(_, stays)| **stays);
        let mut left: Vec<u32> = staying().map(|(&id, _)| id).collect();
        left.sort_unstable();
        let values: Vec<f32> = left.iter().map(|&id| self.raw.logit(id)).collect();
        self.raw = RankedLogits::new(values).ok()?;
        if left.len() != state.first.len() {
            self.softmax = None;
        }
        let kept_weights = state
            .weights
            .iter()
            .zip(&stays)
            .filter(|(_, stays)| **stays);
        let mut small = Buffers::default();
        small.start(&self.raw);
        small.first = staying().map(|(&id, _)| rename(&left, id)).collect();
        small.count = small.first.len();
        small.logits = left.iter().map(|&id| state.logits[id as usize]).collect();
        small.weights = kept_weights.map(|(&weight, _)| weight).collect();
        self.state = small;
        for id in self.named.iter_mut().flatten() {
            *id = rename(&left, *id);
        }
        self.left = Some(left);
        Some(())
    }

    /// The chosen token's interval at a value of the knob: as a [`Ladder`] has it, of which
    /// only the sum up to this token is needed.
    fn interval(&mut self, value: f64) -> (f64, f64) {
        let (buffers, softmax) = self.warp(value);
        let probability = |&id: &u32| {
            let kept = buffers.removed_by[id as usize] == KEPT;
            let weight = |id| softmax.weight(buffers.logits[id as usize]);
            if kept { weight(id) / softmax.sum } else { 0.0 }
        };
        let (before, rest) = self.raw.order().split_at(self.chosen);
        let low = before.iter().map(probability).fold(0.0, |sum, p| sum + p);
        let own = probability(&rest[0]);
        let later = rest[1..].iter().any(|id| probability(id) > 0.0);
        self.spare = buffers;
        // From the last token that can be drawn on, the sum is 1, but for rounding.
        let end = |sum: f64, more: bool| if more { sum.min(1.0) } else { 1.0 };
        let high = end(low + own, later);
        if self.chosen == 0 {
            return (0.0, high);
        }
        (end(low, own > 0.0 || later), high)
    }

    /// Runs the stages that depend on the knob, in the spare memory.
    fn warp(&mut self, value: f64) -> (Buffers, Softmax) {
        let mut stages = self.stages(value).split_off(self.settled);
        if let Some(left) = &self.left {
            stages.iter_mut().for_each(|stage| rename_in(stage, left));
        }
        let mut buffers = std::mem::take(&mut self.spare);
        buffers.copy_from(&self.state);
        let context = Context {
            tokens: &self.named[0],
            end_tokens: &self.named[1],
            breakers: &self.named[2],
            ..self.context
        };
        let mut candidates = Candidates::resume(&self.raw, buffers, self.softmax);
        for stage in &stages {
            candidates.enter(u8::MAX, stage.name());
            stage.apply(&mut candidates, &context);
        }
        candidates.finish_sum()
    }
}

/// Whether the knob's stage begins by looking at probabilities, so that weights are worth keeping.
fn uses_weights(spec: &KnobSpec) -> bool {
    is_cut(spec) && spec.stage != Some("topK")
}

/// Whether the knob's stage depends on the probabilities of all candidates.
fn is_cut(spec: &KnobSpec) -> bool {
    let stage = spec.stage.and_then(knobs::stage);
    stage.is_none_or(|stage| stage.sampling && stage.name != "temperature")
}

/// The new name of an id: its place among those left; of another, a name that no token left has.
fn rename(left: &[u32], id: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "fewer than there are ids")]
    match left.binary_search(&id) {
        Ok(place) => place as u32,
        Err(_) => (left.len() as u32).saturating_add(id),
    }
}

/// The stage with the ids that it names itself renamed.
fn rename_in(stage: &mut Stage, left: &[u32]) {
    match stage {
        Stage::LogitBias(LogitBias { biases }) => {
            let renamed = biases.iter().map(|(&id, &bias)| (rename(left, id), bias));
            *biases = renamed.collect();
        }
        Stage::BannedTokens(BannedTokens { ids }) => {
            ids.iter_mut().for_each(|id| *id = rename(left, *id));
        }
        _ => {}
    }
}
