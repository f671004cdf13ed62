//! One tile, unpacked for many vectors: bytes and `f32`, ready for the products.

use super::ahead::Ahead;
use super::dot::{self, add_minima, add_scaled, byte_sums};
use super::inputs::{Block, Bytes};
use super::lanes::{F32x4, I8x16};
use super::layout::Chunk;
use super::quantized::{Kernel, Rows};
use super::sums::{self, ByteSums};
use super::{BLOCK, TILE};

/// Lines of the next tile that are fetched while one block of columns is multiplied.
const LINES: usize = 1;

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
        let (kinds, length) = (kinds::<K>(), K::SHAPE.group / 4);
        let (number, byte) = (F32x4::splat(0.0), I8x16::splat_four(&[0; 4]));
        self.numbers.resize(groups * kinds, [number; TILE / 4]);
        self.steps.resize(groups * length, [byte; TILE / 4]);
        let numbers = self.numbers.chunks_exact_mut(kinds);
        let places = numbers.zip(self.steps.chunks_exact_mut(length));
        for (record, (numbers, steps)) in tile.chunks_exact(K::RECORD.len).zip(places) {
            for (kind, place) in numbers.iter_mut().enumerate() {
                *place = dot::numbers::<K>(&record[kind * K::RECORD.numbers..]);
            }
            let quants = &record[K::RECORD.head..];
            if K::SHAPE.quant.bits() == 4 {
                fill(steps, quants.as_chunks().0, sums::nibble_rows);
            } else {
                fill(steps, quants.as_chunks().0, sums::byte_rows);
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
        let kinds = kinds::<K>();
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
const fn kinds<K: Kernel>() -> usize {
    if K::SHAPE.min { 2 } else { 1 }
}

/// Each step, as `rows` makes it of what is stored.
#[inline(always)]
fn fill<T>(steps: &mut [Rows<I8x16>], stored: &[T], rows: impl Fn(&T) -> Rows<I8x16>) {
    for (step, stored) in steps.iter_mut().zip(stored) {
        *step = rows(stored);
    }
}
