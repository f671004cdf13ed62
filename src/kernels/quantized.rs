//! A quantised matrix as its products read it, and where they go.

use super::formats::Shape;
use super::instruction::Dot;
use super::lanes::F32x4;
use super::layout::{Chunk, Record};
use super::scatter::Scatter;
use super::{BLOCK, TILE};

/// A quantised matrix `[rows, cols]`, in the layout of [`super::layout`].
#[derive(Debug)]
pub struct Quantized {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) shape: Shape,
    pub(super) dot: Dot,
    /// `[tiles][groups]` records.
    pub(super) stream: Vec<Chunk>,
}

/// Rows of a tile eight at a time, as two vectors each.
pub(super) type Eights<T, const E: usize> = [[T; 2]; E];

/// A [`Shape`] known at compile time.
pub(super) trait Kernel: Send + Sync + 'static {
    const SHAPE: Shape;
    const RECORD: Record = Record::new(Self::SHAPE);
    /// Groups in a block of activations.
    const PARTS: usize = BLOCK / Self::SHAPE.group;
}

impl Quantized {
    pub(super) const fn tiles(&self) -> usize {
        self.rows.div_ceil(TILE)
    }

    /// The records of tile `t`.
    pub(super) fn tile(&self, t: usize) -> &[Chunk] {
        self.run_of_chunks(t, Record::new(self.shape).len, self.shape.group)
    }

    /// The same, where the shape is known at compile time.
    #[inline(always)]
    pub(super) fn tile_of<K: Kernel>(&self, t: usize) -> &[Chunk] {
        self.run_of_chunks(t, K::RECORD.len, K::SHAPE.group)
    }

    #[inline(always)]
    fn run_of_chunks(&self, t: usize, record: usize, group: usize) -> &[Chunk] {
        let chunks = self.cols / group * record;
        &self.stream[t * chunks..(t + 1) * chunks]
    }
}

/// A matrix, and where its products go.
pub(super) struct Target<'a> {
    pub(super) matrix: &'a Quantized,
    /// `[vectors][rows]`, to which they are added.
    pub(super) out: Scatter<'a, f32>,
}

impl Target<'_> {
    /// Adds the sums of `E` eights of tile `t`'s rows, from the `FIRST`-th on, for some vectors.
    #[inline(always)]
    pub(super) fn store<const E: usize, const FIRST: usize>(
        &self,
        t: usize,
        first: usize,
        sums: &[Eights<F32x4, E>],
    ) {
        let all = self.matrix.rows;
        let start = t * TILE + 8 * FIRST;
        let rows = usize::min(8 * E, all.saturating_sub(start));
        for (v, sums) in sums.iter().enumerate() {
            let at = (first + v) * all + start.min(all);
            #[allow(unsafe_code, reason = "threads write to one slice")]
            // SAFETY: each tile has rows of its own, and one thread works on it.
            let out = unsafe { self.out.part(at..at + rows) };
            if rows == 8 * E {
                let fours = out.as_chunks_mut::<4>().0.iter_mut();
                sums.as_flattened()
                    .iter()
                    .zip(fours)
                    .for_each(|(sum, four)| (F32x4::load(four) + *sum).store(four));
            } else {
                store_some(sums, out);
            }
        }
    }
}

/// Adds the first of the sums of a tile that has fewer rows.
#[cold]
fn store_some<const E: usize>(sums: &Eights<F32x4, E>, out: &mut [f32]) {
    for (sum, out) in sums.as_flattened().iter().zip(out.chunks_mut(4)) {
        let mut lanes = [0.0; 4];
        sum.store(&mut lanes);
        out.iter_mut().zip(lanes).for_each(|(out, sum)| *out += sum);
    }
}
