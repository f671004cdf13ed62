//! Products of a quantised matrix with one or more vectors of 8-bit activations.
//!
//! Rows go sixteen at a time in the layout of [`super::layout`], and no sum crosses lanes. Per
//! group of 16 or 32 columns the integer sum is exact ([`super::sums`]); then
//! `acc += sum · (scale · a)` and `acc += min · (a · Σa)` in `f32`, groups in ascending order,
//! where `a` is the activation block's scale. A vector's result does not depend on its neighbours.

use std::ops::Range;

use super::activation::Activations;
use super::expanded::Expanded;
use super::formats::{Quant, Shape};
use super::inputs::{self, Block, Bytes, Columns, Words};
use super::lanes::{F32x4, I32x4};
use super::layout::{Chunk, Record};
use super::scatter::Scatter;
use super::{BLOCK, TILE, pool, sums};

/// A quantised matrix `[rows, cols]`, packed for [`multiply`].
#[derive(Debug)]
pub struct Quantized {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) shape: Shape,
    /// `[tiles][groups]` records.
    pub(super) stream: Vec<Chunk>,
}

/// So many vectors repay unpacking a tile once for all of them.
const WORTH_EXPANDING: usize = 7;

/// Sums of sixteen rows, four to a vector.
pub(super) type Rows<T> = [T; TILE / 4];

/// A [`Shape`] known at compile time.
pub(super) trait Kernel {
    const SHAPE: Shape;
    const RECORD: Record = Record::new(Self::SHAPE);
    /// Groups in a block of activations.
    const PARTS: usize = BLOCK / Self::SHAPE.group;
}

macro_rules! kernels {
    ($($name:ident $quant:ident $group:literal $min:literal $half:literal)*) => {
        $(
            struct $name;
            impl Kernel for $name {
                const SHAPE: Shape = Shape {
                    quant: Quant::$quant, group: $group, min: $min, half: $half,
                };
            }
        )*
        /// Products of matrices of one shape.
        fn multiply_alike(targets: &[Target<'_>], x: &Activations) {
            match targets[0].matrix.shape {
                $(shape if shape == $name::SHAPE => run::<$name>(targets, x),)*
                shape => unreachable!("no tensor type has the shape {shape:?}"),
            }
        }
    };
}

kernels! {
    Q4_0 SignedNibble 32 false true
    Q4_1 Nibble 32 true true
    Q5_0 SignedFive 32 false true
    Q5_1 Five 32 true true
    Q8_0 Byte 32 false true
    Q2K Nibble 16 true false
    Q3K SignedNibble 16 false false
    Q4K Nibble 32 true false
    Q5K Five 32 true false
    Q6K SignedSix 16 false false
}

impl Quantized {
    const fn tiles(&self) -> usize {
        self.rows.div_ceil(TILE)
    }

    /// Chunks of one tile.
    const fn tile_chunks(&self) -> usize {
        self.cols / self.shape.group * Record::new(self.shape).len
    }

    /// The records of tile `t`.
    pub(super) fn tile(&self, t: usize) -> &[Chunk] {
        let chunks = self.tile_chunks();
        &self.stream[t * chunks..(t + 1) * chunks]
    }
}

/// A matrix, and where its products go.
pub(super) struct Target<'a> {
    pub(super) matrix: &'a Quantized,
    /// `[vectors][rows]`
    pub(super) out: Scatter<'a, f32>,
}

/// `out[v][r] = Σ_c weight[r][c] · x[v][c]` for every vector of `x`, of each matrix. Matrices of one
/// shape are one job of the [`pool`].
pub(super) fn multiply(targets: &[Target<'_>], x: &Activations) {
    for alike in targets.chunk_by(|a, b| a.matrix.shape == b.matrix.shape) {
        multiply_alike(alike, x);
    }
}

fn run<K: Kernel>(targets: &[Target<'_>], x: &Activations) {
    if K::SHAPE.byte_dot() {
        run_as::<K, Bytes<2>, Bytes<1>>(targets, x);
    } else {
        run_as::<K, Words<2>, Words<1>>(targets, x);
    }
}

fn run_as<K: Kernel, Two: Products<2>, One: Products<1>>(targets: &[Target<'_>], x: &Activations) {
    let vectors = x.vectors();
    let even = vectors - vectors % 2;
    let twos: Vec<_> = (0..even).step_by(2).map(|v| inputs::blocks(x, v)).collect();
    let one = (even < vectors).then(|| inputs::blocks(x, even));
    let expand = K::SHAPE.byte_dot() && vectors >= WORTH_EXPANDING;
    let tiles = targets.iter().map(|target| target.matrix.tiles()).sum();
    let work = size_of::<Chunk>() * targets[0].matrix.tile_chunks() * vectors;
    pool::share(tiles, pool::worth(work), |part| {
        let mut expanded = Expanded::default();
        for (target, t) in tiles_of(targets, part) {
            let tile = target.matrix.tile(t);
            if expand {
                expanded.fill::<K>(tile);
            }
            // A tile stays in the first-level cache while all vectors pass over it; only the first
            // pass waits for memory, whose order is the processor's to foresee.
            for (i, two) in twos.iter().enumerate() {
                let sums = dot::<K, Two, 2>(tile, expand.then_some(&expanded), two);
                target.store(t, 2 * i, &sums);
            }
            if let Some(one) = &one {
                let sums = dot::<K, One, 1>(tile, expand.then_some(&expanded), one);
                target.store(t, even, &sums);
            }
        }
    });
}

/// Some tiles of matrices, counted from the first's first to the last's last.
fn tiles_of<'a>(
    targets: &'a [Target<'a>],
    part: Range<usize>,
) -> impl Iterator<Item = (&'a Target<'a>, usize)> {
    let mut end = 0;
    targets.iter().flat_map(move |target| {
        let start = end;
        end += target.matrix.tiles();
        let tiles = part.start.max(start)..part.end.min(end);
        tiles.map(move |t| (target, t - start))
    })
}

impl Target<'_> {
    /// Writes the sums of tile `t` for some vectors, which nobody else may do.
    fn store(&self, t: usize, first: usize, sums: &[Rows<F32x4>]) {
        let all = self.matrix.rows;
        let rows = TILE.min(all - t * TILE);
        for (v, sums) in sums.iter().enumerate() {
            let at = (first + v) * all + t * TILE;
            #[allow(unsafe_code, reason = "threads write to one slice")]
            // SAFETY: each tile has rows of its own, and one thread works on it.
            let out = unsafe { self.out.part(at..at + rows) };
            if let Some(out) = out.as_mut_array::<TILE>() {
                store_rows(sums, out);
            } else {
                let mut lanes = [0.0; TILE];
                store_rows(sums, &mut lanes);
                out.copy_from_slice(&lanes[..rows]);
            }
        }
    }
}

fn store_rows(sums: &Rows<F32x4>, out: &mut [f32; TILE]) {
    for (sum, out) in sums.iter().zip(out.chunks_exact_mut(4)) {
        sum.store(out);
    }
}

/// Sixteen rows times `V` vectors.
#[inline(always)]
fn dot<K: Kernel, C: Products<V>, const V: usize>(
    tile: &[Chunk],
    expanded: Option<&Expanded>,
    blocks: &[Block<C, V>],
) -> [Rows<F32x4>; V] {
    match expanded {
        Some(expanded) => C::expanded_dot::<K>(expanded, blocks),
        None => packed_dot::<K, C, V>(tile, blocks),
    }
}

/// [`dot`] with a tile as it is stored. (Like its counterpart not inlined: a browser's compiler does
/// better with functions of one loop.)
fn packed_dot<K: Kernel, C: Products<V>, const V: usize>(
    tile: &[Chunk],
    blocks: &[Block<C, V>],
) -> [Rows<F32x4>; V] {
    let mut acc = [[F32x4::splat(0.0); 4]; V];
    let records = tile.chunks_exact(K::PARTS * K::RECORD.len);
    for (records, block) in records.zip(blocks) {
        for (part, record) in records.chunks_exact(K::RECORD.len).enumerate() {
            let totals = block.totals(K::SHAPE.group, part);
            let quants = &record[K::RECORD.head..];
            let sums = C::sums::<K>(&block.columns, part, quants, totals);
            add_scaled(&mut acc, &sums, &numbers::<K>(record), block.scales);
            if K::SHAPE.min {
                let mins = numbers::<K>(&record[K::RECORD.numbers..]);
                add_minima(&mut acc, &mins, block.scales, totals);
            }
        }
    }
    acc
}

/// How columns of one kind are multiplied.
trait Products<const V: usize>: Columns<V> + Sized {
    /// Sums over the `part`-th group of a block.
    fn sums<K: Kernel>(&self, part: usize, quants: &[Chunk], totals: [i32; V]) -> [Rows<I32x4>; V];

    fn expanded_dot<K: Kernel>(tile: &Expanded, blocks: &[Block<Self, V>]) -> [Rows<F32x4>; V];
}

impl<const V: usize> Products<V> for Bytes<V> {
    #[inline(always)]
    fn sums<K: Kernel>(&self, part: usize, quants: &[Chunk], totals: [i32; V]) -> [Rows<I32x4>; V] {
        let columns = &self[part * K::SHAPE.group / 4..][..K::SHAPE.group / 4];
        if K::SHAPE.quant.bits() == 4 {
            let steps = quants.as_chunks().0;
            sums::bytes(steps, sums::nibble_step, columns, totals, K::SHAPE)
        } else {
            let steps = quants.as_chunks().0;
            sums::bytes(steps, sums::byte_step, columns, totals, K::SHAPE)
        }
    }

    fn expanded_dot<K: Kernel>(tile: &Expanded, blocks: &[Block<Self, V>]) -> [Rows<F32x4>; V] {
        tile.dot::<K, V>(blocks)
    }
}

impl<const V: usize> Products<V> for Words<V> {
    #[inline(always)]
    fn sums<K: Kernel>(&self, part: usize, quants: &[Chunk], totals: [i32; V]) -> [Rows<I32x4>; V] {
        let columns = &self[part * K::SHAPE.group / 2..][..K::SHAPE.group / 2];
        if K::SHAPE.quant.bits() == 4 {
            sums::nibble_words(quants, columns, totals, K::SHAPE.quant.least())
        } else {
            sums::byte_words(quants, columns, totals)
        }
    }

    fn expanded_dot<K: Kernel>(_: &Expanded, _: &[Block<Self, V>]) -> [Rows<F32x4>; V] {
        unreachable!("tiles are expanded for bytes")
    }
}

/// `acc += sum · (scale · a)`
#[inline(always)]
pub(super) fn add_scaled<const V: usize>(
    acc: &mut [Rows<F32x4>; V],
    sums: &[Rows<I32x4>; V],
    scales: &Rows<F32x4>,
    a: [f32; V],
) {
    for v in 0..V {
        let a = F32x4::splat(a[v]);
        for r in 0..4 {
            acc[v][r] = acc[v][r] + sums[v][r].to_f32() * (scales[r] * a);
        }
    }
}

/// `acc += min · (a · Σa)`
#[inline(always)]
pub(super) fn add_minima<const V: usize>(
    acc: &mut [Rows<F32x4>; V],
    mins: &Rows<F32x4>,
    a: [f32; V],
    totals: [i32; V],
) {
    for v in 0..V {
        let a = F32x4::splat(a[v] * totals[v] as f32);
        for r in 0..4 {
            acc[v][r] = acc[v][r] + mins[r] * a;
        }
    }
}

/// Sixteen scales or minima.
#[inline(always)]
pub(super) fn numbers<K: Kernel>(chunks: &[Chunk]) -> Rows<F32x4> {
    if K::SHAPE.half {
        let (low, high) = (F32x4::halves(&chunks[0]), F32x4::halves(&chunks[1]));
        [low[0], low[1], high[0], high[1]]
    } else {
        std::array::from_fn(|r| F32x4::from_chunk(&chunks[r]))
    }
}
