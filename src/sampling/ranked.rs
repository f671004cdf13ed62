//! The logits of one position, checked and ranked once.

use std::sync::Arc;

use super::exp::exp_all;
use super::softmax::{Softmax, effective};
use crate::error::{Code, Error, Result};

/// The model's scores for one position, with their rank order and what their softmax needs.
///
/// Never modified once made, and cheap to clone: the clones share the memory.
/// Holds 16 bytes a token ([`RankedLogits::bytes`]); a caller with less memory keeps the
/// [`RankedLogits::values`] alone and ranks them again when asked.
#[derive(Clone, Debug)]
pub struct RankedLogits {
    /// The raw logit of every token, by id.
    values: Arc<[f32]>,
    /// Every id, raw logit descending, ties by id.
    order: Arc<[u32]>,
    /// The raw probability of every token, by id.
    probabilities: Arc<[f64]>,
    softmax: Softmax,
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
        let order = rank(&values);
        let (probabilities, softmax) = weigh(&values, &order);
        Ok(Self {
            values,
            order,
            probabilities,
            softmax,
        })
    }

    /// The raw logits, by token id.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Every token id: raw logit descending, ties by id. The order of every draw.
    #[must_use]
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The raw probabilities, by token id: softmax of the logits.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The number of tokens in the vocabulary.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "never empty: `new` refuses that"
    )]
    pub fn len(&self) -> usize {
        self.values.len()
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
        self.values[id as usize]
    }

    /// The place of a token in [`RankedLogits::order`], counted from 0.
    #[must_use]
    pub fn rank(&self, id: u32) -> usize {
        let key = |id: u32| sort_key(id, self.values[id as usize]);
        let wanted = key(id);
        self.order.partition_point(|&other| key(other) < wanted)
    }

    /// The raw probability of a token: softmax of the logits.
    #[must_use]
    pub fn prob(&self, id: u32) -> f64 {
        self.probabilities[id as usize]
    }

    /// The natural logarithm of the raw probability of a token.
    #[must_use]
    pub fn log_prob(&self, id: u32) -> f64 {
        self.softmax.log_probability(f64::from(self.logit(id)))
    }

    /// ln Σ exp(logit).
    #[must_use]
    pub fn log_sum_exp(&self) -> f64 {
        self.softmax.max + libm::log(self.softmax.sum)
    }

    /// The entropy of the raw distribution, in bits.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        self.softmax.entropy_bits()
    }

    /// The effective vocabulary: 2^entropy.
    #[must_use]
    pub fn effective(&self) -> f64 {
        effective(self.entropy())
    }

    /// The memory that the logits, their order and their probabilities take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.values) + size_of_val(&*self.order) + size_of_val(&*self.probabilities)
    }
}

fn check(values: &[f32]) -> Result<()> {
    if values.is_empty() || u32::try_from(values.len()).is_err() {
        let count = values.len();
        let message =
            format!("there are {count} logits; one for each of 1 to 2^32 - 1 tokens is needed");
        return Err(Error::new(Code::BadLogits, message));
    }
    match values.iter().position(|value| !value.is_finite()) {
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

/// The raw probability of every token, by id, and what they were made of.
fn weigh(values: &[f32], order: &[u32]) -> (Arc<[f64]>, Softmax) {
    // Adding zero turns −0 into +0, so that equal logits have equal bits.
    let at = |id: u32| f64::from(values[id as usize]) + 0.0;
    let max = at(order[0]);
    let mut weights: Vec<f64> = values
        .iter()
        .map(|&value| f64::from(value) + 0.0 - max)
        .collect();
    exp_all(&mut weights);
    let ascending = order.iter().rev();
    let softmax = Softmax::of_weights(max, ascending.map(|&id| (at(id), weights[id as usize])));
    for weight in &mut weights {
        *weight /= softmax.sum;
    }
    (weights.into(), softmax)
}

/// Every id, logit descending, ties by id.
fn rank(values: &[f32]) -> Arc<[u32]> {
    let mut keys: Vec<u64> = (0..)
        .zip(values)
        .map(|(id, &value)| sort_key(id, value))
        .collect();
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
