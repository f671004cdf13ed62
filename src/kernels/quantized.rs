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
use super::lanes::{F32x4, I32x4};
use super::layout::{Chunk, Record};
use super::scatter::Scatter;
use super::{BLOCK, TILE, pool, sums};

/// A quantised matrix `[rows, cols]`, packed for [`Quantized::matmul`].
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

/// One vector of activations.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    /// Seen as pairs of columns.
    words: &'a [[i16; 2]],
    /// Seen as fours of columns.
    bytes: &'a [[i8; 4]],
    scales: &'a [f32],
    sums: &'a [[i32; 2]],
}

/// Sums of sixteen rows, four to a vector.
pub(super) type Rows<T> = [T; TILE / 4];

/// A [`Shape`] known at compile time.
pub(super) trait Kernel {
    const SHAPE: Shape;
    const RECORD: Record = Record::new(Self::SHAPE);
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
        impl Quantized {
            /// `out[v][r] = Σ_c weight[r][c] · x[v][c]` for every vector of `x`; `out` is
            /// `[vectors][rows]`.
            pub fn matmul(&self, x: &Activations, out: &mut [f32]) {
                match self.shape {
                    $(shape if shape == $name::SHAPE => self.run::<$name>(x, out),)*
                    shape => unreachable!("no tensor type has the shape {shape:?}"),
                }
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
    /// Chunks of one tile.
    const fn tile_chunks(&self) -> usize {
        self.cols / self.shape.group * Record::new(self.shape).len
    }

    /// The records of tile `t`.
    pub(super) fn tile(&self, t: usize) -> &[Chunk] {
        let chunks = self.tile_chunks();
        &self.stream[t * chunks..(t + 1) * chunks]
    }

    fn run<K: Kernel>(&self, x: &Activations, out: &mut [f32]) {
        let inputs: Vec<Input<'_>> = (0..x.vectors()).map(|v| input(x, v)).collect();
        let expand = self.shape.byte_dot() && inputs.len() >= WORTH_EXPANDING;
        let out = Scatter::new(out);
        let tiles = self.rows.div_ceil(TILE);
        let work = size_of::<Chunk>() * self.tile_chunks() * inputs.len();
        pool::share(tiles, pool::worth(work), |tiles| {
            if expand {
                self.run_expanded::<K>(tiles, &inputs, &out);
            } else {
                self.run_packed::<K>(tiles, &inputs, &out);
            }
        });
    }

    fn run_packed<K: Kernel>(
        &self,
        tiles: Range<usize>,
        inputs: &[Input<'_>],
        out: &Scatter<'_, f32>,
    ) {
        for t in tiles {
            let tile = self.tile(t);
            // A tile stays in the first-level cache while all vectors pass over it; only the
            // first pass waits for memory, whose order is the processor's to foresee.
            let (twos, rest) = inputs.as_chunks::<2>();
            for (f, two) in twos.iter().enumerate() {
                self.store(out, t, f * 2, &tile_dot::<K, 2>(tile, two));
            }
            if let [one] = rest {
                self.store(out, t, twos.len() * 2, &tile_dot::<K, 1>(tile, &[*one]));
            }
        }
    }

    fn run_expanded<K: Kernel>(
        &self,
        tiles: Range<usize>,
        inputs: &[Input<'_>],
        out: &Scatter<'_, f32>,
    ) {
        let mut tile = Expanded::default();
        for t in tiles {
            tile.fill::<K>(self.tile(t));
            let (twos, rest) = inputs.as_chunks::<2>();
            for (f, two) in twos.iter().enumerate() {
                self.store(out, t, f * 2, &tile.dot::<K, 2>(two));
            }
            if let [one] = rest {
                self.store(out, t, twos.len() * 2, &tile.dot::<K, 1>(&[*one]));
            }
        }
    }

    /// Writes the sums of tile `t` for some vectors, which nobody else may do.
    fn store(&self, out: &Scatter<'_, f32>, t: usize, first: usize, sums: &[Rows<F32x4>]) {
        let rows = TILE.min(self.rows - t * TILE);
        for (v, sums) in sums.iter().enumerate() {
            let at = (first + v) * self.rows + t * TILE;
            #[allow(unsafe_code, reason = "threads write to one slice")]
            // SAFETY: each tile has rows of its own, and one thread works on it.
            let out = unsafe { out.part(at..at + rows) };
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

fn input(x: &Activations, v: usize) -> Input<'_> {
    let blocks = x.cols / BLOCK;
    Input {
        words: x.words[v * x.cols..(v + 1) * x.cols].as_chunks().0,
        bytes: x.quants[v * x.cols..(v + 1) * x.cols].as_chunks().0,
        scales: &x.scales[v * blocks..(v + 1) * blocks],
        sums: &x.sums[v * blocks..(v + 1) * blocks],
    }
}

/// Sixteen rows times `V` vectors.
#[inline(always)]
fn tile_dot<K: Kernel, const V: usize>(
    tile: &[Chunk],
    inputs: &[Input<'_>; V],
) -> [Rows<F32x4>; V] {
    let mut acc = [[F32x4::splat(0.0); 4]; V];
    for (g, record) in tile.chunks_exact(K::RECORD.len).enumerate() {
        add_group::<K, V>(record, g, inputs, &mut acc);
    }
    acc
}

/// Adds the products of group `g`.
#[inline(always)]
fn add_group<K: Kernel, const V: usize>(
    record: &[Chunk],
    g: usize,
    inputs: &[Input<'_>; V],
    acc: &mut [Rows<F32x4>; V],
) {
    let totals = inputs.map(|input| input.total::<K>(g));
    let quants = &record[K::RECORD.head..];
    let nibbles = K::SHAPE.quant.bits() == 4;
    let sums = if K::SHAPE.byte_dot() {
        let columns = inputs.map(|input| input.bytes::<K>(g));
        if nibbles {
            let steps = quants.as_chunks().0;
            sums::bytes(steps, sums::nibble_step, columns, totals, K::SHAPE)
        } else {
            let steps = quants.as_chunks().0;
            sums::bytes(steps, sums::byte_step, columns, totals, K::SHAPE)
        }
    } else {
        let columns = inputs.map(|input| input.words::<K>(g));
        if nibbles {
            sums::nibble_words(quants, columns, totals, K::SHAPE.quant.least())
        } else {
            sums::byte_words(quants, columns, totals)
        }
    };
    let scales = numbers::<K>(record);
    add_scaled::<K, V>(acc, &sums, &scales, inputs, g);
    if K::SHAPE.min {
        let mins = numbers::<K>(&record[K::RECORD.numbers..]);
        add_minima::<K, V>(acc, &mins, inputs, totals, g);
    }
}

/// `acc += sum · (scale · a)`
#[inline(always)]
pub(super) fn add_scaled<K: Kernel, const V: usize>(
    acc: &mut [Rows<F32x4>; V],
    sums: &[Rows<I32x4>; V],
    scales: &Rows<F32x4>,
    inputs: &[Input<'_>; V],
    g: usize,
) {
    for v in 0..V {
        let a = F32x4::splat(inputs[v].scale::<K>(g));
        for r in 0..4 {
            acc[v][r] = acc[v][r] + sums[v][r].to_f32() * (scales[r] * a);
        }
    }
}

/// `acc += min · (a · Σa)`
#[inline(always)]
pub(super) fn add_minima<K: Kernel, const V: usize>(
    acc: &mut [Rows<F32x4>; V],
    mins: &Rows<F32x4>,
    inputs: &[Input<'_>; V],
    totals: [i32; V],
    g: usize,
) {
    for v in 0..V {
        let a = F32x4::splat(inputs[v].scale::<K>(g) * totals[v] as f32);
        for r in 0..4 {
            acc[v][r] = acc[v][r] + mins[r] * a;
        }
    }
}

impl<'a> Input<'a> {
    /// The columns of group `g`.
    #[inline(always)]
    fn words<K: Kernel>(self, g: usize) -> &'a [[i16; 2]] {
        let pairs = K::SHAPE.group / 2;
        &self.words[g * pairs..(g + 1) * pairs]
    }

    /// The columns of group `g`.
    #[inline(always)]
    pub(super) fn bytes<K: Kernel>(self, g: usize) -> &'a [[i8; 4]] {
        let fours = K::SHAPE.group / 4;
        &self.bytes[g * fours..(g + 1) * fours]
    }

    /// The scale of the block that group `g` is in.
    #[inline(always)]
    fn scale<K: Kernel>(self, g: usize) -> f32 {
        self.scales[g * K::SHAPE.group / BLOCK]
    }

    /// The sum of the columns of group `g`.
    #[inline(always)]
    pub(super) fn total<K: Kernel>(self, g: usize) -> i32 {
        let [first, second] = self.sums[g * K::SHAPE.group / BLOCK];
        match (K::SHAPE.group, g % 2) {
            (BLOCK, _) => first + second,
            (_, 0) => first,
            _ => second,
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
