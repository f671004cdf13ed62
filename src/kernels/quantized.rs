//! Products of a quantised matrix with one or more vectors of 8-bit activations.
//!
//! Rows go sixteen at a time in the layout of [`super::layout`]. A pairwise `i16` product adds
//! two columns to four rows at once and never needs a sum across lanes; a word that holds several
//! rows gives the sum of its lower rows, of those and the next, and so on, and their differences
//! are each row's own. Per group of 16 or 32 columns the integer sum is exact; then
//! `acc += sum · (scale · a)` and `acc += min · (a · Σa)` in `f32`, groups in ascending order,
//! where `a` is the activation block's scale. A vector's result does not depend on its neighbours.

use super::activation::Activations;
use super::formats::{Quant, Shape};
use super::lanes::{F32x4, I16x8, I32x4};
use super::layout::{Chunk, Record};
use super::{BLOCK, TILE};

/// A quantised matrix `[rows, cols]`, packed for [`Quantized::matmul`].
#[derive(Debug)]
pub struct Quantized {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) shape: Shape,
    /// `[tiles][groups]` records.
    pub(super) stream: Vec<Chunk>,
}

/// How far ahead of its use memory is called for, in chunks.
const AHEAD: usize = 64;

/// One vector of activations, seen as pairs of columns.
#[derive(Clone, Copy)]
struct Input<'a> {
    pairs: &'a [[i16; 2]],
    scales: &'a [f32],
    sums: &'a [[i32; 2]],
}

/// Sums of sixteen rows, four to a vector.
type Rows<T> = [T; TILE / 4];

/// A [`Shape`] known at compile time.
trait Kernel {
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
    Q5_1 Byte 32 true true
    Q8_0 Byte 32 false true
    Q2K Nibble 16 true false
    Q3K SignedNibble 16 false false
    Q4K Nibble 32 true false
    Q5K Byte 32 true false
    Q6K Byte 16 false false
}

impl Quantized {
    /// The records of tile `t`.
    pub(super) fn tile(&self, t: usize) -> &[Chunk] {
        let chunks = self.cols / self.shape.group * Record::new(self.shape).len;
        &self.stream[t * chunks..(t + 1) * chunks]
    }

    /// As many chunks as a tile has, [`AHEAD`] of tile `t`.
    fn coming(&self, t: usize) -> &[Chunk] {
        let tile = self.tile(t);
        let start = t * tile.len() + AHEAD;
        self.stream.get(start..start + tile.len()).unwrap_or(tile)
    }

    fn run<K: Kernel>(&self, x: &Activations, out: &mut [f32]) {
        let inputs: Vec<Input<'_>> = (0..x.vectors()).map(|v| input(x, v)).collect();
        for t in 0..self.rows.div_ceil(TILE) {
            let tile = self.tile(t);
            // A tile stays in the first-level cache while all vectors pass over it; only the
            // first pass waits for memory.
            let mut coming = self.coming(t);
            let (twos, rest) = inputs.as_chunks::<2>();
            for (f, two) in twos.iter().enumerate() {
                let sums = tile_dot::<K, 2>(tile, std::mem::replace(&mut coming, tile), two);
                self.store(out, t, f * 2, &sums);
            }
            if let [one] = rest {
                let sums = tile_dot::<K, 1>(tile, coming, &[*one]);
                self.store(out, t, twos.len() * 2, &sums);
            }
        }
    }

    fn store(&self, out: &mut [f32], t: usize, first: usize, sums: &[Rows<F32x4>]) {
        let rows = TILE.min(self.rows - t * TILE);
        for (v, sums) in sums.iter().enumerate() {
            let at = (first + v) * self.rows + t * TILE;
            let out = &mut out[at..at + rows];
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
        pairs: x.quants[v * x.cols..(v + 1) * x.cols].as_chunks().0,
        scales: &x.scales[v * blocks..(v + 1) * blocks],
        sums: &x.sums[v * blocks..(v + 1) * blocks],
    }
}

/// Sixteen rows times `V` vectors.
#[inline(always)]
fn tile_dot<K: Kernel, const V: usize>(
    tile: &[Chunk],
    coming: &[Chunk],
    inputs: &[Input<'_>; V],
) -> [Rows<F32x4>; V] {
    let mut acc = [[F32x4::splat(0.0); 4]; V];
    let mut touched = 0;
    let coming = coming.chunks_exact(K::RECORD.len);
    let records = tile.chunks_exact(K::RECORD.len).zip(coming);
    for (g, (record, coming)) in records.enumerate() {
        touched ^= touch(coming);
        add_group::<K, V>(record, g, inputs, &mut acc);
    }
    std::hint::black_box(touched);
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
    let pairs = K::SHAPE.group / 2;
    let block = g * K::SHAPE.group / BLOCK;
    let columns: [&[[i16; 2]]; V] =
        std::array::from_fn(|v| &inputs[v].pairs[g * pairs..(g + 1) * pairs]);
    let totals: [i32; V] = std::array::from_fn(|v| {
        let [first, second] = inputs[v].sums[block];
        match (K::SHAPE.group, g % 2) {
            (BLOCK, _) => first + second,
            (_, 0) => first,
            _ => second,
        }
    });
    let quants = &record[K::RECORD.head..];
    let sums = match K::SHAPE.quant {
        Quant::Nibble => nibbles(quants, columns, totals.map(from_zero)),
        Quant::SignedNibble => nibbles(quants, columns, totals.map(from_eight)),
        Quant::Byte => bytes(quants, columns, totals),
    };
    let scales = numbers::<K>(record);
    for v in 0..V {
        let a = F32x4::splat(inputs[v].scales[block]);
        for r in 0..4 {
            acc[v][r] = acc[v][r] + sums[v][r].to_f32() * (scales[r] * a);
        }
    }
    if K::SHAPE.min {
        let mins = numbers::<K>(&record[K::RECORD.numbers..]);
        for v in 0..V {
            let a = F32x4::splat(inputs[v].scales[block] * totals[v] as f32);
            for r in 0..4 {
                acc[v][r] = acc[v][r] + mins[r] * a;
            }
        }
    }
}

/// Reads a byte of each cache line, so that the lines are on their way when their turn comes:
/// WebAssembly has no prefetch, and the processor's own loses the trail at every page.
#[inline(always)]
fn touch(chunks: &[Chunk]) -> u8 {
    let (lines, _) = chunks.as_chunks::<4>();
    lines.iter().fold(0, |all, [first, ..]| all ^ first.0[0])
}

/// Sixteen scales or minima.
#[inline(always)]
fn numbers<K: Kernel>(chunks: &[Chunk]) -> Rows<F32x4> {
    if K::SHAPE.half {
        let (low, high) = (F32x4::halves(&chunks[0]), F32x4::halves(&chunks[1]));
        [low[0], low[1], high[0], high[1]]
    } else {
        std::array::from_fn(|r| F32x4::from_chunk(&chunks[r]))
    }
}

/// What the running sums of [`nibbles`] start from if weights count from zero: the nibble that
/// carries the sign is eight less than its weight.
#[inline(always)]
fn from_zero(total: i32) -> Rows<I32x4> {
    let zero = I32x4::splat(0);
    [zero, zero, zero, I32x4::splat(total << 15)]
}

/// The same if weights count from −8: the nibbles below the sign are eight more than their
/// weights.
#[inline(always)]
fn from_eight(total: i32) -> Rows<I32x4> {
    let first = -(total << 3);
    let second = first - (total << 7);
    let third = I32x4::splat(second - (total << 11));
    [I32x4::splat(first), I32x4::splat(second), third, third]
}

/// Exact sums of one group of nibbles.
#[inline(always)]
fn nibbles<const V: usize>(
    chunks: &[Chunk],
    columns: [&[[i16; 2]]; V],
    start: [Rows<I32x4>; V],
) -> [Rows<I32x4>; V] {
    let mut sums = start;
    for (i, chunk) in chunks.iter().enumerate() {
        let word = I16x8::from_chunk(chunk);
        let words = [word.and(0x000f), word.and(0x00ff), word.and(0x0fff), word];
        for v in 0..V {
            let a = I16x8::splat_pair(&columns[v][i]);
            for r in 0..4 {
                sums[v][r] = sums[v][r] + words[r].dot_pairs(a);
            }
        }
    }
    sums.map(|[a, b, c, d]| {
        [
            a,
            (b - a).shift_right::<4>(),
            (c - b).shift_right::<8>(),
            (d - c).shift_right::<12>(),
        ]
    })
}

/// Exact sums of one group of bytes. The lower byte of a word counts from −128.
#[inline(always)]
fn bytes<const V: usize>(
    chunks: &[Chunk],
    columns: [&[[i16; 2]]; V],
    totals: [i32; V],
) -> [Rows<I32x4>; V] {
    let mut sums = totals.map(|total| [I32x4::splat(-(total << 7)); 4]);
    for (i, [first, second]) in chunks.as_chunks::<2>().0.iter().enumerate() {
        let (first, second) = (I16x8::from_chunk(first), I16x8::from_chunk(second));
        let words = [first.and(0x00ff), first, second.and(0x00ff), second];
        for v in 0..V {
            let a = I16x8::splat_pair(&columns[v][i]);
            for r in 0..4 {
                sums[v][r] = sums[v][r] + words[r].dot_pairs(a);
            }
        }
    }
    sums.map(|[a, b, c, d]| [a, (b - a).shift_right::<8>(), c, (d - c).shift_right::<8>()])
}
