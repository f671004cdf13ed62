//! Every tensor type: values exactly as the `gguf` package decodes them, and a stated bound on
//! what rounding the activations to 8 bits costs a product.

use tokenscope::kernels::formats::TensorType;
use tokenscope::kernels::instruction::Dot;
use tokenscope::kernels::matrix::{Matrix, Packer};
use tokenscope::kernels::oracle::dequantize;

use crate::models::Tensors;
use crate::random::Random;

/// For each type, the largest relative error of `x·Wᵀ` (root of the mean square, normally
/// distributed activations). Rounding to steps of max|x|/127 in blocks of 32 leaves
/// (2.1/127)/√12 ≈ 0.5 % of a normal vector; F16 and BF16 keep activations whole.
const BOUNDS: [(TensorType, f64); 13] = [
    (TensorType::F32, 1e-6),
    (TensorType::F16, 1e-6),
    (TensorType::BF16, 1e-6),
    (TensorType::Q4_0, 0.008),
    (TensorType::Q4_1, 0.008),
    (TensorType::Q5_0, 0.008),
    (TensorType::Q5_1, 0.008),
    (TensorType::Q8_0, 0.008),
    (TensorType::Q2_K, 0.008),
    (TensorType::Q3_K, 0.008),
    (TensorType::Q4_K, 0.008),
    (TensorType::Q5_K, 0.008),
    (TensorType::Q6_K, 0.008),
];

/// The stored blocks of a type as a matrix with one block a row, and the values they stand for.
struct Blocks {
    raw: Vec<u8>,
    values: Vec<f32>,
    rows: usize,
    cols: usize,
}

impl Blocks {
    fn of(kind: TensorType) -> Self {
        let tensors = Tensors::read("blocks.safetensors");
        let (raw, shape) = tensors.bytes(&format!("{}.raw", kind.name()));
        let values = tensors.f32(&format!("{}.values", kind.name()));
        Self {
            raw: raw.to_vec(),
            rows: shape[0],
            cols: values.len() / shape[0],
            values,
        }
    }

    /// A matrix of `rows` rows with ordinary weights: the first half of the blocks, whose scales
    /// are ordinary; for floating-point types, normally distributed numbers.
    fn ordinary(kind: TensorType, rows: usize) -> Self {
        let raw = match kind {
            TensorType::F32 => encode(f32::to_le_bytes),
            TensorType::F16 => encode(|x| half::f16::from_f32(x).to_le_bytes()),
            TensorType::BF16 => encode(|x| half::bf16::from_f32(x).to_le_bytes()),
            _ => {
                let raw = Self::of(kind).raw;
                raw[..raw.len() / 2].to_vec()
            }
        };
        let values = dequantize(kind, &raw);
        Self {
            rows,
            cols: values.len() / rows,
            raw,
            values,
        }
    }

    fn pack(&self, kind: TensorType) -> Matrix {
        let mut packer =
            Packer::new(kind, Dot::of_host(), self.rows, self.cols, true).expect("memory");
        let mut rest = &self.raw[..];
        while !rest.is_empty() {
            let (tile, more) = rest.split_at(packer.next_rows() * packer.row_bytes());
            packer.push(tile).expect("memory");
            rest = more;
        }
        packer.finish().expect("all rows")
    }
}

/// 1024 numbers.
fn encode<const N: usize>(number: impl Fn(f32) -> [u8; N]) -> Vec<u8> {
    Random(1)
        .normals(1024)
        .into_iter()
        .flat_map(number)
        .collect()
}

#[test]
fn blocks_are_decoded_exactly() {
    for (kind, _) in BOUNDS.into_iter().skip(1) {
        let blocks = Blocks::of(kind);
        assert_eq!(dequantize(kind, &blocks.raw), blocks.values, "{kind:?}");
        let (matrix, mut row) = (blocks.pack(kind), vec![f32::NAN; blocks.cols]);
        for (index, want) in blocks.values.chunks_exact(blocks.cols).enumerate() {
            matrix.row(index, &mut row);
            assert_eq!(row, want, "{kind:?}, row {index} once packed");
        }
    }
}

/// `‖got − want‖ / ‖want‖` for the product with `vectors` random vectors.
fn relative_error(kind: TensorType, vectors: usize) -> f64 {
    let blocks = Blocks::ordinary(kind, 4);
    let x = Random(2).normals(vectors * blocks.cols);
    let got = blocks.pack(kind).matmul(&x);
    let rows = || blocks.values.chunks_exact(blocks.cols);
    let want = x
        .chunks_exact(blocks.cols)
        .flat_map(|x| rows().map(|row| product(row, x)));
    let (mut error, mut size) = (0.0, 0.0);
    for (got, want) in got.iter().zip(want) {
        error += (f64::from(*got) - want).powi(2);
        size += want.powi(2);
    }
    (error / size).sqrt()
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[test]
fn products_keep_the_bound_of_each_type() {
    println!("type | bits a weight, file | memory | relative error | bound");
    for (kind, bound) in BOUNDS {
        let error = relative_error(kind, 256);
        let file = kind.block_bytes() as f64 * 8.0 / kind.block_len() as f64;
        let matrix = Blocks::ordinary(kind, 8).pack(kind);
        let memory = matrix.bytes() as f64 * 8.0 / (matrix.rows() * matrix.cols()) as f64;
        println!(
            "{} | {file:.2} | {memory:.2} | {error:.1e} | {bound:.0e}",
            kind.name()
        );
        assert!(error <= bound, "{kind:?}: {error} is beyond {bound}");
    }
}
