//! Every kernel against what it means, natively and in a browser: bit for bit where the kernels
//! promise it, else within a stated bound. [`check_all`] returns a checksum of all results, which
//! every build must share.

use tokenscope::kernels::activation::Activations;
use tokenscope::kernels::attention::{
    IntegerKeys, IntegerValues, KEY, PAGE, QUERY, Sequence, Shape, VALUE, attend, blocks,
    write_key, write_value,
};
use tokenscope::kernels::formats::TensorType;
use tokenscope::kernels::instruction::Dot;
use tokenscope::kernels::lanes::F32x4;
use tokenscope::kernels::matrix::{Matrix, Packer};
use tokenscope::kernels::norm::rms_norm;
use tokenscope::kernels::rotary::{Angles, Layout};
use tokenscope::kernels::{BLOCK, math, oracle};

use super::random::Random;

/// What [`check_all`] must return in every build.
pub(crate) const CHECKSUM: u64 = 0x7f6c_715c_55ad_e1da;

const KINDS: [TensorType; 13] = [
    TensorType::F32,
    TensorType::F16,
    TensorType::BF16,
    TensorType::Q4_0,
    TensorType::Q4_1,
    TensorType::Q5_0,
    TensorType::Q5_1,
    TensorType::Q8_0,
    TensorType::Q2_K,
    TensorType::Q3_K,
    TensorType::Q4_K,
    TensorType::Q5_K,
    TensorType::Q6_K,
];

/// FNV-1a over the bits of all results.
struct Checksum(u64);

impl Checksum {
    fn add(&mut self, values: &[f32]) {
        for value in values {
            // A NaN has many bit patterns, and targets differ in which one they make.
            let bits = if value.is_nan() {
                u32::MAX
            } else {
                value.to_bits()
            };
            for byte in bits.to_le_bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
}

pub(crate) fn check_all() -> u64 {
    let mut checksum = Checksum(0xcbf2_9ce4_8422_2325);
    products(&mut checksum);
    activations(&mut checksum);
    norms(&mut checksum);
    rotations(&mut checksum);
    attention(&mut checksum);
    functions(&mut checksum);
    checksum.0
}

/// Vectors that break careless kernels, then ordinary ones.
fn inputs(random: &mut Random, vectors: usize, cols: usize) -> Vec<f32> {
    let mut out = random.normals(vectors * cols);
    for (v, vector) in out.chunks_exact_mut(cols).enumerate() {
        match v % 6 {
            1 => vector.fill(0.0),
            2 => vector.iter_mut().for_each(|x| *x *= f32::MIN_POSITIVE),
            3 => vector.iter_mut().for_each(|x| *x *= 1e20),
            // One outlier to a block, as real activations have, and a tie between roundings.
            4 => vector.iter_mut().step_by(BLOCK).for_each(|x| *x = -127.0),
            5 => vector.fill(0.5),
            _ => {}
        }
    }
    out
}

/// Rows in a file's encoding. Any bytes are blocks; those of F32 are made from numbers.
fn encoded(random: &mut Random, kind: TensorType, rows: usize, cols: usize) -> Vec<u8> {
    let count = rows * cols / kind.block_len() * kind.block_bytes();
    match kind {
        TensorType::F32 => random
            .normals(rows * cols)
            .into_iter()
            .flat_map(f32::to_le_bytes)
            .collect(),
        // Exponents of BF16 reach as far as those of F32; keep products finite.
        TensorType::BF16 => random
            .normals(rows * cols)
            .into_iter()
            .flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes())
            .collect(),
        _ => (0..count).map(|_| random.next() as u8).collect(),
    }
}

fn pack(kind: TensorType, dot: Dot, raw: &[u8], [rows, cols]: [usize; 2]) -> Matrix {
    let mut packer = Packer::new(kind, dot, rows, cols, rows % 2 == 0).expect("memory");
    let mut rest = raw;
    while !rest.is_empty() {
        let (tile, more) = rest.split_at(packer.next_rows() * packer.row_bytes());
        packer.push(tile).expect("memory");
        rest = more;
    }
    packer.finish().expect("all rows")
}

fn products(checksum: &mut Checksum) {
    assert!(Dot::possible().contains(&Dot::of_host()));
    let mut random = Random(1);
    for kind in KINDS {
        let unit = kind
            .block_len()
            .max(if kind.shape().is_some() { BLOCK } else { 1 });
        // Tiles have sixteen rows, and a vector or two pass over six of them side by side.
        for (rows, blocks) in [(1, 1), (7, 2), (8, 3), (9, 1), (24, 5), (33, 2), (209, 1)] {
            let cols = unit * blocks;
            let raw = encoded(&mut random, kind, rows, cols);
            // Whatever this processor makes fast, all that it can do is right.
            let packed = |dot| pack(kind, dot, &raw, [rows, cols]);
            let matrices: Vec<Matrix> = Dot::possible().into_iter().map(packed).collect();
            for matrix in &matrices {
                check_rows(matrix, kind, &raw);
            }
            for vectors in [1, 2, 3, 4, 5, 8, 11, 17] {
                let x = inputs(&mut random, vectors, cols);
                let outs: Vec<_> = matrices.iter().map(|matrix| matrix.matmul(&x)).collect();
                for out in &outs {
                    check_product(out, kind, &raw, &x, [rows, cols]);
                }
                checksum.add(&outs[0]);
            }
        }
    }
}

/// Each row of the packed matrix holds the values that its bytes stand for.
fn check_rows(matrix: &Matrix, kind: TensorType, raw: &[u8]) {
    let mut got = vec![f32::NAN; matrix.cols()];
    let rows = raw.chunks_exact(raw.len() / matrix.rows());
    for (index, row) in rows.enumerate() {
        matrix.row(index, &mut got);
        assert_eq!(got, oracle::dequantize(kind, row), "{kind:?}, row {index}");
    }
}

/// Every element of a product equals the oracle's, bit for bit.
fn check_product(out: &[f32], kind: TensorType, raw: &[u8], x: &[f32], [rows, cols]: [usize; 2]) {
    let row_bytes = raw.len() / rows;
    let quantized = kind.shape().map(|_| Activations::quantize(x, cols, true));
    for (v, out) in out.chunks_exact(rows).enumerate() {
        for (row, got) in raw.chunks_exact(row_bytes).zip(out) {
            let want = match &quantized {
                Some(x) => oracle::quantized_dot(kind, row, x, v),
                None => oracle::float_dot(&oracle::dequantize(kind, row), &x[v * cols..][..cols]),
            };
            assert_eq!(
                got.to_bits(),
                want.to_bits(),
                "{kind:?} [{rows}, {cols}]: {got} for {want}"
            );
        }
    }
}

fn activations(checksum: &mut Checksum) {
    let x = inputs(&mut Random(2), 12, 4 * BLOCK);
    let a = Activations::quantize(&x, 4 * BLOCK, true);
    assert_eq!(a.vectors(), 12);
    for (b, block) in x.chunks_exact(BLOCK).enumerate() {
        let (quants, scale) = (&a.quants[b * BLOCK..][..BLOCK], a.scales[b]);
        let largest = block.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
        for (x, &q) in block.iter().zip(quants) {
            assert!((-127..=127).contains(&q));
            let error = (f64::from(q) * f64::from(scale) - f64::from(*x)).abs();
            // Below 1e-30 a block is taken for zero.
            assert!(
                error <= 0.500_01 * f64::from(largest) / 127.0 + 1e-30,
                "{x} became {q}"
            );
        }
        let sum = |half: &[i8]| half.iter().map(|&q| i32::from(q)).sum::<i32>();
        assert_eq!(a.sums[b], [sum(&quants[..16]), sum(&quants[16..])]);
    }
    checksum.add(&a.scales);
    let quants: Vec<f32> = a.quants.iter().map(|&q| f32::from(q)).collect();
    checksum.add(&quants);
}

fn norms(checksum: &mut Checksum) {
    let mut random = Random(3);
    for width in [4, 8, 24, 64, 576] {
        let weight = random.normals(width);
        for size in [1.0, 1e-20, 1e15, 0.0] {
            let x: Vec<f32> = random.normals(3 * width).iter().map(|x| x * size).collect();
            let got = rms_norm(&x, &weight, 1e-5);
            for (x, got) in x.chunks_exact(width).zip(got.chunks_exact(width)) {
                let squares: f64 = x.iter().map(|x| f64::from(*x).powi(2)).sum();
                let root = (squares / width as f64 + 1e-5).sqrt();
                for ((x, w), got) in x.iter().zip(&weight).zip(got) {
                    close(*got, f64::from(*x) / root * f64::from(*w), 2e-6, "rms_norm");
                }
            }
            checksum.add(&got);
        }
    }
}

fn rotations(checksum: &mut Checksum) {
    let (heads, dim, positions) = (3, 16, 5);
    for (layout, pairs) in [
        (Layout::Interleaved, 8),
        (Layout::Halves, 8),
        (Layout::Halves, 5),
    ] {
        for start in [0, 1, 8191] {
            // Powers of two are the same in every build; those of 10 000 need not be.
            let frequency = |i: usize| 0.5_f64.powi(i as i32);
            let frequencies: Vec<f64> = (0..pairs).map(frequency).collect();
            let x = Random(4).normals(positions * heads * dim);
            let angles = Angles::new(&frequencies, start..start + positions);
            let got = angles.rotated(&x, [heads, dim], layout, |_| ());
            for (i, (x, got)) in x.chunks_exact(dim).zip(got.chunks_exact(dim)).enumerate() {
                let angle = |pair: usize| (start + i / heads) as f64 * frequencies[pair];
                check_rotation(x, got, layout, pairs, angle);
            }
            checksum.add(&got);
        }
    }
}

/// Each pair of one head is turned as a complex number; what is beyond the pairs stays.
fn check_rotation(
    x: &[f32],
    got: &[f32],
    layout: Layout,
    pairs: usize,
    angle: impl Fn(usize) -> f64,
) {
    for pair in 0..pairs {
        let [a, b] = match layout {
            Layout::Interleaved => [2 * pair, 2 * pair + 1],
            Layout::Halves => [pair, pair + pairs],
        };
        let (sin, cos) = angle(pair).sin_cos();
        let (re, im) = (f64::from(x[a]), f64::from(x[b]));
        close(got[a], re * cos - im * sin, 1e-6, "rotary");
        close(got[b], re * sin + im * cos, 1e-6, "rotary");
    }
    assert_eq!(got[2 * pairs..], x[2 * pairs..]);
}

fn attention(checksum: &mut Checksum) {
    let mut random = Random(5);
    for (heads, kv_heads, dim) in [(1, 1, 8), (4, 2, 40), (9, 3, 64), (7, 1, 32)] {
        for window in [None, Some(1), Some(16), Some(40), Some(200)] {
            for (start, count) in [(0_usize, 1), (0, 70), (31, 2), (95, 3), (127, 4), (300, 1)] {
                let shape = Shape {
                    heads,
                    kv_heads,
                    dim,
                    scale: 1.0 / (dim as f32).sqrt(),
                    window,
                };
                let pages = (start + count).div_ceil(PAGE);
                let mut page = || random.normals(kv_heads * PAGE * dim);
                let keys: Vec<Vec<f32>> = (0..pages).map(|_| page()).collect();
                let values: Vec<Vec<f32>> = (0..pages).map(|_| page()).collect();
                // Scores up to some tens: softmax must cope with weights that vanish.
                let queries = random.normals(count * heads * dim);
                let queries: Vec<f32> = queries.iter().map(|q| q * 8.0).collect();
                checksum.add(&single_attention(shape, &queries, start, [&keys, &values]));
                checksum.add(&integer_attention(shape, &queries, start, [&keys, &values]));
            }
        }
    }
}

/// Pages of a cache, each `[kv_heads][PAGE][dim]`.
type Pages<'a> = [&'a [Vec<f32>]; 2];

fn single_attention(shape: Shape, queries: &[f32], start: usize, pages: Pages<'_>) -> Vec<f32> {
    let [keys, values] = pages.map(|pages| pages.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let out = attend(
        shape,
        &[Sequence {
            queries,
            start,
            keys,
            values,
        }],
    );
    check_attention(shape, queries, start, pages, &out, 2e-5);
    out
}

/// Of the same vectors, as integers. The oracle reads them rounded, queries included; what is left
/// is the rounding of the weights.
fn integer_attention(shape: Shape, queries: &[f32], start: usize, pages: Pages<'_>) -> Vec<f32> {
    let [keys, values] = pages;
    let written_keys: Vec<_> = (keys.iter().map(|page| integers(shape, page, write_key))).collect();
    let written_values: Vec<_> =
        (values.iter().map(|page| integers(shape, page, write_value))).collect();
    let key_pages: Vec<_> = (written_keys.iter())
        .map(|(quants, scales)| IntegerKeys { quants, scales })
        .collect();
    let value_pages: Vec<_> = (written_values.iter())
        .map(|(quants, scales)| IntegerValues { quants, scales })
        .collect();
    let out = attend(
        shape,
        &[Sequence {
            queries,
            start,
            keys: key_pages,
            values: value_pages,
        }],
    );
    let [keys, values] = [(keys, KEY), (values, VALUE)].map(|(pages, limit)| {
        let rounded = |page: &Vec<f32>| -> Vec<f32> {
            let vectors = page.chunks_exact(shape.dim);
            vectors
                .flat_map(|vector| oracle::rounded(vector, BLOCK, limit))
                .collect()
        };
        pages.iter().map(rounded).collect::<Vec<_>>()
    });
    let queries = oracle::rounded(queries, shape.dim, QUERY);
    check_attention(shape, &queries, start, [&keys, &values], &out, 3e-4);
    out
}

/// A page's vectors, each written to its slot of its head's part.
fn integers<T: Clone + Default>(
    shape: Shape,
    page: &[f32],
    write: fn(&mut [T], &mut [f32], usize, &[f32]),
) -> (Vec<T>, Vec<f32>) {
    let scales = PAGE * blocks(shape.dim);
    let mut quants = vec![T::default(); page.len()];
    let mut all = vec![0.0; shape.kv_heads * scales];
    let heads = quants
        .chunks_exact_mut(PAGE * shape.dim)
        .zip(all.chunks_exact_mut(scales));
    for ((quants, scales), head) in heads.zip(page.chunks_exact(PAGE * shape.dim)) {
        for (slot, vector) in head.chunks_exact(shape.dim).enumerate() {
            write(quants, scales, slot, vector);
        }
    }
    (quants, all)
}

fn check_attention(
    shape: Shape,
    queries: &[f32],
    start: usize,
    [keys, values]: Pages<'_>,
    out: &[f32],
    bound: f64,
) {
    let heads = queries
        .chunks_exact(shape.dim)
        .zip(out.chunks_exact(shape.dim));
    for (i, (query, got)) in heads.enumerate() {
        let (position, head) = (start + i / shape.heads, i % shape.heads);
        let at = |j| oracle::page_offset(shape, head / (shape.heads / shape.kv_heads), j);
        let key = |j: usize| &keys[j / PAGE][at(j)..][..shape.dim];
        let value = |j: usize| &values[j / PAGE][at(j)..][..shape.dim];
        let want = oracle::attend(shape, query, position, key, value);
        for (got, want) in got.iter().zip(want) {
            close(*got, want, bound, "attention");
        }
    }
}

fn functions(checksum: &mut Checksum) {
    for i in -2000..=2000 {
        let x = i as f32 / 50.0;
        let y = f64::from(x);
        let tanh = ((2.0 / std::f64::consts::PI).sqrt() * (y + 0.044_715 * y.powi(3))).tanh();
        let values = [
            math::exp2(x),
            value(math::silu, x),
            value(math::gelu_tanh, x),
        ];
        assert!(
            (f64::from(values[0]) - y.exp2()).abs() < 2.5e-7 * y.exp2(),
            "2^{x}"
        );
        close(values[1], y / (1.0 + (-y).exp()), 1e-6, "silu");
        close(values[2], 0.5 * y * (1.0 + tanh), 4e-6, "gelu");
        checksum.add(&values);
    }
    for x in [f32::MAX, f32::MIN, 1e-45, -0.0, 88.0, -87.0, 128.0, -127.0] {
        let values = [
            math::exp2(x),
            value(math::silu, x),
            value(math::gelu_tanh, x),
        ];
        assert!(
            values.iter().all(|v| !v.is_nan()),
            "a function of {x} is not a number"
        );
        checksum.add(&values);
    }
}

/// An activation's value.
fn value(act: impl Fn(&math::Exp2, F32x4) -> F32x4, x: f32) -> f32 {
    let mut four = [0.0; 4];
    act(&math::Exp2::hidden(), F32x4::splat(x)).store(&mut four);
    four[0]
}

/// Asserts that `got` is within `bound` of `want`, absolutely near zero and relatively elsewhere.
fn close(got: f32, want: f64, bound: f64, what: &str) {
    let error = (f64::from(got) - want).abs();
    assert!(
        error <= bound * want.abs().max(1.0),
        "{what}: {got} for {want}"
    );
}
