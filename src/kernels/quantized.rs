//! Products of a quantised matrix with one or more vectors of 8-bit activations.
//!
//! Rows go sixteen at a time in the layout of [`super::layout`], and no sum crosses lanes. Per
//! group of 16 or 32 columns the integer sum is exact ([`super::sums`]); then
//! `acc += sum · (scale · a)` and `acc += min · (a · Σa)` in `f32`, groups in ascending order,
//! where `a` is the activation block's scale. A vector's result does not depend on its neighbours.

use std::cell::RefCell;
use std::marker::PhantomData;
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
const WORTH_EXPANDING: usize = 16;

/// Rows of a tile eight at a time, as two vectors each.
pub(super) type Eights<T, const E: usize> = [[T; 2]; E];

/// A [`Shape`] known at compile time.
pub(super) trait Kernel: Sync + 'static {
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

    /// The records of tile `t`.
    pub(super) fn tile(&self, t: usize) -> &[Chunk] {
        self.run_of_chunks(t, Record::new(self.shape).len, self.shape.group)
    }

    /// The same, where the shape is known at compile time.
    #[inline(always)]
    fn tile_of<K: Kernel>(&self, t: usize) -> &[Chunk] {
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
    let expand = K::SHAPE.byte_dot() && x.vectors() >= WORTH_EXPANDING;
    let passes = passes::<K>(x, expand);
    let tiles = targets.iter().map(|target| target.matrix.tiles()).sum();
    let work = size_of_val(targets[0].matrix.tile_of::<K>(0)) * x.vectors();
    pool::share(tiles, pool::worth(work), |part| {
        EXPANDED.with_borrow_mut(|expanded| {
            for (target, t) in tiles_of(targets, part) {
                if expand {
                    expanded.fill::<K>(target.matrix.tile_of::<K>(t));
                }
                // A tile stays in the first-level cache while all vectors pass over it; only the
                // first pass waits for memory, whose order is the processor's to foresee.
                for pass in &passes {
                    pass.over(target, t, expanded);
                }
            }
        });
    });
}

thread_local! {
    /// Memory for the tile that a thread works on: some ten thousand bytes.
    static EXPANDED: RefCell<Expanded> = RefCell::default();
}

/// Vectors that pass over a tile together.
trait Pass: Sync {
    /// Multiplies tile `t` of a target, which nobody else may do, and writes the products. Of
    /// `expanded` it makes use if it was made for [`Unpacked`] tiles.
    fn over(&self, target: &Target<'_>, t: usize, expanded: &Expanded);
}

/// All vectors, as many at a time as registers hold the sums of.
fn passes<K: Kernel>(x: &Activations, expand: bool) -> Vec<Box<dyn Pass>> {
    let mut passes: Vec<Box<dyn Pass>> = Vec::new();
    let (mut first, vectors) = (0, x.vectors());
    while first < vectors {
        let left = vectors - first;
        let (pass, taken): (Box<dyn Pass>, _) = match (K::SHAPE.byte_dot(), left) {
            (true, 1) if expand => (Box::new(Unpacked::<K, 1>::new(x, first)), 1),
            (true, _) if expand => (Box::new(Unpacked::<K, 2>::new(x, first)), 2),
            (true, 1) => (Box::new(Whole::<K, Bytes<1>, 1>::new(x, first)), 1),
            (true, 2 | 3) => (Box::new(Whole::<K, Bytes<2>, 2>::new(x, first)), 2),
            (true, _) => (Box::new(Halves::<K, 4>::new(x, first)), 4),
            (false, 1) => (Box::new(Whole::<K, Words<1>, 1>::new(x, first)), 1),
            (false, _) => (Box::new(Whole::<K, Words<2>, 2>::new(x, first)), 2),
        };
        passes.push(pass);
        first += taken;
    }
    passes
}

/// Vectors that meet all rows of a tile at once.
struct Whole<K, C, const V: usize> {
    /// Number of the first.
    first: usize,
    blocks: Vec<Block<C, V>>,
    kernel: PhantomData<K>,
}

impl<K: Kernel, C: Columns<V>, const V: usize> Whole<K, C, V> {
    fn new(x: &Activations, first: usize) -> Self {
        Self {
            first,
            blocks: inputs::blocks(x, first, K::SHAPE.group),
            kernel: PhantomData,
        }
    }
}

impl<K: Kernel, C: Products<V, 2>, const V: usize> Pass for Whole<K, C, V> {
    fn over(&self, target: &Target<'_>, t: usize, _: &Expanded) {
        let sums = dot::<K, C, V, 2, 0>(target.matrix.tile_of::<K>(t), &self.blocks);
        target.store::<2, 0>(t, self.first, &sums);
    }
}

/// Vectors that meet all rows of a tile which is unpacked.
struct Unpacked<K, const V: usize>(Whole<K, Bytes<V>, V>);

impl<K: Kernel, const V: usize> Unpacked<K, V> {
    fn new(x: &Activations, first: usize) -> Self {
        Self(Whole::new(x, first))
    }
}

impl<K: Kernel, const V: usize> Pass for Unpacked<K, V> {
    fn over(&self, target: &Target<'_>, t: usize, expanded: &Expanded) {
        let sums = expanded.dot::<K, V>(&self.0.blocks);
        target.store::<2, 0>(t, self.0.first, &sums);
    }
}

/// Vectors that meet one half of a tile's rows, then the other: sums of twice as many vectors fit the
/// registers, and what a step of the rows costs to unpack serves them all.
struct Halves<K, const V: usize>(Whole<K, Bytes<V>, V>);

impl<K: Kernel, const V: usize> Halves<K, V> {
    fn new(x: &Activations, first: usize) -> Self {
        Self(Whole::new(x, first))
    }
}

impl<K: Kernel, const V: usize> Pass for Halves<K, V> {
    fn over(&self, target: &Target<'_>, t: usize, _: &Expanded) {
        let (tile, Whole { first, blocks, .. }) = (target.matrix.tile_of::<K>(t), &self.0);
        target.store::<1, 0>(t, *first, &dot::<K, Bytes<V>, V, 1, 0>(tile, blocks));
        target.store::<1, 1>(t, *first, &dot::<K, Bytes<V>, V, 1, 1>(tile, blocks));
    }
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
    /// Writes the sums of `E` eights of tile `t`'s rows, from the `FIRST`-th on, for some vectors.
    fn store<const E: usize, const FIRST: usize>(
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
            for ([low, high], out) in sums.iter().zip(out.chunks_mut(8)) {
                if let Some(out) = out.as_mut_array::<8>() {
                    low.store(out);
                    high.store(&mut out[4..]);
                } else {
                    let mut lanes = [0.0; 8];
                    low.store(&mut lanes);
                    high.store(&mut lanes[4..]);
                    out.copy_from_slice(&lanes[..out.len()]);
                }
            }
        }
    }
}

/// `E` eights of a tile's rows, from the `FIRST`-th on, times `V` vectors. (Not inlined: a browser's
/// compiler does better with functions of one loop.)
#[inline(never)]
fn dot<K: Kernel, C: Products<V, E>, const V: usize, const E: usize, const FIRST: usize>(
    tile: &[Chunk],
    blocks: &[Block<C, V>],
) -> [Eights<F32x4, E>; V] {
    let mut acc = [[[F32x4::splat(0.0); 2]; E]; V];
    let records = tile.chunks_exact(K::PARTS * K::RECORD.len);
    for (records, block) in records.zip(blocks) {
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
trait Products<const V: usize, const E: usize>: Columns<V> + Sized {
    /// Sums over the `part`-th group of a block.
    fn sums<K: Kernel, const FIRST: usize>(
        block: &Block<Self, V>,
        part: usize,
        quants: &[Chunk],
    ) -> [Eights<I32x4, E>; V];
}

impl<const V: usize, const E: usize> Products<V, E> for Bytes<V> {
    #[inline(always)]
    fn sums<K: Kernel, const FIRST: usize>(
        block: &Block<Self, V>,
        part: usize,
        quants: &[Chunk],
    ) -> [Eights<I32x4, E>; V] {
        let columns = &block.columns[part * K::SHAPE.group / 4..][..K::SHAPE.group / 4];
        let totals = block.totals[part];
        if K::SHAPE.quant.bits() == 4 {
            let steps = quants.as_chunks().0;
            sums::bytes(
                steps,
                sums::nibble_rows::<E, FIRST>,
                columns,
                totals,
                K::SHAPE,
            )
        } else {
            let steps = quants.as_chunks().0;
            sums::bytes(
                steps,
                sums::byte_rows::<E, FIRST>,
                columns,
                totals,
                K::SHAPE,
            )
        }
    }
}

impl<const V: usize> Products<V, 2> for Words<V> {
    #[inline(always)]
    fn sums<K: Kernel, const FIRST: usize>(
        block: &Block<Self, V>,
        part: usize,
        quants: &[Chunk],
    ) -> [Eights<I32x4, 2>; V] {
        let columns = &block.columns[part * K::SHAPE.group / 2..][..K::SHAPE.group / 2];
        let totals = block.totals[part];
        if K::SHAPE.quant.bits() == 4 {
            sums::nibble_words(quants, columns, totals, K::SHAPE.quant.least())
        } else {
            sums::byte_words(quants, columns, totals)
        }
    }
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
