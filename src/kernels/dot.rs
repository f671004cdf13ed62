//! Rows of a tile, or of several side by side, times a vector or two.
//!
//! Rows go side by side in the layout of [`super::layout`], and no sum crosses lanes. Per group of 16
//! or 32 columns the integer sum is exact ([`super::sums`]); then `acc += sum · (scale · a)` and
//! `acc += min · (a · Σa)` in `f32`, groups in ascending order, where `a` is the activation block's
//! scale. A result depends neither on the other vectors nor on the other tiles.

use super::inputs::{Block, Bytes, Columns, ORIGIN, Words};
use super::lanes::{F32x4, I8x16, I32x4};
use super::layout::Chunk;
use super::quantized::{Kernel, Rows};
use super::sums::{self, ByteSums};

/// Up to `N` tiles times `V` vectors: a block of columns of each tile, then the next block. (Not inlined: a
/// browser's compiler does better with functions of one loop.)
#[inline(never)]
pub(super) fn dot<K: Kernel, C: Products<V>, const V: usize, const N: usize>(
    tiles: &[&[Chunk]],
    blocks: &[Block<C, V>],
) -> [[Rows<F32x4>; V]; N] {
    let mut acc = [[[F32x4::splat(0.0); 4]; V]; N];
    let length = K::PARTS * K::RECORD.len;
    for (b, block) in blocks.iter().enumerate() {
        for (tile, acc) in tiles.iter().zip(&mut acc) {
            let records = tile[b * length..(b + 1) * length].chunks_exact(K::RECORD.len);
            for (part, record) in records.enumerate() {
                let sums = C::sums::<K>(block, part, &record[K::RECORD.head..]);
                add_scaled::<C, V>(acc, &sums, &numbers::<K>(record), block.scales);
                if K::SHAPE.min {
                    let mins = numbers::<K>(&record[K::RECORD.numbers..]);
                    add_minima(acc, &mins, block.weighted[part]);
                }
            }
        }
    }
    acc
}

/// How columns of one kind are multiplied.
pub(super) trait Products<const V: usize>: Columns<V> + Sized {
    /// Sums over the `part`-th group of a block.
    fn sums<K: Kernel>(block: &Block<Self, V>, part: usize, quants: &[Chunk]) -> [Rows<I32x4>; V];

    /// What a sum is as a number.
    fn number(sum: I32x4) -> F32x4;
}

impl<const V: usize> Products<V> for Words<V> {
    #[inline(always)]
    fn sums<K: Kernel>(block: &Block<Self, V>, part: usize, quants: &[Chunk]) -> [Rows<I32x4>; V] {
        let columns = &block.columns.0[part * K::SHAPE.group / 2..][..K::SHAPE.group / 2];
        let totals = block.starts[part];
        if K::SHAPE.quant.bits() == 4 {
            sums::nibble_words(quants, columns, totals, K::SHAPE.quant.least())
        } else {
            sums::byte_words(quants, columns, totals)
        }
    }

    #[inline(always)]
    fn number(sum: I32x4) -> F32x4 {
        sum.to_f32()
    }
}

impl<S: ByteSums, const V: usize> Products<V> for Bytes<S, V> {
    #[inline(always)]
    fn sums<K: Kernel>(block: &Block<Self, V>, part: usize, quants: &[Chunk]) -> [Rows<I32x4>; V] {
        if K::SHAPE.quant.bits() == 4 {
            let steps = quants.as_chunks().0;
            byte_sums::<K, S, _, V>(block, part, steps, sums::nibble_rows)
        } else {
            let steps = quants.as_chunks().0;
            byte_sums::<K, S, _, V>(block, part, steps, sums::byte_rows)
        }
    }

    #[inline(always)]
    fn number(sum: I32x4) -> F32x4 {
        sum.as_f32_bits() - F32x4::splat(ORIGIN)
    }
}

/// Sums over the `part`-th group of a block, of which `rows` makes of each of `steps` the rows of four
/// columns.
#[inline(always)]
pub(super) fn byte_sums<K: Kernel, S: ByteSums, T, const V: usize>(
    block: &Block<Bytes<S, V>, V>,
    part: usize,
    steps: &[T],
    rows: impl Fn(&T) -> Rows<I8x16>,
) -> [Rows<I32x4>; V] {
    let columns = &block.columns.columns[part * K::SHAPE.group / 4..][..K::SHAPE.group / 4];
    // Integers beside a minimum count from zero: a start that the compiler sees is not read.
    let starts = if K::SHAPE.min {
        [Bytes::<S, V>::start(0, 0); V]
    } else {
        block.starts[part]
    };
    S::add_up(steps, rows, columns, starts, K::SHAPE.quant.bits())
}

/// `acc += sum · (scale · a)`
#[inline(always)]
pub(super) fn add_scaled<C: Products<V>, const V: usize>(
    acc: &mut [Rows<F32x4>; V],
    sums: &[Rows<I32x4>; V],
    scales: &Rows<F32x4>,
    a: [f32; V],
) {
    for v in 0..V {
        let a = F32x4::splat(a[v]);
        for r in 0..4 {
            acc[v][r] = acc[v][r] + C::number(sums[v][r]) * (scales[r] * a);
        }
    }
}

/// `acc += min · (a · Σa)`
#[inline(always)]
pub(super) fn add_minima<const V: usize>(
    acc: &mut [Rows<F32x4>; V],
    mins: &Rows<F32x4>,
    weighted: [f32; V],
) {
    for v in 0..V {
        let a = F32x4::splat(weighted[v]);
        for r in 0..4 {
            acc[v][r] = acc[v][r] + mins[r] * a;
        }
    }
}

/// Scales or minima of a tile's rows.
#[inline(always)]
pub(super) fn numbers<K: Kernel>(chunks: &[Chunk]) -> Rows<F32x4> {
    if K::SHAPE.half {
        let ([a, b], [c, d]) = (F32x4::halves(&chunks[0]), F32x4::halves(&chunks[1]));
        [a, b, c, d]
    } else {
        std::array::from_fn(|i| F32x4::from_chunk(&chunks[i]))
    }
}
