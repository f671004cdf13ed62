//! Products of a quantised matrix with one or more vectors of 8-bit activations.
//!
//! Rows are stored eight at a time ([`TILE`]), two columns together, so that one pairwise
//! `i16` dot product adds two columns to four rows at once and never needs a sum across lanes.
//! Per group of 16 or 32 columns the integer sum is exact; then
//! `acc += sum · (scale · a) + min · (a · Σa)` in `f32`, groups in ascending order, where `a` is
//! the activation block's scale. The result of a vector does not depend on its neighbours.

use super::activation::Activations;
use super::formats::Shape;
use super::lanes::{F32x4, I16x8, I32x4, bytes_to_i16, load8, nibbles_to_i16};
use super::{BLOCK, TILE};

/// A quantised matrix `[rows, cols]`, packed for [`Quantized::matmul`].
#[derive(Debug)]
pub struct Quantized {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) shape: Shape,
    /// `[tiles][groups]` runs of interleaved integers.
    pub(super) quants: Vec<u8>,
    /// `[tiles][groups][TILE]`.
    pub(super) scales: Vec<f32>,
    /// As `scales`, or empty if the type has no minimum.
    pub(super) mins: Vec<f32>,
}

/// One vector of activations, seen as pairs of columns.
#[derive(Clone, Copy)]
struct Input<'a> {
    pairs: &'a [[i16; 2]],
    scales: &'a [f32],
    sums: &'a [[i32; 2]],
}

/// The packed parts of one tile.
#[derive(Clone, Copy)]
struct Tile<'a> {
    quants: &'a [[u8; 16]],
    scales: &'a [[f32; TILE]],
    mins: &'a [[f32; TILE]],
}

impl Quantized {
    /// Bytes of one tile's integers.
    pub(super) fn tile_bytes(shape: Shape, cols: usize) -> usize {
        TILE * cols / if shape.nibble { 2 } else { 1 }
    }

    /// `out[v][r] = Σ_c weight[r][c] · x[v][c]` for every vector of `x`; `out` is
    /// `[vectors][rows]`.
    pub fn matmul(&self, x: &Activations, out: &mut [f32]) {
        match (self.shape.nibble, self.shape.group, self.shape.min) {
            (true, 16, true) => self.run::<true, 16, true>(x, out),
            (true, 32, true) => self.run::<true, 32, true>(x, out),
            (false, 16, false) => self.run::<false, 16, false>(x, out),
            (false, 32, true) => self.run::<false, 32, true>(x, out),
            (false, 32, false) => self.run::<false, 32, false>(x, out),
            _ => unreachable!("no tensor type has the shape {:?}", self.shape),
        }
    }

    fn run<const NIBBLE: bool, const GROUP: usize, const MIN: bool>(
        &self,
        x: &Activations,
        out: &mut [f32],
    ) {
        let inputs: Vec<Input<'_>> = (0..x.vectors()).map(|v| input(x, v)).collect();
        // A tile stays in the first-level cache while all vectors pass over it.
        for t in 0..self.rows.div_ceil(TILE) {
            let tile = self.tile(t);
            let (fours, rest) = inputs.as_chunks::<4>();
            for (f, four) in fours.iter().enumerate() {
                let sums = tile_dot::<NIBBLE, GROUP, MIN, 4>(tile, four);
                self.store(out, t, f * 4, &sums);
            }
            for (r, one) in rest.iter().enumerate() {
                let sums = tile_dot::<NIBBLE, GROUP, MIN, 1>(tile, &[*one]);
                self.store(out, t, fours.len() * 4 + r, &sums);
            }
        }
    }

    fn tile(&self, t: usize) -> Tile<'_> {
        let bytes = Self::tile_bytes(self.shape, self.cols);
        let groups = self.cols / self.shape.group;
        let floats = t * groups * TILE..(t + 1) * groups * TILE;
        Tile {
            quants: self.quants[t * bytes..(t + 1) * bytes].as_chunks().0,
            scales: self.scales[floats.clone()].as_chunks().0,
            mins: self.mins.get(floats).unwrap_or_default().as_chunks().0,
        }
    }

    fn store(&self, out: &mut [f32], t: usize, first: usize, sums: &[[F32x4; 2]]) {
        let rows = TILE.min(self.rows - t * TILE);
        for (v, pair) in sums.iter().enumerate() {
            let mut lanes = [0.0; TILE];
            pair[0].store(&mut lanes[..4]);
            pair[1].store(&mut lanes[4..]);
            let at = (first + v) * self.rows + t * TILE;
            out[at..at + rows].copy_from_slice(&lanes[..rows]);
        }
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

/// Eight rows times `V` vectors.
#[inline(always)]
fn tile_dot<const NIBBLE: bool, const GROUP: usize, const MIN: bool, const V: usize>(
    tile: Tile<'_>,
    inputs: &[Input<'_>; V],
) -> [[F32x4; 2]; V] {
    let mut acc = [[F32x4::splat(0.0); 2]; V];
    let chunks = GROUP * TILE / 16 / if NIBBLE { 2 } else { 1 };
    let pairs = GROUP / 2;
    for (g, quants) in tile.quants.chunks_exact(chunks).enumerate() {
        let columns: [&[[i16; 2]]; V] =
            std::array::from_fn(|v| &inputs[v].pairs[g * pairs..(g + 1) * pairs]);
        let sums = group_dot::<NIBBLE, V>(quants, columns);
        let block = g * GROUP / BLOCK;
        let (scale_low, scale_high) = load8(&tile.scales[g]);
        for v in 0..V {
            let a = F32x4::splat(inputs[v].scales[block]);
            let [low, high] = sums[v];
            acc[v][0] = acc[v][0] + low.to_f32() * (scale_low * a);
            acc[v][1] = acc[v][1] + high.to_f32() * (scale_high * a);
            if MIN {
                let (min_low, min_high) = load8(&tile.mins[g]);
                let [first, second] = inputs[v].sums[block];
                let sum = match (GROUP, g % 2) {
                    (BLOCK, _) => first + second,
                    (_, 0) => first,
                    _ => second,
                };
                let a = F32x4::splat(inputs[v].scales[block] * sum as f32);
                acc[v][0] = acc[v][0] + min_low * a;
                acc[v][1] = acc[v][1] + min_high * a;
            }
        }
    }
    acc
}

/// Exact integer sums of one group for eight rows and `V` vectors.
#[inline(always)]
fn group_dot<const NIBBLE: bool, const V: usize>(
    quants: &[[u8; 16]],
    columns: [&[[i16; 2]]; V],
) -> [[I32x4; 2]; V] {
    let mut sums = [[I32x4::zero(); 2]; V];
    for (i, bytes) in quants.iter().enumerate() {
        if NIBBLE {
            let [low0, low1, high0, high1] = nibbles_to_i16(bytes);
            for v in 0..V {
                let a = I16x8::splat_pair(columns[v][2 * i]);
                let b = I16x8::splat_pair(columns[v][2 * i + 1]);
                sums[v][0] = sums[v][0] + low0.dot_pairs(a) + high0.dot_pairs(b);
                sums[v][1] = sums[v][1] + low1.dot_pairs(a) + high1.dot_pairs(b);
            }
        } else {
            let (first, second) = bytes_to_i16(bytes);
            for v in 0..V {
                let a = I16x8::splat_pair(columns[v][i]);
                sums[v][0] = sums[v][0] + first.dot_pairs(a);
                sums[v][1] = sums[v][1] + second.dot_pairs(a);
            }
        }
    }
    sums
}
