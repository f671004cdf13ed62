//! Root-mean-square normalisation (Zhang and Sennrich 2019).

use super::lanes::F32x4;
use super::{pool, scatter};

/// Each run of `weight.len()` values, normalised: `x / sqrt(mean(x²) + eps) · weight`.
/// The length must be a multiple of four.
pub fn rms_norm(values: &[f32], weight: &[f32], eps: f32) -> Vec<f32> {
    let width = weight.len();
    let least = pool::worth(width * pool::NUMBER);
    scatter::copy_rows(values, width, least, |_, runs| {
        for run in runs.chunks_exact_mut(width) {
            normalise(run, weight, eps);
        }
    })
}

/// [`rms_norm`] of one run, in its place.
pub fn normalise(run: &mut [f32], weight: &[f32], eps: f32) {
    let mean = sum_of_squares(run) / run.len() as f32;
    let inverse = 1.0 / (mean + eps).sqrt();
    for (x, w) in run.iter_mut().zip(weight) {
        *x = *x * inverse * w;
    }
}

/// Four running sums, one a lane, then `(l0 + l2) + (l1 + l3)`.
fn sum_of_squares(values: &[f32]) -> f32 {
    let mut sum = F32x4::splat(0.0);
    for four in values.chunks_exact(4) {
        let x = F32x4::load(four);
        sum = sum + x * x;
    }
    sum.sum()
}
