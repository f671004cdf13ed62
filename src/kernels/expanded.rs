//! One tile, unpacked for many vectors: bytes and `f32`, ready for the products.

use super::BLOCK;
use super::ahead::Ahead;
use super::dot::{LINES, add_minima, add_scaled, byte_sums, numbers};
use super::inputs::{Block, Bytes};
use super::lanes::{F32x4, I8x16};
use super::layout::Chunk;
use super::quantized::{Kernel, Rows};
use super::sums::{self, ByteSums};

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
        self.numbers.clear();
        self.steps.clear();
        let groups = tile.len() / K::RECORD.len;
        self.numbers.reserve(2 * groups);
        self.steps.reserve(groups * K::SHAPE.group / 4);
        for record in tile.chunks_exact(K::RECORD.len) {
            self.numbers.push(numbers::<K>(record));
            if K::SHAPE.min {
                self.numbers
                    .push(numbers::<K>(&record[K::RECORD.numbers..]));
            }
            let quants = &record[K::RECORD.head..];
            if K::SHAPE.quant.bits() == 4 {
                let steps = quants.as_chunks().0.iter();
                self.steps.extend(steps.map(sums::nibble_rows));
            } else {
                let steps = quants.as_chunks().0.iter();
                self.steps.extend(steps.map(sums::byte_rows));
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
        let kinds = if K::SHAPE.min { 2 } else { 1 };
        let numbers = self.numbers.chunks_exact(K::PARTS * kinds);
        for (block, (steps, numbers)) in blocks.iter().zip(steps.iter().zip(numbers)) {
            ahead.fetch(LINES);
            for part in 0..K::PARTS {
                let columns = part * K::SHAPE.group / 4..(part + 1) * K::SHAPE.group / 4;
                let sums = byte_sums::<K, S, _, V>(block, part, &steps[columns], |rows| *rows);
                add_scaled(&mut acc, &sums, &numbers[part * kinds], block.scales);
                if K::SHAPE.min {
                    let mins = &numbers[part * kinds + 1];
                    add_minima(&mut acc, mins, block.weighted[part]);
                }
            }
        }
        acc
    }
}
