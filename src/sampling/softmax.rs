//! Softmax in `f64`, over sums that no order of the scores changes.

use super::exp::{Numbers, exp, exp_normal};
use super::total::{LANES, Total, Totals};

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
    /// ln of the sum.
    pub(crate) log_sum: f64,
    /// −Σ p·ln p, in nats.
    pub(crate) entropy: f64,
    /// The sum as terms can be taken from it.
    pub(crate) total: Total,
}

/// A score so far below the greatest adds nothing: its weight is far below what a [`Total`] holds.
/// (Deeper still, numbers would become too small to be normal, which is slow.)
const DEEPEST: f64 = 64.0;

impl Softmax {
    /// Over `count` scores, of which `max` is the greatest. `fill` is called with the place of the
    /// first of some and the memory for them; −∞ stands for one that takes no part.
    ///
    /// The entropy follows from the same pass: −ln p = ln sum − (x − max), hence
    /// H = ln sum + Σ exp(x − max)·(max − x) / sum, two terms that are never negative. No term of
    /// the second sum exceeds 1/e.
    #[inline]
    pub(crate) fn over(max: f64, count: usize, fill: impl Fn(usize, &mut [f64])) -> Self {
        let (total, slope) = sums::<true>(max, count, fill);
        Self::of(max, total, slope)
    }

    /// As [`Softmax::over`], without the entropy, which is NaN.
    #[inline]
    pub(crate) fn without_entropy(
        max: f64,
        count: usize,
        fill: impl Fn(usize, &mut [f64]),
    ) -> Self {
        let (total, _) = sums::<false>(max, count, fill);
        Self::of(max, total, f64::NAN)
    }

    /// The probability of some of the scores, `count` with −∞ for all others, which `fill` gives as
    /// [`Softmax::over`] takes them. Exact however little it is: it is added up as the greatest of them
    /// has it.
    pub(crate) fn part(&self, count: usize, fill: impl Fn(usize, &mut [f64])) -> f64 {
        let greatest = greatest(count, &fill);
        if greatest == f64::NEG_INFINITY {
            return 0.0;
        }
        let part = Self::without_entropy(greatest, count, fill);
        part.sum * self.probability(greatest)
    }

    /// As [`Softmax::over`], where exp(score − max) is known of each.
    pub(crate) fn of_weights(max: f64, scores: impl Iterator<Item = f64>, weights: &[f64]) -> Self {
        let (mut total, mut slope) = (Total::default(), Total::default());
        for (score, &weight) in scores.zip(weights) {
            let depth = max - score;
            total.add(weight);
            slope.add(weight * if depth < DEEPEST { depth } else { DEEPEST });
        }
        Self::of(max, total, slope.value())
    }

    fn of(max: f64, total: Total, slope: f64) -> Self {
        let sum = total.value();
        let log_sum = libm::log(sum);
        Self {
            max,
            sum,
            log_sum,
            entropy: log_sum + slope / sum,
            total,
        }
    }

    /// exp(score − max), the term of a score in the sum.
    pub(crate) fn weight(&self, score: f64) -> f64 {
        exp(score - self.max)
    }

    /// ln of the probability of `score`.
    pub(crate) fn log_probability(&self, score: f64) -> f64 {
        (score - self.max) - self.log_sum
    }

    /// The probability of `score`.
    pub(crate) fn probability(&self, score: f64) -> f64 {
        self.weight(score) / self.sum
    }

    /// The probability of all scores but those with these weights; `None` where what is left is so
    /// little that it must be added up itself to be exact.
    pub(crate) fn rest(&self, weights: Total) -> Option<f64> {
        let rest = self.total.minus(weights).value() / self.sum;
        (rest >= LEAST_REST).then_some(rest)
    }

    /// The entropy in bits.
    pub(crate) fn entropy_bits(&self) -> f64 {
        self.entropy * std::f64::consts::LOG2_E
    }
}

/// Calls `work` with `count` scores, [`LANES`] at a time, which `fill` gives as [`Softmax::over`] takes
/// them; −∞ stands for those that are missing at the end.
#[inline(always)]
fn blocks(count: usize, fill: impl Fn(usize, &mut [f64]), mut work: impl FnMut(&mut [f64; LANES])) {
    let mut scores = [0.0; LANES];
    for start in (0..count).step_by(LANES) {
        let used = LANES.min(count - start);
        fill(start, &mut scores[..used]);
        scores[used..].fill(f64::NEG_INFINITY);
        work(&mut scores);
    }
}

/// The greatest of `count` scores, which `fill` gives as [`Softmax::over`] takes them.
pub(crate) fn greatest(count: usize, fill: impl Fn(usize, &mut [f64])) -> f64 {
    let mut lanes = [f64::NEG_INFINITY; LANES];
    blocks(count, fill, |scores| {
        for (lane, &mut score) in lanes.iter_mut().zip(scores) {
            *lane = if score > *lane { score } else { *lane };
        }
    });
    lanes.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

/// Σ exp(x − max), and Σ exp(x − max)·(max − x) if it is wanted.
#[inline]
fn sums<const SLOPE: bool>(
    max: f64,
    count: usize,
    fill: impl Fn(usize, &mut [f64]),
) -> (Total, f64) {
    let (mut weights, mut slopes) = (Totals::ZERO, Totals::ZERO);
    let mut terms = [0.0; LANES];
    let numbers = Numbers::hidden();
    blocks(count, fill, |depths| {
        for (depth, term) in depths.iter_mut().zip(&mut terms) {
            let all = max - *depth;
            *depth = if all < DEEPEST { all } else { DEEPEST };
            *term = exp_normal(-*depth, &numbers);
        }
        for (lane, term) in terms.iter().enumerate() {
            weights.add(lane, *term);
        }
        if SLOPE {
            for (lane, (term, depth)) in terms.iter().zip(&*depths).enumerate() {
                slopes.add(lane, term * depth);
            }
        }
    });
    (weights.total(), slopes.total().value())
}

/// What is left over is known to 2⁻⁶⁷ a token: far better than to 10⁻¹² from here up.
const LEAST_REST: f64 = 1e-4;

/// The softmax of logits as a model gives them.
pub(super) fn softmax_of_logits(max: f64, logits: &[f32]) -> Softmax {
    Softmax::over(max, logits.len(), |start, scores| {
        for (score, &logit) in scores.iter_mut().zip(&logits[start..]) {
            // Adding zero turns −0 into +0, so that equal logits have equal bits.
            *score = f64::from(logit) + 0.0;
        }
    })
}

/// ln of the softmax probability of token `id`, for logits that need no ranking otherwise.
///
/// # Panics
///
/// If there is no such token.
#[must_use]
pub fn log_prob(logits: &[f32], id: u32) -> f64 {
    let max = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let softmax = softmax_of_logits(max, logits);
    softmax.log_probability(f64::from(logits[id as usize]))
}

/// The number of equally likely tokens that would have this entropy: 2^bits.
pub(crate) fn effective(bits: f64) -> f64 {
    libm::exp2(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills with scores from a list.
    fn of(scores: &[f64]) -> impl Fn(usize, &mut [f64]) {
        move |start, to| to.copy_from_slice(&scores[start..][..to.len()])
    }

    #[test]
    fn a_part_is_exact_however_little_it_is() {
        // The first has nearly all; what is left is 1e-30 of it.
        let depth = |i: usize| 69.0 + (i * 37 % 101) as f64 / 10.0;
        let mut scores: Vec<f64> = (0..1000).map(|i| 3.0 - depth(i)).collect();
        scores[700] = 3.0;
        let softmax = Softmax::over(3.0, scores.len(), of(&scores));
        scores[700] = f64::NEG_INFINITY;
        let all = scores.iter().map(|score| libm::exp(score - 3.0));
        let wanted: f64 = all.sum();
        let part = softmax.part(scores.len(), of(&scores));
        assert!((part / wanted - 1.0).abs() < 1e-13, "{part} for {wanted}");
    }

    #[test]
    fn no_score_at_all_has_no_probability() {
        let softmax = Softmax::over(1.0, 2, of(&[1.0, 0.0]));
        assert_eq!(softmax.part(2, of(&[f64::NEG_INFINITY; 2])), 0.0);
    }
}
