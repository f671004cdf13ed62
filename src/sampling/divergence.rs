//! How far apart two distributions over the same vocabulary are.

use super::distribution::Distribution;

/// The total variation distance of the warped distributions, ½ Σ |a − b|, from 0 to 1; and the
/// Kullback–Leibler divergence Σ a · log₂(a / b) in bits, which is `None` where it is infinite: where
/// `a` can draw a token that `b` cannot.
///
/// # Panics
///
/// If the vocabularies differ in size.
#[must_use]
pub fn divergence(a: &Distribution, b: &Distribution) -> (f64, Option<f64>) {
    assert_eq!(
        a.probabilities().len(),
        b.probabilities().len(),
        "distributions over different vocabularies"
    );
    let pairs = || a.probabilities().iter().zip(b.probabilities());
    let apart: f64 = pairs().map(|(a, b)| (a - b).abs()).sum();
    // Rounding may leave a hair below 0 or above 1.
    let variation = (apart / 2.0).min(1.0);
    let drawn = || pairs().filter(|(a, _)| **a > 0.0);
    if drawn().any(|(_, b)| *b == 0.0) {
        return (variation, None);
    }
    let bits: f64 = drawn().map(|(a, b)| a * libm::log2(a / b)).sum();
    (variation, Some(bits.max(0.0)))
}
