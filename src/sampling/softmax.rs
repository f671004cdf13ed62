//! Softmax over scores that are already in order, in `f64`, summed from the least to the greatest.

use super::exp::exp;

/// What a softmax needs besides the scores themselves.
///
/// The probability of a score `x` is `exp(x − max) / sum`; subtracting the maximum keeps every
/// exponential in `[0, 1]`, whatever the size of the scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Softmax {
    /// The greatest score.
    pub(crate) max: f64,
    /// Σ exp(x − max), at least 1.
    pub(crate) sum: f64,
    /// −Σ p·ln p, in nats.
    pub(crate) entropy: f64,
}

impl Softmax {
    /// Sums over pairs of a score and its weight exp(x − max), `ascending` to the greatest, `max`.
    ///
    /// The least terms come first, so that the many small ones are not lost against the large.
    /// The entropy follows from the same pass: −ln p = ln sum − (x − max), hence
    /// H = ln sum − Σ exp(x − max)·(x − max) / sum, two terms that are never negative.
    pub(crate) fn of_weights(max: f64, ascending: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut sum, mut slope) = (0.0, 0.0);
        for (score, weight) in ascending {
            sum += weight;
            slope -= weight * (score - max);
        }
        let entropy = libm::log(sum) + slope / sum;
        Self { max, sum, entropy }
    }

    /// ln of the probability of `score`.
    pub(crate) fn log_probability(&self, score: f64) -> f64 {
        (score - self.max) - libm::log(self.sum)
    }

    /// The probability of `score`.
    pub(crate) fn probability(&self, score: f64) -> f64 {
        exp(score - self.max) / self.sum
    }

    /// The entropy in bits.
    pub(crate) fn entropy_bits(&self) -> f64 {
        self.entropy * std::f64::consts::LOG2_E
    }
}

/// ln of the softmax probability of token `id`, for logits that need no ranking otherwise.
///
/// # Panics
///
/// If there is no such token.
#[must_use]
pub fn log_prob(logits: &[f32], id: u32) -> f64 {
    let max = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let mut sums = [0.0; 4];
    let (fours, rest) = logits.as_chunks::<4>();
    for four in fours {
        for (sum, &x) in sums.iter_mut().zip(four) {
            *sum += exp(f64::from(x) - max);
        }
    }
    let rest: f64 = rest.iter().map(|&x| exp(f64::from(x) - max)).sum();
    let sum = (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest;
    f64::from(logits[id as usize]) - max - libm::log(sum)
}

/// The number of equally likely tokens that would have this entropy: 2^bits.
pub(crate) fn effective(bits: f64) -> f64 {
    libm::exp2(bits)
}
