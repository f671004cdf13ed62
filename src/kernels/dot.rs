//! Rows of one tile times a few vectors.
//!
//! Rows go side by side in the layout of [`super::layout`], and no sum crosses lanes. Per group of 16
//! or 32 columns the integer sum is exact ([`super::sums`]); then `acc += sum · (scale · a)` and
//! `acc += min · (a · Σa)` in `f32`, groups in ascending order, where `a` is the activation block's
//! scale. A vector's result does not depend on its neighbours.

use super::ahead::Ahead;
use super::inputs::{Block, Bytes, Columns, Words};
use super::lanes::{F32x4, I8x16, I32x4};
use super::layout::Chunk;
use super::quantized::{Eights, Kernel};
use super::sums::{self, ByteSums};

/// Lines of the next tile that are fetched while one block of columns is multiplied.
pub(super) const LINES: usize = 2;

/// `E` eights of a tile's rows, from the `FIRST`-th on, times `V` vectors. (Not inlined: a browser's
/// compiler does better with functions of one loop.)
#[inline(never)]
pub(super) fn dot<
    K: Kernel,
    C: Products<V, E>,
    const V: usize,
    const E: usize,
    const FIRST: usize,
>(
    tile: &[Chunk],
    blocks: &[Block<C, V>],
    ahead: &mut Ahead<'_, Chunk>,
) -> [Eights<F32x4, E>; V] {
    let mut acc = [[[F32x4::splat(0.0); 2]; E]; V];
    let records = tile.chunks_exact(K::PARTS * K::RECORD.len);
    for (records, block) in records.zip(blocks) {
        ahead.fetch(LINES);
        for (part, record) in records.chunks_exact(K::RECORD.len).enumerate() {
            let quants = &record[K::RECORD.head..];
            let sums = C::sums::<K, FIRST>(block, part, quants);
            add_scaled(
                &mut acc,
                &sums,
                &numbers::<K, E, FIRST>(record),
                block.scales,
            );
            if K::SHAPE.min {
                let mins = numbers::<K, E, FIRST>(&record[K::RECORD.numbers..]);
                add_minima(&mut acc, &mins, block.weighted[part]);
            }
        }
    }
    acc
}

/// How columns of one kind are multiplied.
pub(super) trait Products<const V: usize, const E: usize>: Columns<V> + Sized {
    /// Sums over the `part`-th group of a block.
    fn sums<K: Kernel, const FIRST: usize>(
        block: &Block<Self, V>,
        part: usize,
        quants: &[Chunk],
    ) -> [Eights<I32x4, E>; V];
}

impl<const V: usize> Products<V, 2> for Words<V> {
    #[inline(always)]
    fn sums<K: Kernel, const FIRST: usize>(
        block: &Block<Self, V>,
        part: usize,
        quants: &[Chunk],
    ) -> [Eights<I32x4, 2>; V] {
        let columns = &block.columns.0[part * K::SHAPE.group / 2..][..K::SHAPE.group / 2];
        let totals = block.starts[part];
        if K::SHAPE.quant.bits() == 4 {
            sums::nibble_words(quants, columns, totals, K::SHAPE.quant.least())
        } else {
            sums::byte_words(quants, columns, totals)
        }
    }
}

impl<S: ByteSums, const V: usize, const E: usize> Products<V, E> for Bytes<S, V> {
    #[inline(always)]
    fn sums<K: Kernel, const FIRST: usize>(
        block: &Block<Self, V>,
        part: usize,
        quants: &[Chunk],
    ) -> [Eights<I32x4, E>; V] {
        if K::SHAPE.quant.bits() == 4 {
            let steps = quants.as_chunks().0;
            byte_sums::<K, S, _, V, E>(block, part, steps, sums::nibble_rows::<E, FIRST>)
        } else {
            let steps = quants.as_chunks().0;
            byte_sums::<K, S, _, V, E>(block, part, steps, sums::byte_rows::<E, FIRST>)
        }
    }
}

/// Sums over the `part`-th group of a block, of which `rows` makes of each of `steps` the rows of four
/// columns.
#[inline(always)]
pub(super) fn byte_sums<K: Kernel, S: ByteSums, T, const V: usize, const E: usize>(
    block: &Block<Bytes<S, V>, V>,
    part: usize,
    steps: &[T],
    rows: impl Fn(&T) -> Eights<I8x16, E>,
) -> [Eights<I32x4, E>; V] {
    let columns = &block.columns.columns[part * K::SHAPE.group / 4..][..K::SHAPE.group / 4];
    // Integers beside a minimum count from zero; a zero that the compiler sees is neither read nor added.
    let starts = if K::SHAPE.min {
        [0; V]
    } else {
        block.starts[part]
    };
    S::add_up(steps, rows, columns, starts, K::SHAPE.quant.bits())
}

/// `acc += sum · (scale · a)`
#[inline(always)]
pub(super) fn add_scaled<const V: usize, const E: usize>(
    acc: &mut [Eights<F32x4, E>; V],
    sums: &[Eights<I32x4, E>; V],
    scales: &Eights<F32x4, E>,
    a: [f32; V],
) {
    for v in 0..V {
        let a = F32x4::splat(a[v]);
        for e in 0..E {
            for r in 0..2 {
                acc[v][e][r] = acc[v][e][r] + sums[v][e][r].to_f32() * (scales[e][r] * a);
            }
        }
    }
}

/// `acc += min · (a · Σa)`
#[inline(always)]
pub(super) fn add_minima<const V: usize, const E: usize>(
    acc: &mut [Eights<F32x4, E>; V],
    mins: &Eights<F32x4, E>,
    weighted: [f32; V],
) {
    for v in 0..V {
        let a = F32x4::splat(weighted[v]);
        for e in 0..E {
            for r in 0..2 {
                acc[v][e][r] = acc[v][e][r] + mins[e][r] * a;
            }
        }
    }
}

/// Scales or minima of `E` eights of rows, from the `FIRST`-th on.
#[inline(always)]
pub(super) fn numbers<K: Kernel, const E: usize, const FIRST: usize>(
    chunks: &[Chunk],
) -> Eights<F32x4, E> {
    std::array::from_fn(|e| {
        let at = FIRST + e;
        if K::SHAPE.half {
            F32x4::halves(&chunks[at])
        } else {
            [2 * at, 2 * at + 1].map(|chunk| F32x4::from_chunk(&chunks[chunk]))
        }
    })
}
