//! What a chain leaves: every token's probability, who removed it, and the draw.

use std::cell::OnceCell;

use serde::Serialize;

use super::in_play::{Buffers, KEPT};
use super::ladder::Ladder;
use super::masses::masses;
use super::ranked::RankedLogits;
use super::softmax::{Softmax, effective};

/// What one active stage did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageReport {
    /// The name of the stage.
    pub stage: &'static str,
    /// How many tokens it removed.
    pub removed: usize,
    /// The raw probability mass that they hold.
    pub raw_mass: f64,
    /// What is worth saying about it, if anything.
    pub note: Option<String>,
}

/// A draw: a number and the token whose interval on the cumulative distribution holds it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Draw {
    /// The number, in `[0, 1)`.
    pub u: f64,
    /// The token.
    pub id: u32,
    /// Where the token's interval begins.
    pub low: f64,
    /// Where it ends; the end itself belongs to the next token.
    pub high: f64,
}

/// The warped distribution of one position, over the whole vocabulary, with its trace.
///
/// The one result that both the picture and the draw read. What only some callers look at, such as
/// the end of the cumulative distribution, is computed when it is asked for.
#[derive(Debug)]
pub struct Distribution {
    logits: RankedLogits,
    buffers: Buffers,
    softmax: Softmax,
    reports: Vec<StageReport>,
    kept_mass: f64,
    /// The beginning of the cumulative distribution, and all of it.
    ladder: Ladder,
    whole_ladder: OnceCell<Ladder>,
    /// The survivors in the order of the chain, where not all were sorted.
    kept: OnceCell<Vec<u32>>,
    /// The warped probability of every token, by id.
    probabilities: OnceCell<Vec<f64>>,
}

impl Distribution {
    /// Finishes what the stages began.
    pub(crate) fn new(
        logits: RankedLogits,
        (buffers, softmax): (Buffers, Softmax),
        mut reports: Vec<StageReport>,
    ) -> Self {
        let removed = reports.iter().map(|report| report.removed);
        let counts: Vec<usize> = [buffers.count].into_iter().chain(removed).collect();
        let masses = masses(&logits, &buffers.removed_by, &counts);
        for (report, mass) in reports.iter_mut().zip(&masses[1..]) {
            report.raw_mass = *mass;
        }
        Self {
            ladder: Ladder::beginning(&logits, &buffers, &softmax),
            whole_ladder: OnceCell::new(),
            kept: OnceCell::new(),
            probabilities: OnceCell::new(),
            kept_mass: masses[usize::from(KEPT)],
            logits,
            buffers,
            softmax,
            reports,
        }
    }

    /// The logits that it was made of.
    #[must_use]
    pub const fn raw(&self) -> &RankedLogits {
        &self.logits
    }

    /// The warped probability of every token, by id; 0 for the removed ones. Computed at the first call.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        let marks = || (0..).zip(&self.buffers.removed_by);
        let prob = |(id, &mark): (u32, &u8)| if mark == KEPT { self.prob(id) } else { 0.0 };
        self.probabilities
            .get_or_init(|| marks().map(prob).collect())
    }

    /// The raw probability of every token, by id.
    #[must_use]
    pub fn raw_probabilities(&self) -> &[f64] {
        self.logits.probabilities()
    }

    /// The warped probability of a token.
    ///
    /// # Panics
    ///
    /// If the vocabulary has no such token; so do all the methods here that take an id.
    #[must_use]
    pub fn prob(&self, id: u32) -> f64 {
        if self.is_kept(id) {
            self.softmax.probability(self.warped_logit(id))
        } else {
            0.0
        }
    }

    /// The logit of a token as the stages left it: penalised and divided by the temperature.
    /// For a removed token it is the logit that later stages would have seen.
    #[must_use]
    pub fn warped_logit(&self, id: u32) -> f64 {
        self.buffers.logits[id as usize]
    }

    /// The logit of a token before the temperature divided it: after the biases and penalties that
    /// act before that stage. Where no temperature acts, it is the [`Distribution::warped_logit`].
    #[must_use]
    pub fn penalised_logit(&self, id: u32) -> f64 {
        let unscaled = self.buffers.unscaled.get(id as usize);
        unscaled.copied().unwrap_or_else(|| self.warped_logit(id))
    }

    /// The softmax of the warped logits over all tokens, also over those that stages removed.
    ///
    /// Computed at each call, in one pass over the vocabulary if a stage changed a logit.
    pub(crate) fn softmax_before_truncation(&self) -> Softmax {
        if self.buffers.count == self.logits.len() {
            return self.softmax;
        }
        self.buffers.softmax_of_all(&self.logits)
    }

    /// The softmax of the survivors.
    pub(crate) const fn softmax(&self) -> &Softmax {
        &self.softmax
    }

    /// The surprise of a token that was chosen, in bits: −log₂ of its warped probability. A token
    /// that cannot be drawn here (it was forced) counts with its raw probability.
    #[must_use]
    pub fn surprise(&self, id: u32) -> f64 {
        let probability = self.prob(id);
        if probability > 0.0 {
            -libm::log2(probability)
        } else {
            -self.logits.log_prob(id) * std::f64::consts::LOG2_E
        }
    }

    /// Whether the token survived every stage.
    #[must_use]
    pub fn is_kept(&self, id: u32) -> bool {
        self.buffers.removed_by[id as usize] == KEPT
    }

    /// The name of the stage that removed the token, if one did.
    #[must_use]
    pub fn removed_by(&self, id: u32) -> Option<&'static str> {
        self.remover(id).map(|index| self.reports[index].stage)
    }

    /// The index in [`Distribution::reports`] of the stage that removed the token, if one did.
    #[must_use]
    pub fn remover(&self, id: u32) -> Option<usize> {
        usize::from(self.buffers.removed_by[id as usize]).checked_sub(1)
    }

    /// What each active stage did, in order.
    #[must_use]
    pub fn reports(&self) -> &[StageReport] {
        &self.reports
    }

    /// How many tokens survived, at least 1.
    #[must_use]
    pub fn kept_count(&self) -> usize {
        self.buffers.count
    }

    /// The raw probability mass that the survivors hold.
    #[must_use]
    pub const fn kept_mass(&self) -> f64 {
        self.kept_mass
    }

    /// The survivors, in raw-rank order.
    pub fn kept_ids(&self) -> impl Iterator<Item = u32> {
        self.whole_ladder().ids().iter().copied()
    }

    /// The survivors, in the order in which the stages left them: warped logit descending, ties by id.
    #[must_use]
    pub fn kept_by_warped_rank(&self) -> &[u32] {
        if self.buffers.all_sorted() {
            return &self.buffers.first;
        }
        self.kept
            .get_or_init(|| self.buffers.whole_order(&self.logits))
    }

    /// The entropy of the warped distribution, in bits.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        self.softmax.entropy_bits()
    }

    /// The effective vocabulary of the warped distribution: 2^entropy.
    #[must_use]
    pub fn effective(&self) -> f64 {
        effective(self.entropy())
    }

    /// The token that `u` selects: the first, in raw-rank order, whose cumulative warped probability exceeds it.
    ///
    /// The order is the same whatever the knobs are, so that a small change of a knob moves few
    /// boundaries past `u`. A token of probability 0 is never drawn; a `u` of 1 or more selects
    /// the last token that can be drawn.
    #[must_use]
    pub fn draw(&self, u: f64) -> Draw {
        let ladder = self.ladder_where(|ladder| ladder.reaches(u));
        let (id, low, high) = ladder.at(u);
        Draw { u, id, low, high }
    }

    /// The beginning of the cumulative distribution if that is enough, else all of it.
    fn ladder_where(&self, is_enough: impl Fn(&Ladder) -> bool) -> &Ladder {
        if is_enough(&self.ladder) {
            return &self.ladder;
        }
        let whole = || Ladder::whole(&self.logits, &self.buffers, &self.softmax);
        self.whole_ladder.get_or_init(whole)
    }

    fn whole_ladder(&self) -> &Ladder {
        self.ladder_where(|ladder| ladder.ids().len() == self.buffers.count)
    }

    /// The interval `[low, high)` of a token on the cumulative distribution; empty if it cannot be drawn.
    #[must_use]
    pub fn interval(&self, id: u32) -> (f64, f64) {
        let key = self.logits.key(id);
        let ladder = self.ladder_where(|ladder| ladder.has(key, &self.logits));
        ladder.interval(id, &self.logits)
    }

    /// The interval of the token with this raw rank.
    #[must_use]
    pub fn interval_at(&self, rank: usize) -> (f64, f64) {
        self.interval(self.logits.at(rank))
    }

    /// Gives the memory back, for [`Chain::warp_into`](super::Chain::warp_into).
    #[must_use]
    pub fn into_buffers(self) -> Buffers {
        self.buffers
    }
}
