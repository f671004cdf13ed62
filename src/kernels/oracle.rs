//! What the kernels mean, in the plainest code; the tests hold the fast versions to this.

use super::activation::Activations;
use super::attention::{PAGE, Shape};
use super::formats::{Block, TensorType};
use super::{BLOCK, math};

/// Weights of one row in a file's encoding: `scale · q + min`.
pub fn dequantize(kind: TensorType, row: &[u8]) -> Vec<f32> {
    let number = |bytes: &[u8]| match kind {
        TensorType::F32 => f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        TensorType::F16 => math::half_to_f32(u16::from_le_bytes([bytes[0], bytes[1]])),
        _ => math::bfloat_to_f32(u16::from_le_bytes([bytes[0], bytes[1]])),
    };
    let Some(shape) = kind.shape() else {
        return row.chunks_exact(kind.block_bytes()).map(number).collect();
    };
    let mut block = Block::default();
    let mut out = Vec::new();
    for encoded in row.chunks_exact(kind.block_bytes()) {
        kind.decode(encoded, &mut block);
        out.extend((0..kind.block_len()).map(|i| {
            let g = i / shape.group;
            block.scale[g] * f32::from(block.q[i]) + block.min[g]
        }));
    }
    out
}

/// One row of a quantised matrix times vector `v` of `x`, group by group as the kernels do.
pub fn quantized_dot(kind: TensorType, row: &[u8], x: &Activations, v: usize) -> f32 {
    let Some(shape) = kind.shape() else {
        return 0.0;
    };
    let quants = &x.quants[v * x.cols..(v + 1) * x.cols];
    let mut block = Block::default();
    let mut acc = 0.0_f32;
    for (b, encoded) in row.chunks_exact(kind.block_bytes()).enumerate() {
        kind.decode(encoded, &mut block);
        for g in 0..kind.block_len() / shape.group {
            let col = b * kind.block_len() + g * shape.group;
            let a = &quants[col..col + shape.group];
            let q = &block.q[g * shape.group..(g + 1) * shape.group];
            let product = |(a, q): (&i8, &i8)| i32::from(*a) * i32::from(*q);
            let sum: i32 = a.iter().zip(q).map(product).sum();
            let scale = x.scales[v * x.cols / BLOCK + col / BLOCK];
            acc += sum as f32 * (block.scale[g] * scale);
            if shape.min {
                let total: i32 = a.iter().map(|&a| i32::from(a)).sum();
                acc += block.min[g] * (scale * total as f32);
            }
        }
    }
    acc
}

/// One row of floating-point weights times a vector, in ascending order.
pub fn float_dot(row: &[f32], x: &[f32]) -> f32 {
    row.iter().zip(x).fold(0.0, |acc, (w, x)| acc + w * x)
}

/// Attention of one query head in `f64`; `key(j)` and `value(j)` give position `j`'s vectors.
pub fn attend<'a>(
    shape: Shape,
    query: &[f32],
    position: usize,
    key: impl Fn(usize) -> &'a [f32],
    value: impl Fn(usize) -> &'a [f32],
) -> Vec<f64> {
    let first = shape.window.map_or(0, |w| (position + 1).saturating_sub(w));
    let product = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    let weights: Vec<f64> = (first..=position)
        .map(|j| (product(query, key(j)) * f64::from(shape.scale)).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let mut out = vec![0.0; shape.dim];
    for (j, weight) in (first..=position).zip(&weights) {
        for (o, v) in out.iter_mut().zip(value(j)) {
            *o += weight / total * f64::from(*v);
        }
    }
    out
}

/// What numbers are once each run of `block` of them is made of integers up to `limit`.
pub fn rounded(numbers: &[f32], block: usize, limit: f32) -> Vec<f32> {
    let round = |run: &[f32]| {
        let largest = run.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
        let (inverse, scale) = (limit / largest, largest / limit);
        let integer = move |x: &f32| (x * inverse).round_ties_even() * scale;
        run.iter().map(integer).collect::<Vec<_>>()
    };
    numbers.chunks(block).flat_map(round).collect()
}

/// Start of position `j` of head `kv_head` inside its page.
pub fn page_offset(shape: Shape, kv_head: usize, j: usize) -> usize {
    (kv_head * PAGE + j % PAGE) * shape.dim
}
