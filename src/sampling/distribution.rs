//! What a chain leaves: every token's probability, who removed it, and the draw.

use serde::Serialize;

use super::candidates::KEPT;
use super::exp::exp_all;
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
    /// exp(logit − greatest logit) of those in play, in the order of `order`; of another length
    /// when it is not known.
    pub(crate) weights: Vec<f64>,
    /// The logit of every token, by id, before the temperature divided it; empty if none did.
    pub(crate) unscaled: Vec<f64>,
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
        self.weights.clear();
        self.unscaled.clear();
    }

    /// The state of other buffers: what is in play, with its logits and weights.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.logits.clone_from(&other.logits);
        self.order.clone_from(&other.order);
        self.removed_by.clone_from(&other.removed_by);
        self.weights.clone_from(&other.weights);
        self.unscaled.clear();
    }

    /// By raw rank: where each token's interval ends, once they were cumulated.
    pub(crate) fn high(&self) -> &[f64] {
        &self.high
    }
}

/// Fewer survivors than this are looked up one by one.
const FEW: usize = 1024;

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
        (mut buffers, softmax): (Buffers, Softmax),
        mut reports: Vec<StageReport>,
    ) -> Self {
        let masses = buffers.raw_masses(&logits, reports.len());
        for (report, mass) in reports.iter_mut().zip(&masses[1..]) {
            report.raw_mass = *mass;
        }
        buffers.normalise(&softmax);
        buffers.cumulate(&logits);
        Self {
            logits,
            kept_mass: masses[usize::from(KEPT)],
            buffers,
            reports,
            entropy: softmax.entropy_bits(),
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
        self.logits.probabilities()
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

    /// The logit of a token before the temperature divided it: after the biases and penalties that
    /// act before that stage. Where no temperature acts, it is the [`Distribution::warped_logit`].
    #[must_use]
    pub fn penalised_logit(&self, id: u32) -> f64 {
        let unscaled = self.buffers.unscaled.get(id as usize);
        unscaled.copied().unwrap_or_else(|| self.warped_logit(id))
    }

    /// The softmax of the warped logits over all tokens, also over those that stages removed.
    ///
    /// Computed at each call, in one pass over the vocabulary.
    pub(crate) fn softmax_before_truncation(&self) -> Softmax {
        let logits = &self.buffers.logits;
        let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = logits.iter().map(|score| score - max).collect();
        exp_all(&mut weights);
        Softmax::of_weights(max, logits.iter().copied().zip(weights))
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
    /// The raw mass of the kept tokens (index 0) and of those that each stage removed.
    fn raw_masses(&self, logits: &RankedLogits, stages: usize) -> Vec<f64> {
        let mut masses = vec![0.0; 1 + stages];
        if self.order.len() == logits.len() {
            masses[usize::from(KEPT)] = 1.0;
            return masses;
        }
        // By id, so that memory is read from end to end.
        for (mark, raw) in self.removed_by.iter().zip(logits.probabilities()) {
            masses[usize::from(*mark)] += raw;
        }
        masses
    }

    /// Computes every warped probability from the weights of the survivors.
    pub(crate) fn normalise(&mut self, softmax: &Softmax) {
        self.warped.clear();
        self.warped.resize(self.logits.len(), 0.0);
        for (&id, &weight) in self.order.iter().zip(&self.weights) {
            self.warped[id as usize] = weight / softmax.sum;
        }
    }

    /// Adds the warped probabilities up in raw-rank order. From the last token that can be drawn
    /// on, the sum is set to 1, which it is but for rounding.
    pub(crate) fn cumulate(&mut self, raw: &RankedLogits) {
        let mut sum = 0.0;
        let last = self.last_drawable(raw);
        self.high.clear();
        self.high.extend(raw.order()[..last].iter().map(|&id| {
            sum += self.warped[id as usize];
            if sum < 1.0 { sum } else { 1.0 }
        }));
        self.high.resize(raw.len(), 1.0);
    }

    /// The greatest raw rank of a token that can be drawn.
    fn last_drawable(&self, raw: &RankedLogits) -> usize {
        let drawable = |&id: &u32| self.warped[id as usize] > 0.0;
        if self.order.len() < FEW {
            let ranks = self.order.iter().copied().filter(drawable);
            ranks.map(|id| raw.rank(id)).max().unwrap_or(0)
        } else {
            raw.order().iter().rposition(drawable).unwrap_or(0)
        }
    }
}
