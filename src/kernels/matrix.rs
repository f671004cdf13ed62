//! A weight matrix in the layout that the kernels stream, and how a file's rows become one.

use std::collections::TryReserveError;

use super::TILE;
use super::activation::Activations;
use super::float::{self, Float, Values};
use super::formats::{Block, TensorType};
use super::instruction::Dot;
use super::layout::{Chunk, Part, Record};
use super::multiply::multiply;
use super::out::Out;
use super::quantized::{Quantized, Target};
use super::scatter::Scatter;

/// A packed weight matrix `[rows, cols]`.
#[derive(Debug)]
pub enum Matrix {
    Quantized(Quantized),
    Float(Float),
}

impl Matrix {
    /// Number of rows (outputs).
    pub fn rows(&self) -> usize {
        match self {
            Self::Quantized(m) => m.rows,
            Self::Float(m) => m.rows,
        }
    }

    /// Number of columns (inputs).
    pub fn cols(&self) -> usize {
        match self {
            Self::Quantized(m) => m.cols,
            Self::Float(m) => m.cols,
        }
    }

    /// Bytes that the packed weights take.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Quantized(m) => size_of_val(m.stream.as_slice()),
            Self::Float(m) => match &m.values {
                Values::F32(v) => 4 * v.len(),
                Values::F16(v) | Values::BF16(v) => 2 * v.len(),
            },
        }
    }

    /// `x · Wᵀ`: `x` is `[vectors][cols]`, the result `[vectors][rows]`.
    pub fn matmul(&self, x: &[f32]) -> Vec<f32> {
        matmul_all(&[self], x)
    }

    /// Writes row `row` as `f32`, for the embedding of one token.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        match self {
            Self::Quantized(m) => quantized_row(m, row, out),
            Self::Float(m) => float_row(m, row, out),
        }
    }
}

/// What [`Matrix::matmul`] of several matrices makes, at least one, which have the same columns: what they have
/// in common is done once. Their results stand one after another.
pub fn matmul_all(matrices: &[&Matrix], x: &[f32]) -> Vec<f32> {
    let rows: usize = matrices.iter().map(|matrix| matrix.rows()).sum();
    let count = x.len() / matrices[0].cols() * rows;
    let mut all = Vec::with_capacity(count);
    put_products(
        matrices,
        x,
        &mut all.spare_capacity_mut()[..count],
        |places| Out::Written(Scatter::new(places)),
    );
    #[allow(unsafe_code, reason = "nothing is cleared that is written anyway")]
    // SAFETY: every row of every matrix has put its product for each vector.
    unsafe {
        all.set_len(count);
    }
    all
}

/// Adds to `out` what [`matmul_all`] makes.
pub fn add_matmul_all(matrices: &[&Matrix], x: &[f32], out: &mut [f32]) {
    put_products(matrices, x, out, |places| Out::Added(Scatter::new(places)));
}

/// Puts the products of matrices at places, which `of` makes of those of each.
fn put_products<'a, T>(
    matrices: &[&'a Matrix],
    x: &[f32],
    places: &'a mut [T],
    of: impl Fn(&'a mut [T]) -> Out<'a>,
) {
    let vectors = x.len() / matrices[0].cols();
    let mut rest = places;
    let mut targets = Vec::with_capacity(matrices.len());
    for matrix in matrices {
        let own;
        (own, rest) = rest.split_at_mut(vectors * matrix.rows());
        let out = of(own);
        match matrix {
            Matrix::Float(matrix) => matrix.matmul(x, &out),
            Matrix::Quantized(matrix) => targets.push(Target { matrix, out }),
        }
    }
    if let Some(Target { matrix, .. }) = targets.first() {
        let words = targets
            .iter()
            .any(|target| !target.matrix.dot.takes_bytes());
        multiply(&targets, &Activations::quantize(x, matrix.cols, words));
    }
}

fn quantized_row(m: &Quantized, row: usize, out: &mut [f32]) {
    let layout = Record::new(m.shape);
    let (tile, lane) = (m.tile(row / TILE), row % TILE);
    let records = tile.chunks_exact(layout.len);
    for (record, out) in records.zip(out.chunks_exact_mut(m.shape.group)) {
        let scale = layout.number(record, Part::Scale, lane);
        let min = layout.number(record, Part::Min, lane);
        for (col, value) in out.iter_mut().enumerate() {
            *value = scale * f32::from(layout.quant(record, m.dot, lane, col)) + min;
        }
    }
}

fn float_row(m: &Float, row: usize, out: &mut [f32]) {
    let at = |c: usize| (row / float::TILE * m.cols + c) * float::TILE + row % float::TILE;
    for (c, value) in out[..m.cols].iter_mut().enumerate() {
        *value = match &m.values {
            Values::F32(v) => v[at(c)],
            Values::F16(v) => super::math::half_to_f32(v[at(c)]),
            Values::BF16(v) => super::math::bfloat_to_f32(v[at(c)]),
        };
    }
}

/// Turns rows in a file's encoding into a [`Matrix`], as they arrive.
#[derive(Debug)]
pub struct Packer {
    kind: TensorType,
    matrix: Matrix,
    done: usize,
}

impl Packer {
    /// A packer for a matrix `[rows, cols]` whose products are of `dot`, or of words where that does
    /// not fit the type. `cols` must be a multiple of the type's block.
    ///
    /// With `reserve` all memory is taken at once; without, it grows with the rows, so that a
    /// header that lies about its size costs nothing.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn new(
        kind: TensorType,
        dot: Dot,
        rows: usize,
        cols: usize,
        reserve: bool,
    ) -> Result<Self, TryReserveError> {
        let padded = |tile: usize| rows.next_multiple_of(tile) * usize::from(reserve);
        let matrix = if let Some(shape) = kind.shape() {
            let records = padded(TILE) / TILE * cols / shape.group;
            Matrix::Quantized(Quantized {
                rows,
                cols,
                shape,
                dot: dot.of(shape.quant),
                stream: room(records * Record::new(shape).len)?,
            })
        } else {
            let count = padded(float::TILE) * cols;
            Matrix::Float(Float {
                rows,
                cols,
                values: match kind {
                    TensorType::F16 => Values::F16(room(count)?),
                    TensorType::BF16 => Values::BF16(room(count)?),
                    _ => Values::F32(room(count)?),
                },
            })
        };
        Ok(Self {
            kind,
            matrix,
            done: 0,
        })
    }

    /// Bytes of one row in the file.
    pub fn row_bytes(&self) -> usize {
        self.matrix.cols() / self.kind.block_len() * self.kind.block_bytes()
    }

    /// Rows that the next call of [`Self::push`] takes: a tile, or what is left at the end.
    pub fn next_rows(&self) -> usize {
        let tile = match &self.matrix {
            Matrix::Quantized(_) => TILE,
            Matrix::Float(_) => float::TILE,
        };
        tile.min(self.matrix.rows() - self.done)
    }

    /// Packs the next [`Self::next_rows`] rows.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), TryReserveError> {
        let row_bytes = self.row_bytes();
        match &mut self.matrix {
            Matrix::Quantized(m) => push_quantized(m, self.kind, bytes, row_bytes)?,
            Matrix::Float(m) => push_float(m, bytes, row_bytes)?,
        }
        self.done += bytes.len() / row_bytes;
        Ok(())
    }

    /// The matrix, once every row is in.
    pub fn finish(self) -> Option<Matrix> {
        (self.done == self.matrix.rows()).then_some(self.matrix)
    }
}

/// An empty vector with room for `count` elements.
fn room<T>(count: usize) -> Result<Vec<T>, TryReserveError> {
    let mut vector = Vec::new();
    vector.try_reserve_exact(count)?;
    Ok(vector)
}

/// Appends one tile; missing rows at the end are zero.
fn push_quantized(
    m: &mut Quantized,
    kind: TensorType,
    bytes: &[u8],
    row_bytes: usize,
) -> Result<(), TryReserveError> {
    let layout = Record::new(m.shape);
    let (start, group) = (m.stream.len(), m.shape.group);
    let chunks = m.cols / group * layout.len;
    m.stream.try_reserve(chunks)?;
    m.stream.resize(start + chunks, Chunk::default());
    let mut blocks: [Block; TILE] = std::array::from_fn(|_| Block::default());
    let groups = kind.block_len() / group;
    let records = m.stream[start..].chunks_exact_mut(groups * layout.len);
    for (at, records) in (0..).step_by(kind.block_bytes()).zip(records) {
        for (row, block) in bytes.chunks_exact(row_bytes).zip(&mut blocks) {
            kind.decode(&row[at..at + kind.block_bytes()], block);
        }
        for (g, record) in records.chunks_exact_mut(layout.len).enumerate() {
            for (lane, block) in blocks.iter().enumerate() {
                layout.set_number(record, Part::Scale, lane, block.scale[g]);
                if m.shape.min {
                    layout.set_number(record, Part::Min, lane, block.min[g]);
                }
            }
            let columns = g * group..(g + 1) * group;
            let q = std::array::from_fn(|lane| &blocks[lane].q[columns.clone()]);
            layout.set_quants(record, m.dot, &q);
        }
    }
    Ok(())
}

/// Appends one tile; missing rows at the end are zero.
fn push_float(m: &mut Float, bytes: &[u8], row_bytes: usize) -> Result<(), TryReserveError> {
    match &mut m.values {
        Values::F16(v) | Values::BF16(v) => v.try_reserve(m.cols * float::TILE)?,
        Values::F32(v) => v.try_reserve(m.cols * float::TILE)?,
    }
    let rows: Vec<&[u8]> = bytes.chunks_exact(row_bytes).collect();
    for c in 0..m.cols {
        for lane in 0..float::TILE {
            let row = rows.get(lane);
            let two = || row.map_or(0, |r| u16::from_le_bytes([r[2 * c], r[2 * c + 1]]));
            match &mut m.values {
                Values::F16(v) | Values::BF16(v) => v.push(two()),
                Values::F32(v) => v.push(row.map_or(0.0, |r| {
                    f32::from_le_bytes([r[4 * c], r[4 * c + 1], r[4 * c + 2], r[4 * c + 3]])
                })),
            }
        }
    }
    Ok(())
}
