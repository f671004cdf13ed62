//! Products of a floating-point matrix with one or more vectors, for unquantised models.
//!
//! Rows are stored eight at a time, column by column; each row is one lane and its sum runs
//! over the columns in ascending order.

use super::lanes::{F32x4, load8};
use super::math::{bfloat_to_f32, half_to_f32};
use super::out::Out;
use super::pool;

/// Rows that are stored interleaved and computed together.
pub(super) const TILE: usize = 8;

/// The numbers of a [`Float`] matrix, `[tiles][cols][TILE]`.
#[derive(Debug)]
pub enum Values {
    F32(Vec<f32>),
    F16(Vec<u16>),
    BF16(Vec<u16>),
}

/// A matrix `[rows, cols]` of floating-point numbers, packed for [`Float::matmul`].
#[derive(Debug)]
pub struct Float {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) values: Values,
}

impl Float {
    /// `Σ_c weight[r][c] · x[v][c]` for `x` `[vectors][cols]`.
    pub(super) fn matmul(&self, x: &[f32], out: &Out<'_>) {
        match &self.values {
            Values::F32(w) => self.run(w, x, out, |w| w),
            Values::F16(w) => self.run(w, x, out, half_to_f32),
            Values::BF16(w) => self.run(w, x, out, bfloat_to_f32),
        }
    }

    fn run<T: Copy + Sync>(
        &self,
        weights: &[T],
        x: &[f32],
        out: &Out<'_>,
        widen: impl Fn(T) -> f32 + Sync,
    ) {
        let inputs: Vec<&[f32]> = x.chunks_exact(self.cols).collect();
        let (fours, rest) = inputs.as_chunks::<4>();
        let tile_len = self.cols * TILE;
        let work = size_of::<T>() * tile_len * inputs.len();
        pool::share(weights.len() / tile_len, pool::worth(work), |tiles| {
            for t in tiles {
                let (columns, _) = weights[t * tile_len..(t + 1) * tile_len].as_chunks::<TILE>();
                for (f, four) in fours.iter().enumerate() {
                    self.store(out, t, f * 4, &tile_dot(columns, four, &widen));
                }
                for (r, one) in rest.iter().enumerate() {
                    let sums = tile_dot(columns, &[*one], &widen);
                    self.store(out, t, fours.len() * 4 + r, &sums);
                }
            }
        });
    }

    /// Puts the sums of tile `t` for some vectors in their places, which nobody else may do.
    fn store(&self, out: &Out<'_>, t: usize, first: usize, sums: &[[F32x4; 2]]) {
        let rows = TILE.min(self.rows - t * TILE);
        for (v, sums) in sums.iter().enumerate() {
            let at = (first + v) * self.rows + t * TILE;
            #[allow(unsafe_code, reason = "threads write to one slice")]
            // SAFETY: each tile has rows of its own, and one thread works on it.
            unsafe {
                out.put(at..at + rows, sums);
            }
        }
    }
}

#[inline(always)]
fn tile_dot<T: Copy, const V: usize>(
    columns: &[[T; TILE]],
    inputs: &[&[f32]; V],
    widen: &impl Fn(T) -> f32,
) -> [[F32x4; 2]; V] {
    let mut acc = [[F32x4::splat(0.0); 2]; V];
    for (c, column) in columns.iter().enumerate() {
        let (low, high) = load8(&column.map(widen));
        for v in 0..V {
            let x = F32x4::splat(inputs[v][c]);
            acc[v][0] = acc[v][0] + low * x;
            acc[v][1] = acc[v][1] + high * x;
        }
    }
    acc
}
