//! A quantised matrix as its products read it, and where they go.

use super::formats::Shape;
use super::instruction::Dot;
use super::lanes::F32x4;
use super::layout::{Chunk, Record};
use super::out::Out;
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

/// Something of all rows of a tile, four rows in each vector.
pub(super) type Rows<T> = [T; TILE / 4];

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
    pub(super) out: Out<'a>,
}

impl Target<'_> {
    /// Puts the sums of tile `t`'s rows for the vectors from `first` on in their places.
    #[inline(always)]
    pub(super) fn store(&self, t: usize, first: usize, sums: &[Rows<F32x4>]) {
        let all = self.matrix.rows;
        let rows = usize::min(TILE, all - t * TILE);
        for (v, sums) in sums.iter().enumerate() {
            let at = (first + v) * all + t * TILE;
            #[allow(unsafe_code, reason = "threads write to one slice")]
            // SAFETY: each tile has rows of its own, and one thread works on it.
            unsafe {
                self.out.put(at..at + rows, sums);
            }
        }
    }
}
