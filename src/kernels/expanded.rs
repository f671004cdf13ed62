//! One tile, unpacked for many vectors: bytes and `f32`, ready for the products.

use super::ahead::Ahead;
use super::dot::{LINES, add_minima, add_scaled, byte_sums, numbers};
use super::inputs::{Block, Bytes};
use super::lanes::{F32x4, I8x16};
use super::layout::Chunk;
use super::quantized::{Kernel, Rows};
use super::sums::{self, ByteSums};
use super::{BLOCK, TILE};

/// A tile of a type whose products take bytes. It stays in the first-level cache.
#[derive(Default)]
pub(super) struct Expanded {
    /// `[groups][scales, minima]`, without minima where there are none.
    numbers: Vec<Rows<F32x4>>,
    /// `[blocks][steps]`
    steps: Vec<Rows<I8x16>>,
}

impl Expanded {
    /// Unpacks the records of a tile.
    pub(super) fn fill<K: Kernel>(&mut self, tile: &[Chunk]) {
        let groups = tile.len() / K::RECORD.len;
        let (kinds, steps) = (numbers_of::<K>(), K::SHAPE.group / 4);
        self.numbers
            .resize(groups * kinds, [F32x4::splat(0.0); TILE / 4]);
        self.steps
            .resize(groups * steps, [I8x16::splat_four(&[0; 4]); TILE / 4]);
        let places = self.numbers.chunks_exact_mut(kinds);
        let places = places.zip(self.steps.chunks_exact_mut(steps));
        for (record, (kinds, steps)) in tile.chunks_exact(K::RECORD.len).zip(places) {
            for (kind, place) in kinds.iter_mut().enumerate() {
                *place = numbers::<K>(&record[kind * K::RECORD.numbers..]);
            }
            let quants = &record[K::RECORD.head..];
            if K::SHAPE.quant.bits() == 4 {
                let packed = quants.as_chunks().0.iter();
                let pairs = steps.iter_mut().zip(packed);
                pairs.for_each(|(step, packed)| *step = sums::nibble_rows(packed));
            } else {
                let packed = quants.as_chunks().0.iter();
                let pairs = steps.iter_mut().zip(packed);
                pairs.for_each(|(step, packed)| *step = sums::byte_rows(packed));
            }
        }
    }

    /// Sixteen rows times `V` vectors.
    #[inline(never)]
    pub(super) fn dot<K: Kernel, S: ByteSums, const V: usize>(
        &self,
        blocks: &[Block<Bytes<S, V>, V>],
        ahead: &mut Ahead<'_, Chunk>,
    ) -> [Rows<F32x4>; V] {
        let mut acc = [[F32x4::splat(0.0); 4]; V];
        let steps = self.steps.as_chunks::<{ BLOCK / 4 }>().0;
        let kinds = numbers_of::<K>();
        let numbers = self.numbers.chunks_exact(K::PARTS * kinds);
        for (block, (steps, numbers)) in blocks.iter().zip(steps.iter().zip(numbers)) {
            ahead.fetch(LINES);
            for part in 0..K::PARTS {
                let columns = part * K::SHAPE.group / 4..(part + 1) * K::SHAPE.group / 4;
                let sums = byte_sums::<K, S, _, V>(block, part, &steps[columns], |rows| *rows);
                add_scaled::<Bytes<S, V>, V>(&mut acc, &sums, &numbers[part * kinds], block.scales);
                if K::SHAPE.min {
                    let mins = &numbers[part * kinds + 1];
                    add_minima(&mut acc, mins, block.weighted[part]);
                }
            }
        }
        acc
    }
}

/// Scales, and minima where there are any.
const fn numbers_of<K: Kernel>() -> usize {
    if K::SHAPE.min { 2 } else { 1 }
}
