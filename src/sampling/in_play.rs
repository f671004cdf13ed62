//! The state of a chain: every token's logit, and who is in play, best first as far as anyone looked.

use std::cmp::Ordering;
use std::ops::Range;

use super::exp::exp_all;
use super::ranked::{RankedLogits, score};
use super::softmax::{Softmax, greatest};

/// The mark of a token that no stage has removed; other marks count the active stages from 1.
pub(crate) const KEPT: u8 = 0;

/// The memory of a distribution, to be used again.
///
/// The tokens in play are in order (current logit descending, ties by id) only as far as they were
/// looked at: `first` has all that come up to the `floor`. The others follow when they are needed
/// ([`Buffers::sort_all`]), and most stages never need them.
#[derive(Debug, Default)]
pub struct Buffers {
    /// The current logit of every token, by id.
    pub(crate) logits: Vec<f64>,
    /// The logit of every token, by id, before the temperature divided it; empty if none did.
    pub(crate) unscaled: Vec<f64>,
    /// By id: `KEPT`, or the number of the active stage (from 1) that removed the token.
    pub(crate) removed_by: Vec<u8>,
    /// The ids in play that come first, in order; never empty.
    pub(crate) first: Vec<u32>,
    /// How many are in play, those that are not in `first` included.
    pub(crate) count: usize,
    /// exp(logit − greatest logit) of those in `first`; of another length when it is not known.
    pub(crate) weights: Vec<f64>,
    /// Whether some logits are not the raw ones any more.
    pub(crate) changed: bool,
    /// While not all are in `first`: the logit and the id after which the others come.
    floor: (f64, u32),
    /// Those whose place among the others is not that of the raw logits any more.
    moved: Vec<u32>,
}

impl Buffers {
    /// All tokens in play, with their raw logits.
    pub(crate) fn start(&mut self, raw: &RankedLogits) {
        self.logits.clear();
        self.logits
            .extend(raw.values().iter().map(|&value| score(value)));
        self.unscaled.clear();
        self.removed_by.clear();
        self.removed_by.resize(raw.len(), KEPT);
        self.first.clear();
        self.first.extend_from_slice(raw.front());
        self.count = raw.len();
        self.changed = false;
        self.weights.clear();
        self.floor = self.first.last().map_or((0.0, 0), |&id| self.place(id));
        self.moved.clear();
    }

    /// The state of other buffers, of which all that are in play are in order.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        debug_assert!(other.all_sorted());
        self.logits.clone_from(&other.logits);
        self.unscaled.clear();
        self.removed_by.clone_from(&other.removed_by);
        self.first.clone_from(&other.first);
        self.count = other.count;
        self.changed = other.changed;
        self.weights.clone_from(&other.weights);
        self.moved.clear();
    }

    /// Whether all that are in play are in `first`.
    pub(crate) fn all_sorted(&self) -> bool {
        self.first.len() == self.count
    }

    /// Brings all that are in play into order.
    pub(crate) fn sort_all(&mut self, raw: &RankedLogits) {
        if !self.all_sorted() {
            self.first = self.whole_order(raw);
        }
    }

    /// All that are in play, in order: the raw order, and in it those that were moved.
    pub(crate) fn whole_order(&self, raw: &RankedLogits) -> Vec<u32> {
        if self.all_sorted() {
            return self.first.clone();
        }
        let mut elsewhere = vec![false; self.logits.len()];
        for &id in &self.moved {
            elsewhere[id as usize] = true;
        }
        let in_play = |id: u32| self.removed_by[id as usize] == KEPT;
        let stayed = raw.order().iter().copied();
        let mut order: Vec<u32> = stayed
            .filter(|&id| in_play(id) && !elsewhere[id as usize])
            .collect();
        // Each once, however often it was moved.
        let once = |id: &u32| std::mem::take(&mut elsewhere[*id as usize]) && in_play(*id);
        let moved = self.moved.iter().copied().filter(once).collect();
        merge(&mut order, moved, |id| self.place(id));
        order
    }

    fn place(&self, id: u32) -> (f64, u32) {
        (self.logits[id as usize], id)
    }

    /// The softmax over those in play.
    pub(crate) fn softmax(&mut self, raw: &RankedLogits) -> Softmax {
        let known = self.softmax_at_hand(raw);
        let fill = |start, scores: &mut [f64]| self.in_play(start, scores);
        known.unwrap_or_else(|| Softmax::over(self.best_logit(), self.logits.len(), fill))
    }

    /// The same without the entropy, which may be NaN.
    pub(crate) fn softmax_sum(&mut self, raw: &RankedLogits) -> Softmax {
        let known = self.softmax_at_hand(raw);
        let fill = |start, scores: &mut [f64]| self.in_play(start, scores);
        known
            .unwrap_or_else(|| Softmax::without_entropy(self.best_logit(), self.logits.len(), fill))
    }

    /// The greatest logit in play.
    fn best_logit(&self) -> f64 {
        self.logits[self.first[0] as usize]
    }

    /// The softmax, where no pass over the vocabulary is needed for it.
    fn softmax_at_hand(&mut self, raw: &RankedLogits) -> Option<Softmax> {
        if !self.changed && self.count == raw.len() {
            return Some(*raw.softmax());
        }
        if !self.few_sorted() {
            return None;
        }
        let max = self.best_logit();
        self.weigh_first(max);
        let scores = self.first.iter().map(|&id| self.logits[id as usize]);
        Some(Softmax::of_weights(max, scores, &self.weights))
    }

    /// Whether those in play are all in `first`, and so few that going by it beats passing over the vocabulary.
    fn few_sorted(&self) -> bool {
        self.all_sorted() && self.count <= self.logits.len() / 8
    }

    /// The logits of the tokens from `start` on, or −∞ where one is not in play.
    fn in_play(&self, start: usize, scores: &mut [f64]) {
        let rows = self.logits[start..].iter().zip(&self.removed_by[start..]);
        for (score, (&logit, &mark)) in scores.iter_mut().zip(rows) {
            *score = if mark == KEPT {
                logit
            } else {
                f64::NEG_INFINITY
            };
        }
    }

    /// Computes the weights of those in `first`, of which `max` is the greatest logit.
    pub(crate) fn weigh_first(&mut self, max: f64) {
        if self.weights.len() != self.first.len() {
            let depths = self.first.iter().map(|&id| self.logits[id as usize] - max);
            self.weights.clear();
            self.weights.extend(depths);
            exp_all(&mut self.weights);
        }
    }

    /// The softmax over all logits, also of those that were removed; its entropy may be missing.
    pub(crate) fn softmax_of_all(&self, raw: &RankedLogits) -> Softmax {
        if !self.changed {
            return *raw.softmax();
        }
        let logits = &*self.logits;
        let fill = |start: usize, scores: &mut [f64]| {
            scores.copy_from_slice(&logits[start..][..scores.len()]);
        };
        let greatest = greatest(logits.len(), fill);
        Softmax::without_entropy(greatest, logits.len(), fill)
    }

    /// Divides every logit by the same positive number, which changes no order.
    pub(crate) fn divide(&mut self, divisor: f64) {
        std::mem::swap(&mut self.logits, &mut self.unscaled);
        self.logits.clear();
        self.logits
            .extend(self.unscaled.iter().map(|logit| logit / divisor));
        self.floor.0 /= divisor;
        self.changed = true;
    }

    /// Puts the few `changed` ids, whose logits are new (and which are `marked`), in their places.
    pub(crate) fn reorder(&mut self, raw: &RankedLogits, changed: Vec<u32>, marked: &[bool]) {
        let sorted = self.all_sorted();
        self.first.retain(|&id| !marked[id as usize]);
        let mut coming = changed;
        if !sorted {
            self.moved.extend_from_slice(&coming);
            let floor = self.floor;
            coming.retain(|&id| !after(self.place(id), floor).is_gt());
        }
        let mut first = std::mem::take(&mut self.first);
        merge(&mut first, coming, |id| self.place(id));
        self.first = first;
        if self.first.is_empty() {
            self.sort_all(raw);
        }
    }

    /// Removes all but those at these places, which `mark` then tells of.
    pub(crate) fn keep(&mut self, raw: &RankedLogits, places: Range<usize>, mark: u8) {
        let open = places.end == self.count;
        if places.start >= self.first.len() || (places.end > self.first.len() && !open) {
            self.sort_all(raw);
        }
        let sorted = self.all_sorted();
        let end = places.end.min(self.first.len());
        if !sorted && !open {
            for removed_by in &mut self.removed_by {
                *removed_by = if *removed_by == KEPT {
                    mark
                } else {
                    *removed_by
                };
            }
            for &id in &self.first[places.start..end] {
                self.removed_by[id as usize] = KEPT;
            }
        } else {
            for &id in self.first[..places.start].iter().chain(&self.first[end..]) {
                self.removed_by[id as usize] = mark;
            }
        }
        // The weights of those that stay are the same as long as the best one stays.
        self.weights
            .truncate(if places.start == 0 { end } else { 0 });
        self.first.truncate(end);
        self.first.drain(..places.start);
        self.count = places.len();
    }

    /// Removes these tokens where they are still in play; of all, the best stays. Returns whether
    /// it had to.
    pub(crate) fn remove(&mut self, raw: &RankedLogits, ids: &[u32], mark: u8) -> bool {
        let best = self.first[0];
        for &id in ids {
            if let Some(removed_by) = self.removed_by.get_mut(id as usize)
                && *removed_by == KEPT
            {
                *removed_by = mark;
                self.count -= 1;
            }
        }
        let removed_by = &self.removed_by;
        self.first.retain(|&id| removed_by[id as usize] == KEPT);
        let spared = self.count == 0;
        if spared {
            self.first.push(best);
            self.count = 1;
            self.removed_by[best as usize] = KEPT;
        } else if self.first.is_empty() {
            self.sort_all(raw);
        }
        spared
    }
}

/// The order of play: logit descending, ties by id.
fn after((logit, id): (f64, u32), (other_logit, other_id): (f64, u32)) -> Ordering {
    let descending = other_logit.total_cmp(&logit);
    descending.then(id.cmp(&other_id))
}

/// Puts the few `coming` ids in their places among the many of `order`.
fn merge(order: &mut Vec<u32>, mut coming: Vec<u32>, place: impl Fn(u32) -> (f64, u32)) {
    coming.sort_unstable_by(|&a, &b| after(place(a), place(b)));
    // From the back, in place: `read` is the end of what has not moved yet.
    let mut read = order.len();
    order.resize(read + coming.len(), 0);
    let mut write = order.len();
    while let Some(&id) = coming.last() {
        write -= 1;
        if read > 0 && after(place(id), place(order[read - 1])).is_lt() {
            read -= 1;
            order[write] = order[read];
        } else {
            order[write] = id;
            coming.pop();
        }
    }
}
