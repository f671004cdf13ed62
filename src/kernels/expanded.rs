//! One tile, unpacked for many vectors: bytes and `f32`, ready for the products.

use super::lanes::{F32x4, I8x16};
use super::layout::Chunk;
use super::quantized::{Input, Kernel, Rows, add_minima, add_scaled, numbers};
use super::sums;

/// A tile of a type whose products take bytes. It stays in the first-level cache.
#[derive(Default)]
pub(super) struct Expanded {
    /// `[groups]`
    scales: Vec<Rows<F32x4>>,
    /// `[groups]`, or empty
    mins: Vec<Rows<F32x4>>,
    /// `[groups][steps]`
    steps: Vec<Rows<I8x16>>,
}

impl Expanded {
    /// Unpacks the records of a tile.
    pub(super) fn fill<K: Kernel>(&mut self, tile: &[Chunk]) {
        self.scales.clear();
        self.mins.clear();
        self.steps.clear();
        for record in tile.chunks_exact(K::RECORD.len) {
            self.scales.push(numbers::<K>(record));
            if K::SHAPE.min {
                self.mins.push(numbers::<K>(&record[K::RECORD.numbers..]));
            }
            let quants = &record[K::RECORD.head..];
            if K::SHAPE.quant.bits() == 4 {
                let steps = quants.as_chunks().0.iter();
                self.steps.extend(steps.map(sums::nibble_step));
            } else {
                let steps = quants.as_chunks().0.iter();
                self.steps.extend(steps.map(sums::byte_step));
            }
        }
    }

    /// Sixteen rows times `V` vectors.
    #[inline(always)]
    pub(super) fn dot<K: Kernel, const V: usize>(
        &self,
        inputs: &[Input<'_>; V],
    ) -> [Rows<F32x4>; V] {
        let mut acc = [[F32x4::splat(0.0); 4]; V];
        let groups = self.steps.chunks_exact(K::SHAPE.group / 4);
        for (g, (steps, scales)) in groups.zip(&self.scales).enumerate() {
            let totals = inputs.map(|input| input.total::<K>(g));
            let columns = inputs.map(|input| input.bytes::<K>(g));
            let sums = sums::bytes(steps, |rows| *rows, columns, totals, K::SHAPE);
            add_scaled::<K, V>(&mut acc, &sums, scales, inputs, g);
            if K::SHAPE.min {
                add_minima::<K, V>(&mut acc, &self.mins[g], inputs, totals, g);
            }
        }
        acc
    }
}
