//! The cumulative distribution: what a draw looks a number up in.

use super::exp::exp_all;
use super::in_play::{Buffers, KEPT};
use super::ranked::RankedLogits;
use super::softmax::Softmax;

/// The survivors in raw-rank order, and where the interval of each ends; a beginning of them, if
/// that is known to be followed by others.
#[derive(Debug)]
pub(crate) struct Ladder {
    ids: Vec<u32>,
    high: Vec<f64>,
    whole: bool,
}

/// So near to 1 the rest may be nothing at all.
const NEARLY_ALL: f64 = 1.0 - 1e-9;

impl Ladder {
    /// Of all survivors.
    pub(crate) fn whole(raw: &RankedLogits, buffers: &Buffers, softmax: &Softmax) -> Self {
        let few = buffers.all_sorted() && buffers.count <= raw.front().len();
        let ids = if few {
            let mut ids = buffers.first.clone();
            ids.sort_unstable_by_key(|&id| raw.key(id));
            ids
        } else {
            kept(raw.order(), buffers)
        };
        let (high, last) = cumulate(&ids, buffers, softmax);
        let mut ladder = Self {
            ids,
            high,
            whole: true,
        };
        // From the last token that can be drawn on, the sum is 1, but for rounding.
        ladder.high[last..].fill(1.0);
        ladder
    }

    /// As far as it can be told without ranking the whole vocabulary.
    pub(crate) fn beginning(raw: &RankedLogits, buffers: &Buffers, softmax: &Softmax) -> Self {
        if buffers.all_sorted() {
            return Self::whole(raw, buffers, softmax);
        }
        let ids = kept(raw.front(), buffers);
        let (high, _) = cumulate(&ids, buffers, softmax);
        if high.last().is_none_or(|&high| high > NEARLY_ALL) {
            return Self::whole(raw, buffers, softmax);
        }
        Self {
            ids,
            high,
            whole: false,
        }
    }

    /// Whether it tells who has this number.
    pub(crate) fn reaches(&self, u: f64) -> bool {
        self.whole || self.high.last().is_some_and(|&high| u < high)
    }

    /// Whether it tells where the token with this sort key is.
    pub(crate) fn has(&self, key: u64, raw: &RankedLogits) -> bool {
        self.whole || self.ids.last().is_some_and(|&id| key <= raw.key(id))
    }

    /// The survivors that it has, and the end of each one's interval.
    pub(crate) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The token that has the number `u`, and its interval.
    pub(crate) fn at(&self, u: f64) -> (u32, f64, f64) {
        // Intervals end at exactly 1, so only a `u` outside [0, 1) needs the second bound.
        let last = self.high.partition_point(|&high| high < 1.0);
        let place = self.high.partition_point(|&high| high <= u).min(last);
        (self.ids[place], self.low(place), self.high[place])
    }

    /// The interval of a token: empty, and where it would be, if it cannot be drawn.
    pub(crate) fn interval(&self, id: u32, raw: &RankedLogits) -> (f64, f64) {
        let key = raw.key(id);
        let place = self.ids.partition_point(|&other| raw.key(other) < key);
        let low = self.low(place);
        let here = self.ids.get(place) == Some(&id);
        (low, if here { self.high[place] } else { low })
    }

    fn low(&self, place: usize) -> f64 {
        place.checked_sub(1).map_or(0.0, |before| self.high[before])
    }
}

fn kept(ranked: &[u32], buffers: &Buffers) -> Vec<u32> {
    let kept = |id: &u32| buffers.removed_by[*id as usize] == KEPT;
    ranked.iter().copied().filter(kept).collect()
}

/// Adds the warped probabilities up, in this order; and the place of the last that is not 0.
fn cumulate(ids: &[u32], buffers: &Buffers, softmax: &Softmax) -> (Vec<f64>, usize) {
    let logit = |id: &u32| buffers.logits[*id as usize];
    let mut high: Vec<f64> = ids.iter().map(|id| logit(id) - softmax.max).collect();
    exp_all(&mut high);
    let (mut sum, mut last) = (0.0, 0);
    for (place, high) in high.iter_mut().enumerate() {
        let probability = *high / softmax.sum;
        sum += probability;
        last = if probability > 0.0 { place } else { last };
        *high = if sum < 1.0 { sum } else { 1.0 };
    }
    (high, last)
}
