//! Partial answers: what some heads get from some positions.

use crate::kernels::math;

/// Partial answers of heads that share keys, as numbers: `[heads][dim]` sums of the values, each times
/// `2^(score − greatest)`; then `[heads]` greatest scores; then `[heads]` sums of these weights.
///
/// The last two tell how much an answer counts beside one from other positions (Milakov and Gimelshein 2018,
/// "Online normalizer calculation for softmax"). What is divided is only the whole.
#[derive(Clone, Copy)]
pub(super) struct Partials {
    pub(super) heads: usize,
    pub(super) dim: usize,
}

impl Partials {
    /// Numbers of one.
    pub(super) const fn len(&self) -> usize {
        self.heads * (self.dim + 2)
    }

    /// Weighted values, greatest scores, and sums of weights.
    pub(super) fn split<'a>(&self, numbers: &'a mut [f32]) -> [&'a mut [f32]; 3] {
        let (values, rest) = numbers.split_at_mut(self.heads * self.dim);
        let (greatest, sums) = rest.split_at_mut(self.heads);
        [values, greatest, sums]
    }

    /// Adds to each of some answers what the same heads get from other positions. One of zeros is none yet.
    pub(super) fn add(&self, totals: &mut [f32], partials: &[f32]) {
        let all = totals.chunks_exact_mut(self.len());
        for (total, partial) in all.zip(partials.chunks_exact(self.len())) {
            if self.split(total)[2][0] == 0.0 {
                total.copy_from_slice(partial);
            } else {
                self.add_one(total, partial);
            }
        }
    }

    fn add_one(&self, total: &mut [f32], partial: &[f32]) {
        let [values, greatest, sums] = self.split(total);
        let (more_values, rest) = partial.split_at(self.heads * self.dim);
        let (more_greatest, more_sums) = rest.split_at(self.heads);
        let heads = values
            .chunks_exact_mut(self.dim)
            .zip(more_values.chunks_exact(self.dim));
        for (h, (values, more_values)) in heads.enumerate() {
            let both = greatest[h].max(more_greatest[h]);
            let factor = math::exp2(greatest[h] - both);
            let more_factor = math::exp2(more_greatest[h] - both);
            greatest[h] = both;
            sums[h] = sums[h] * factor + more_sums[h] * more_factor;
            for (value, more) in values.iter_mut().zip(more_values) {
                *value = *value * factor + more * more_factor;
            }
        }
    }

    /// Writes the answers `[heads][dim]`: means of the values.
    pub(super) fn finish(&self, total: &[f32], out: &mut [f32]) {
        let (values, rest) = total.split_at(self.heads * self.dim);
        let heads = values
            .chunks_exact(self.dim)
            .zip(out.chunks_exact_mut(self.dim));
        for ((values, out), sum) in heads.zip(&rest[self.heads..]) {
            let inverse = 1.0 / sum;
            for (value, out) in values.iter().zip(out) {
                *out = value * inverse;
            }
        }
    }
}
