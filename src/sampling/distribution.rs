//! What a chain leaves: every token's probability, who removed it, and the draw.

use serde::Serialize;

use super::candidates::KEPT;
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

/// The memory of a distribution, to be used again.
#[derive(Debug, Default)]
pub struct Buffers {
    /// The current logit of every token, by id.
    pub(crate) logits: Vec<f64>,
    /// The ids still in play, current logit descending, ties by id.
    pub(crate) order: Vec<u32>,
    /// By id: `KEPT`, or the number of the active stage (from 1) that removed the token.
    pub(crate) removed_by: Vec<u8>,
    /// For the stages.
    pub(crate) scratch: Vec<f64>,
    /// The raw probability of every token, by id.
    raw: Vec<f64>,
    /// The warped probability of every token, by id.
    warped: Vec<f64>,
    /// By raw rank: where the token's interval ends.
    high: Vec<f64>,
}

impl Buffers {
    /// All tokens in play, with their raw logits.
    pub(crate) fn start(&mut self, raw: &RankedLogits) {
        self.logits.clear();
        // Adding zero turns −0 into +0, so that equal logits have equal bits.
        let values = raw.values().iter().map(|&value| f64::from(value) + 0.0);
        self.logits.extend(values);
        self.order.clear();
        self.order.extend_from_slice(raw.order());
        self.removed_by.clear();
        self.removed_by.resize(raw.len(), KEPT);
    }
}

/// The warped distribution of one position, over the whole vocabulary, with its trace.
///
/// The one result that both the picture and the draw read.
#[derive(Debug)]
pub struct Distribution {
    logits: RankedLogits,
    buffers: Buffers,
    reports: Vec<StageReport>,
    entropy: f64,
    kept_mass: f64,
}

impl Distribution {
    /// Finishes what the stages began.
    pub(crate) fn new(
        logits: RankedLogits,
        mut buffers: Buffers,
        mut reports: Vec<StageReport>,
    ) -> Self {
        let masses = buffers.weigh_raw(&logits, reports.len());
        for (report, mass) in reports.iter_mut().zip(&masses[1..]) {
            report.raw_mass = *mass;
        }
        let entropy = buffers.weigh_warped();
        buffers.cumulate(logits.order());
        Self {
            logits,
            kept_mass: masses[usize::from(KEPT)],
            buffers,
            reports,
            entropy,
        }
    }

    /// The logits that it was made of.
    #[must_use]
    pub const fn raw(&self) -> &RankedLogits {
        &self.logits
    }

    /// The warped probability of every token, by id; 0 for the removed ones.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.buffers.warped
    }

    /// The raw probability of every token, by id.
    #[must_use]
    pub fn raw_probabilities(&self) -> &[f64] {
        &self.buffers.raw
    }

    /// The warped probability of a token.
    ///
    /// # Panics
    ///
    /// If the vocabulary has no such token; so do all the methods here that take an id.
    #[must_use]
    pub fn prob(&self, id: u32) -> f64 {
        self.buffers.warped[id as usize]
    }

    /// The logit of a token as the stages left it: penalised and divided by the temperature.
    /// For a removed token it is the logit that later stages would have seen.
    #[must_use]
    pub fn warped_logit(&self, id: u32) -> f64 {
        self.buffers.logits[id as usize]
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
        self.buffers.order.len()
    }

    /// The raw probability mass that the survivors hold.
    #[must_use]
    pub const fn kept_mass(&self) -> f64 {
        self.kept_mass
    }

    /// The survivors, in raw-rank order.
    pub fn kept_ids(&self) -> impl Iterator<Item = u32> {
        let order = self.logits.order().iter().copied();
        order.filter(|&id| self.is_kept(id))
    }

    /// The survivors, in the order in which the stages left them: warped logit descending, ties by id.
    #[must_use]
    pub fn kept_by_warped_rank(&self) -> &[u32] {
        &self.buffers.order
    }

    /// The entropy of the warped distribution, in bits.
    #[must_use]
    pub const fn entropy(&self) -> f64 {
        self.entropy
    }

    /// The effective vocabulary of the warped distribution: 2^entropy.
    #[must_use]
    pub fn effective(&self) -> f64 {
        effective(self.entropy)
    }

    /// The token that `u` selects: the first, in raw-rank order, whose cumulative warped probability exceeds it.
    ///
    /// The order is the same whatever the knobs are, so that a small change of a knob moves few
    /// boundaries past `u`. A token of probability 0 is never drawn; a `u` of 1 or more selects
    /// the last token that can be drawn.
    #[must_use]
    pub fn draw(&self, u: f64) -> Draw {
        let high = &self.buffers.high;
        // Intervals end at exactly 1, so only a `u` outside [0, 1) needs the second bound.
        let last = high.partition_point(|&high| high < 1.0);
        let rank = high.partition_point(|&high| high <= u).min(last);
        let (low, high) = self.interval_at(rank);
        let id = self.logits.order()[rank];
        Draw { u, id, low, high }
    }

    /// The interval `[low, high)` of a token on the cumulative distribution; empty if it cannot be drawn.
    #[must_use]
    pub fn interval(&self, id: u32) -> (f64, f64) {
        self.interval_at(self.logits.rank(id))
    }

    /// The interval of the token with this raw rank.
    #[must_use]
    pub fn interval_at(&self, rank: usize) -> (f64, f64) {
        let high = &self.buffers.high;
        let low = rank.checked_sub(1).map_or(0.0, |rank| high[rank]);
        (low, high[rank])
    }

    /// Gives the memory back, for [`Chain::warp_into`](super::Chain::warp_into).
    #[must_use]
    pub fn into_buffers(self) -> Buffers {
        self.buffers
    }
}

impl Buffers {
    /// Computes every raw probability, and the raw mass of the kept tokens (index 0) and of those
    /// that each stage removed.
    fn weigh_raw(&mut self, logits: &RankedLogits, stages: usize) -> Vec<f64> {
        let mut masses = vec![0.0; 1 + stages];
        let softmax = logits.softmax();
        self.raw.resize(logits.len(), 0.0);
        for &id in logits.order().iter().rev() {
            let id = id as usize;
            let weight = libm::exp(f64::from(logits.values()[id]) - softmax.max);
            self.raw[id] = weight / softmax.sum;
            masses[usize::from(self.removed_by[id])] += weight;
        }
        for mass in &mut masses {
            *mass /= softmax.sum;
        }
        masses
    }

    /// Computes every warped probability, and returns the entropy in bits.
    fn weigh_warped(&mut self) -> f64 {
        let Self {
            logits,
            order,
            warped,
            ..
        } = self;
        warped.clear();
        warped.resize(logits.len(), 0.0);
        let at = |id: u32| logits[id as usize];
        let ascending = order.iter().rev().map(|&id| (id, at(id)));
        let softmax = Softmax::sum(at(order[0]), ascending, |id, weight| {
            warped[id as usize] = weight;
        });
        for &id in &*order {
            warped[id as usize] /= softmax.sum;
        }
        softmax.entropy_bits()
    }

    /// Adds the warped probabilities up in raw-rank order. From the last token that can be drawn
    /// on, the sum is set to 1, which it is but for rounding.
    fn cumulate(&mut self, ranked: &[u32]) {
        let mut sum = 0.0;
        self.high.clear();
        self.high.extend(ranked.iter().map(|&id| {
            sum += self.warped[id as usize];
            f64::min(sum, 1.0)
        }));
        let drawable = |&id: &u32| self.warped[id as usize] > 0.0;
        if let Some(last) = ranked.iter().rposition(drawable) {
            self.high[last..].fill(1.0);
        }
    }
}
