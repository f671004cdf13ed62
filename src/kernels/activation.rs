//! Activations quantised to 8 bits in blocks of 32, as the integer kernels take them.

use std::ops::Range;

use super::abreast::abreast;
use super::lanes::{F32x4, I32x4, load8, load16};
use super::scatter::Scatter;
use super::{BLOCK, math, pool};

/// Where the largest number of a block is below this, its reciprocal overflows; such a block adds
/// nothing that `f32` sums would keep.
pub(super) const SMALLEST: f32 = 1e-30;

/// The greatest integer of an activation.
const LIMIT: f32 = 127.0;

/// One or more vectors of activations in 8-bit blocks.
///
/// Block `b` of vector `v` stands for `scale[b] · quants`, with `scale = max|x| / 127` and the
/// quants rounded to nearest, ties to even.
#[derive(Debug, Default)]
pub struct Activations {
    /// `[vectors][cols]`, each in −127..=127.
    pub quants: Vec<i8>,
    /// The same, for products of words; else empty.
    pub words: Vec<i16>,
    /// `[vectors][cols / 32]`.
    pub scales: Vec<f32>,
    /// Sum of the quants of each half block, `[vectors][cols / 32][2]`.
    pub sums: Vec<[i32; 2]>,
    /// Length of one vector, a multiple of 32.
    pub cols: usize,
}

impl Activations {
    /// Quantises `[vectors][cols]` activations, with `words` for products of these. `cols` must be a
    /// multiple of [`BLOCK`].
    pub fn quantize(values: &[f32], cols: usize, words: bool) -> Self {
        let blocks = values.len() / BLOCK;
        let mut out = Self {
            quants: vec![0; values.len()],
            words: vec![0; if words { values.len() } else { 0 }],
            scales: vec![0.0; blocks],
            sums: vec![[0; 2]; blocks],
            cols,
        };
        let (inputs, _) = values.as_chunks::<BLOCK>();
        let places = Places {
            quants: Scatter::new(&mut out.quants),
            words: words.then(|| Scatter::new(&mut out.words)),
            scales: Scatter::new(&mut out.scales),
            sums: Scatter::new(&mut out.sums),
        };
        pool::share(blocks, pool::worth(BLOCK * pool::NUMBER), |run| {
            places.fill(&inputs[run.clone()], run);
        });
        out
    }

    /// Number of vectors.
    pub fn vectors(&self) -> usize {
        self.quants.len().checked_div(self.cols).unwrap_or(0)
    }
}

/// Where the results go, while several threads make them.
struct Places<'a> {
    quants: Scatter<'a, i8>,
    words: Option<Scatter<'a, i16>>,
    scales: Scatter<'a, f32>,
    sums: Scatter<'a, [i32; 2]>,
}

impl Places<'_> {
    /// Quantises the blocks `run`, which nobody else may do.
    #[allow(unsafe_code, reason = "each place is written once")]
    fn fill(&self, inputs: &[[f32; BLOCK]], run: Range<usize>) {
        let columns = run.start * BLOCK..run.end * BLOCK;
        // SAFETY: runs do not overlap.
        let (bytes, words, scales, sums) = unsafe {
            (
                self.quants.part(columns.clone()),
                self.words.as_ref().map(|words| words.part(columns)),
                self.scales.part(run.clone()),
                self.sums.part(run),
            )
        };
        let mut words = words.map(|words| words.as_chunks_mut::<BLOCK>().0.iter_mut());
        let (bytes, _) = bytes.as_chunks_mut::<BLOCK>();
        let blocks = bytes.iter_mut().zip(scales.iter_mut().zip(sums));
        for (input, (bytes, (scale, sums))) in inputs.iter().zip(blocks) {
            let mut integers = [0; BLOCK];
            *scale = quantize(input, LIMIT, &mut integers);
            let halves = integers.as_chunks::<{ BLOCK / 2 }>().0;
            let bytes = bytes.as_chunks_mut::<{ BLOCK / 2 }>().0;
            for (half, (bytes, sum)) in halves.iter().zip(bytes.iter_mut().zip(sums)) {
                let [low, high] = load16(half);
                low.narrow(high).store(bytes);
                *sum = (low + high).pair_sums().sum();
            }
            if let Some(words) = words.as_mut().and_then(Iterator::next) {
                *words = integers;
            }
        }
    }
}

/// Makes of numbers integers up to `limit`, rounded to nearest, ties to even; returns what one of
/// them stands for. `limit` must be below 2¹⁵, and the numbers a multiple of eight.
#[inline(always)]
pub(super) fn quantize(numbers: &[f32], limit: f32, integers: &mut [i16]) -> f32 {
    let (step, inverse) = steps(numbers, limit);
    let inverse = F32x4::splat(inverse);
    let (numbers, integers) = (numbers.as_chunks().0, integers.as_chunks_mut().0);
    for (eight, integers) in abreast(numbers, integers) {
        let (low, high) = load8(eight);
        let [low, high] = [low, high].map(|four| math::round4(four * inverse));
        low.narrow(high).store(integers);
    }
    step
}

/// What an integer stands for if the largest of the numbers, of which there are a multiple of four,
/// becomes `limit`, and its reciprocal; or zeros if all are too small for one.
#[inline(always)]
pub(super) fn steps(numbers: &[f32], limit: f32) -> (f32, f32) {
    // Compared as integers, since what is no number must not be lost: it becomes the largest.
    let fours = numbers.as_chunks::<4>().0.iter();
    let largest = fours.fold(I32x4::splat(0), |largest, four| {
        largest.max(F32x4::load(four).magnitudes())
    });
    let largest = f32::from_bits(largest.largest() as u32);
    if largest < SMALLEST {
        (0.0, 0.0)
    } else {
        (largest / limit, limit / largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantising_is_within_half_a_step() {
        let values: Vec<f32> = (0..96)
            .map(|i| ((i * 37 % 101) as f32 - 50.0) * 0.3)
            .collect();
        let a = Activations::quantize(&values, 96, true);
        for (i, x) in values.iter().enumerate() {
            let scale = a.scales[i / BLOCK];
            assert!((f32::from(a.quants[i]) * scale - x).abs() <= scale * 0.5001);
        }
    }

    #[test]
    fn a_zero_or_denormal_block_stays_finite() {
        let mut values = vec![0.0; 64];
        values[40] = f32::MIN_POSITIVE;
        let a = Activations::quantize(&values, 64, true);
        assert_eq!(a.scales, [0.0, 0.0]);
        assert!(a.quants.iter().all(|&q| q == 0));
    }
}
