//! The logits of one position, checked and ranked once.

use std::sync::Arc;

use super::softmax::{Softmax, effective};
use crate::error::{Code, Error, Result};

/// The model's scores for one position, with their rank order and what their softmax needs.
///
/// Never modified once made, and cheap to clone: the clones share the memory.
/// Holds 8 bytes a token ([`RankedLogits::bytes`]); a caller with less memory keeps the
/// [`RankedLogits::values`] alone and ranks them again when asked.
#[derive(Clone, Debug)]
pub struct RankedLogits {
    /// The raw logit of every token, by id.
    values: Arc<[f32]>,
    /// Every id, raw logit descending, ties by id.
    order: Arc<[u32]>,
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
        let at = |id: u32| f64::from(values[id as usize]);
        let ascending = order.iter().rev().map(|&id| (id, at(id)));
        let softmax = Softmax::sum(at(order[0]), ascending, |_, _| {});
        Ok(Self {
            values,
            order,
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
        self.softmax.probability(f64::from(self.logit(id)))
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

    /// The memory that the logits and their order take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.values) + size_of_val(&*self.order)
    }

    pub(crate) const fn softmax(&self) -> &Softmax {
        &self.softmax
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

/// Every id, logit descending, ties by id.
fn rank(values: &[f32]) -> Arc<[u32]> {
    let mut keys: Vec<u64> = (0..)
        .zip(values)
        .map(|(id, &value)| sort_key(id, value))
        .collect();
    keys.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half of a key is the id"
    )]
    keys.iter().map(|&key| key as u32).collect()
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
