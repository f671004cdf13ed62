//! The logits of one position, checked and ranked once.

use std::sync::{Arc, OnceLock};

use super::softmax::{Softmax, effective, softmax_of_logits};
use crate::error::{Code, Error, Result};

/// The model's scores for one position, with their rank order and what their softmax needs.
///
/// Never modified once made, and cheap to clone: the clones share the memory. The first few hundred
/// tokens are ranked at once; the others, and the list of all probabilities, when they are asked for.
/// So a position holds 4 bytes a token at first, and 16 at most ([`RankedLogits::bytes`]).
#[derive(Clone, Debug)]
pub struct RankedLogits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The raw logit of every token, by id.
    values: Arc<[f32]>,
    /// The ids of the greatest logits, descending, ties by id.
    front: Vec<u32>,
    /// Every id, in the same order.
    order: OnceLock<Box<[u32]>>,
    /// The raw probability of every token, by id.
    probabilities: OnceLock<Box<[f64]>>,
    softmax: OnceLock<Softmax>,
}

impl RankedLogits {
    /// Checks and ranks the logits of one position, one for each token id.
    ///
    /// # Errors
    ///
    /// [`Code::BadLogits`] if there are none, or if one is NaN or infinite; the message names its token id.
    pub fn new(values: impl Into<Arc<[f32]>>) -> Result<Self> {
        let values = values.into();
        check(&values)?;
        let front = front(&values);
        Ok(Self::unranked(values, front, OnceLock::new()))
    }

    /// Nothing beyond the front is ranked yet.
    fn unranked(values: Arc<[f32]>, front: Vec<u32>, softmax: OnceLock<Softmax>) -> Self {
        Self(Arc::new(Inner {
            values,
            front,
            order: OnceLock::new(),
            probabilities: OnceLock::new(),
            softmax,
        }))
    }

    /// The same logits, whose whole order and probabilities, if asked for, are not computed for the
    /// original too: they go with the last clone of this one.
    #[must_use]
    pub fn detached(&self) -> Self {
        let Inner {
            values,
            front,
            softmax,
            ..
        } = &*self.0;
        Self::unranked(Arc::clone(values), front.clone(), softmax.clone())
    }

    /// The raw logits, by token id.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0.values
    }

    /// Every token id: raw logit descending, ties by id. The order of every draw. Sorted at the
    /// first call; [`RankedLogits::at`] and [`RankedLogits::front`] need that less often.
    #[must_use]
    pub fn order(&self) -> &[u32] {
        self.0.order.get_or_init(|| rank(&self.0.values))
    }

    /// The beginning of [`RankedLogits::order`], as far as it was sorted from the first: at least a
    /// few hundred tokens, or all.
    #[must_use]
    pub fn front(&self) -> &[u32] {
        &self.0.front
    }

    /// The token with this rank.
    ///
    /// # Panics
    ///
    /// If there are not so many tokens.
    #[must_use]
    pub fn at(&self, rank: usize) -> u32 {
        let front = self.front().get(rank);
        front.copied().unwrap_or_else(|| self.order()[rank])
    }

    /// The raw probabilities, by token id: softmax of the logits. Computed at the first call.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        let softmax = self.softmax();
        let all = || {
            let values = self.values().iter();
            values.map(|&x| softmax.probability(score(x))).collect()
        };
        self.0.probabilities.get_or_init(all)
    }

    /// The number of tokens in the vocabulary.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "never empty: `new` refuses that"
    )]
    pub fn len(&self) -> usize {
        self.0.values.len()
    }

    /// Whether the vocabulary has this token.
    #[must_use]
    pub fn has(&self, id: u32) -> bool {
        (id as usize) < self.len()
    }

    /// The raw logit of a token.
    ///
    /// # Panics
    ///
    /// If the vocabulary has no such token; so do all the methods here that take an id.
    #[must_use]
    pub fn logit(&self, id: u32) -> f32 {
        self.0.values[id as usize]
    }

    /// The place of a token in [`RankedLogits::order`], counted from 0.
    #[must_use]
    pub fn rank(&self, id: u32) -> usize {
        let wanted = self.key(id);
        let sorted = self.0.order.get().map_or(self.front(), |order| order);
        let place = sorted.partition_point(|&other| self.key(other) < wanted);
        if place < sorted.len() || sorted.len() == self.len() {
            return place;
        }
        // As many as are greater, and those before it that are equal.
        let (logit, values) = (self.logit(id), self.values());
        let greater = values.iter().filter(|&&other| other > logit).count();
        let before = &values[..id as usize];
        greater + before.iter().filter(|&&other| other == logit).count()
    }

    /// A number that ascends along [`RankedLogits::order`].
    pub(crate) fn key(&self, id: u32) -> u64 {
        sort_key(id, self.logit(id))
    }

    /// The raw probability of a token: softmax of the logits.
    #[must_use]
    pub fn prob(&self, id: u32) -> f64 {
        self.softmax().probability(score(self.logit(id)))
    }

    /// The natural logarithm of the raw probability of a token.
    #[must_use]
    pub fn log_prob(&self, id: u32) -> f64 {
        self.softmax().log_probability(f64::from(self.logit(id)))
    }

    /// The term of a token in the sum of [`RankedLogits::softmax`].
    pub(crate) fn weight(&self, id: u32) -> f64 {
        self.softmax().weight(score(self.logit(id)))
    }

    /// The logit of a token less the greatest, of which its weight is the exponential.
    pub(crate) fn depth(&self, id: u32) -> f64 {
        score(self.logit(id)) - self.softmax().max
    }

    pub(crate) fn softmax(&self) -> &Softmax {
        let max = || score(self.logit(self.front()[0]));
        let softmax = || softmax_of_logits(max(), self.values());
        self.0.softmax.get_or_init(softmax)
    }

    /// ln Σ exp(logit).
    #[must_use]
    pub fn log_sum_exp(&self) -> f64 {
        self.softmax().max + self.softmax().log_sum
    }

    /// The entropy of the raw distribution, in bits.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        self.softmax().entropy_bits()
    }

    /// The effective vocabulary: 2^entropy.
    #[must_use]
    pub fn effective(&self) -> f64 {
        effective(self.entropy())
    }

    /// The memory that the logits take, with their order and their probabilities as far as these
    /// were asked for, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Inner {
            values,
            front,
            order,
            probabilities,
            ..
        } = &*self.0;
        let order = order.get().map_or(0, |order| size_of_val(&**order));
        let probabilities = probabilities.get().map_or(0, |all| size_of_val(&**all));
        size_of_val(&**values) + size_of_val(&**front) + order + probabilities
    }
}

/// A logit as sums take it. Adding zero turns −0 into +0, so that equal logits have equal bits.
pub(crate) fn score(logit: f32) -> f64 {
    f64::from(logit) + 0.0
}

/// At least so many tokens are ranked at once.
const FRONT: usize = 256;
/// Of so many logits, evenly spread over the ids, a bound for the front is taken.
const SAMPLE: usize = 512;

/// The ids of all logits from some bound up, descending, ties by id: at least [`FRONT`], or all.
///
/// The bound is a quantile of a sample: any bound gives a right front, a good one gives a short one.
fn front(values: &[f32]) -> Vec<u32> {
    let stride = values.len() / SAMPLE;
    if stride < 2 {
        return rank(values).into_vec();
    }
    let mut sample: Vec<f32> = values.iter().copied().step_by(stride).collect();
    sample.sort_unstable_by(|a, b| b.total_cmp(a));
    // Twice as many as are needed, if the sample is like the whole.
    let mut place = 2 * FRONT / stride + 1;
    while place < sample.len() / 4 {
        let found = at_least(values, sample[place]);
        if found.len() >= FRONT {
            return in_order(found);
        }
        place *= 2;
    }
    rank(values).into_vec()
}

/// The sort keys of all logits that reach the bound, by id.
fn at_least(values: &[f32], bound: f32) -> Vec<u64> {
    const BLOCK: usize = 16;
    let mut found = Vec::with_capacity(4 * FRONT);
    for (start, block) in (0_u32..).step_by(BLOCK).zip(values.chunks(BLOCK)) {
        // Most blocks have none, which is quickly seen of all together.
        let count = block.iter().fold(0_u32, |n, &x| n + u32::from(x >= bound));
        if count > 0 {
            let reach = (start..).zip(block).filter(|&(_, &x)| x >= bound);
            found.extend(reach.map(|(id, &x)| sort_key(id, x)));
        }
    }
    found
}

fn check(values: &[f32]) -> Result<()> {
    if values.is_empty() || u32::try_from(values.len()).is_err() {
        let count = values.len();
        let message =
            format!("there are {count} logits; one for each of 1 to 2^32 - 1 tokens is needed");
        return Err(Error::new(Code::BadLogits, message));
    }
    // Most are good, which is quickly seen of all together.
    let any: u32 = values.iter().fold(0, |n, x| n | u32::from(!x.is_finite()));
    let bad = if any == 0 {
        None
    } else {
        values.iter().position(|x| !x.is_finite())
    };
    match bad {
        None => Ok(()),
        Some(id) => Err(Error::new(
            Code::BadLogits,
            format!(
                "the logit of token {id} is {}; logits must be finite numbers",
                values[id]
            ),
        )),
    }
}

/// Every id, logit descending, ties by id.
fn rank(values: &[f32]) -> Box<[u32]> {
    let keys = (0..).zip(values).map(|(id, &value)| sort_key(id, value));
    in_order(keys.collect()).into()
}

/// The ids of these keys, which come by id, in the order of the keys.
fn in_order(mut keys: Vec<u64>) -> Vec<u32> {
    if keys.len() < WORTH_COUNTING {
        keys.sort_unstable();
    } else {
        keys = sort_by_digits(keys);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half of a key is the id"
    )]
    keys.iter().map(|&key| key as u32).collect()
}

/// From this size on counting digits is faster than comparing keys.
const WORTH_COUNTING: usize = 2048;
/// The digits of a radix sort: three of 11 bits cover the 32 bits of a logit.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Sorts keys by their high half, the logit. Each pass keeps the order of equal digits, so keys that
/// come with ascending ids leave with ties in the order of their ids.
fn sort_by_digits(mut keys: Vec<u64>) -> Vec<u64> {
    let digit = |key: u64, pass: u32| (key >> (32 + pass * DIGIT_BITS)) as usize % DIGITS;
    let mut places = [[0_usize; DIGITS]; 3];
    for &key in &keys {
        for (pass, counts) in (0..).zip(&mut places) {
            counts[digit(key, pass)] += 1;
        }
    }
    let mut sorted = vec![0; keys.len()];
    for (pass, counts) in (0..).zip(&mut places) {
        let mut place = 0;
        for count in counts.iter_mut() {
            place += std::mem::replace(count, place);
        }
        for &key in &keys {
            let place = &mut counts[digit(key, pass)];
            sorted[*place] = key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut sorted);
    }
    keys
}

/// A number that ascends as the logit descends and, among equal logits, as the id ascends.
///
/// The bits of non-negative floats ascend with their value, those of negative floats descend:
/// flipping the sign bit of the former and every bit of the latter puts all floats in one line.
fn sort_key(id: u32, value: f32) -> u64 {
    // Adding zero turns −0 into +0, which is equal to it but has other bits.
    let bits = (value + 0.0).to_bits();
    let ascending = if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    };
    u64::from(!ascending) << 32 | u64::from(id)
}
