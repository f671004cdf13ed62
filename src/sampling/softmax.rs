//! Softmax in `f64`, over sums that no order of the scores changes.

use super::exp::{exp, exp_all};
use super::total::Total;

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
    /// The sum as terms can be taken from it.
    pub(crate) total: Total,
}

/// So many scores are worked on at a time: they stay in the nearest cache.
const BLOCK: usize = 256;
/// Running sums: a single one would wait for itself at every step.
const LANES: usize = 4;
/// A score so far below the greatest has the weight 0.
const DEEPEST: f64 = 746.0;

impl Softmax {
    /// Over `count` scores, of which `score` tells each; −∞ stands for one that takes no part.
    /// `max` is the greatest.
    ///
    /// The entropy follows from the same pass: −ln p = ln sum − (x − max), hence
    /// H = ln sum + Σ exp(x − max)·(max − x) / sum, two terms that are never negative. No term of
    /// the second sum exceeds 1/e.
    #[inline]
    pub(crate) fn over(max: f64, count: usize, score: impl Fn(usize) -> f64) -> Self {
        let (mut weights, mut slopes) = ([Total::default(); LANES], [Total::default(); LANES]);
        let (mut falls, mut terms) = ([0.0; BLOCK], [0.0; BLOCK]);
        for start in (0..count).step_by(BLOCK) {
            let used = BLOCK.min(count - start);
            falls[used..].fill(DEEPEST);
            for (i, fall) in falls[..used].iter_mut().enumerate() {
                let depth = max - score(start + i);
                *fall = if depth < DEEPEST { depth } else { DEEPEST };
            }
            for (term, fall) in terms.iter_mut().zip(&falls) {
                *term = -fall;
            }
            exp_all(&mut terms);
            let falls = falls.as_chunks::<LANES>().0;
            for (terms, falls) in terms.as_chunks::<LANES>().0.iter().zip(falls) {
                for lane in 0..LANES {
                    weights[lane].add(terms[lane]);
                    slopes[lane].add(terms[lane] * falls[lane]);
                }
            }
        }
        let add = |lanes: [Total; LANES]| lanes.into_iter().fold(Total::default(), Total::plus);
        Self::of(max, add(weights), add(slopes).value())
    }

    fn of(max: f64, total: Total, slope: f64) -> Self {
        let sum = total.value();
        Self {
            max,
            sum,
            entropy: libm::log(sum) + slope / sum,
            total,
        }
    }

    /// exp(score − max), the term of a score in the sum.
    pub(crate) fn weight(&self, score: f64) -> f64 {
        exp(score - self.max)
    }

    /// ln of the probability of `score`.
    pub(crate) fn log_probability(&self, score: f64) -> f64 {
        (score - self.max) - libm::log(self.sum)
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

/// What is left over is known to 2⁻⁶⁷ a token: far better than to 10⁻¹² from here up.
const LEAST_REST: f64 = 1e-4;

/// ln of the softmax probability of token `id`, for logits that need no ranking otherwise.
///
/// # Panics
///
/// If there is no such token.
#[must_use]
pub fn log_prob(logits: &[f32], id: u32) -> f64 {
    let max = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let softmax = Softmax::over(max, logits.len(), |id| f64::from(logits[id]));
    softmax.log_probability(f64::from(logits[id as usize]))
}

/// The number of equally likely tokens that would have this entropy: 2^bits.
pub(crate) fn effective(bits: f64) -> f64 {
    libm::exp2(bits)
}
