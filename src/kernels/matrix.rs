//! A weight matrix in the layout that the kernels stream, and how a file's rows become one.

use std::collections::TryReserveError;

use super::TILE;
use super::activation::Activations;
use super::float::{Float, Values};
use super::formats::{Block, Shape, TensorType};
use super::quantized::Quantized;

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
            Self::Quantized(m) => m.quants.len() + 4 * (m.scales.len() + m.mins.len()),
            Self::Float(m) => match &m.values {
                Values::F32(v) => 4 * v.len(),
                Values::F16(v) | Values::BF16(v) => 2 * v.len(),
            },
        }
    }

    /// `x · Wᵀ`: `x` is `[vectors][cols]`, the result `[vectors][rows]`.
    pub fn matmul(&self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len() / self.cols() * self.rows()];
        match self {
            Self::Quantized(m) => m.matmul(&Activations::quantize(x, m.cols), &mut out),
            Self::Float(m) => m.matmul(x, &mut out),
        }
        out
    }

    /// Writes row `row` as `f32`, for the embedding of one token.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        match self {
            Self::Quantized(m) => quantized_row(m, row, out),
            Self::Float(m) => float_row(m, row, out),
        }
    }
}

fn quantized_row(m: &Quantized, row: usize, out: &mut [f32]) {
    let (tile, lane) = (row / TILE, row % TILE);
    let bytes = Quantized::tile_bytes(m.shape, m.cols);
    let quants = &m.quants[tile * bytes..(tile + 1) * bytes];
    let groups = m.cols / m.shape.group;
    for (c, value) in out[..m.cols].iter_mut().enumerate() {
        let at = (tile * groups + c / m.shape.group) * TILE + lane;
        let min = m.mins.get(at).copied().unwrap_or(0.0);
        *value = m.scales[at] * f32::from(packed_get(quants, m.shape, lane, c)) + min;
    }
}

fn float_row(m: &Float, row: usize, out: &mut [f32]) {
    let at = |c: usize| (row / TILE * m.cols + c) * TILE + row % TILE;
    for (c, value) in out[..m.cols].iter_mut().enumerate() {
        *value = match &m.values {
            Values::F32(v) => v[at(c)],
            Values::F16(v) => super::math::half_to_f32(v[at(c)]),
            Values::BF16(v) => super::math::bfloat_to_f32(v[at(c)]),
        };
    }
}

/// Where the integer of (`lane`, `col`) stands in a tile: the byte, and whether it is the high
/// nibble. Nibbles: four columns to 16 bytes, the later two in the high halves; bytes: two.
fn packed_place(shape: Shape, lane: usize, col: usize) -> (usize, bool) {
    if shape.nibble {
        (col / 4 * 16 + lane * 2 + col % 2, col % 4 >= 2)
    } else {
        (col / 2 * 16 + lane * 2 + col % 2, false)
    }
}

fn packed_get(quants: &[u8], shape: Shape, lane: usize, col: usize) -> i8 {
    let (byte, high) = packed_place(shape, lane, col);
    match (shape.nibble, high) {
        (false, _) => quants[byte] as i8,
        (true, false) => (quants[byte] & 15) as i8,
        (true, true) => (quants[byte] >> 4) as i8,
    }
}

fn packed_set(quants: &mut [u8], shape: Shape, lane: usize, col: usize, q: i8) {
    let (byte, high) = packed_place(shape, lane, col);
    let q = q as u8;
    quants[byte] |= if high { q << 4 } else { q };
}

/// Turns rows in a file's encoding into a [`Matrix`], as they arrive.
#[derive(Debug)]
pub struct Packer {
    kind: TensorType,
    matrix: Matrix,
    done: usize,
}

impl Packer {
    /// A packer for a matrix `[rows, cols]`. `cols` must be a multiple of the type's block.
    ///
    /// With `reserve` all memory is taken at once; without, it grows with the rows, so that a
    /// header that lies about its size costs nothing.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn new(
        kind: TensorType,
        rows: usize,
        cols: usize,
        reserve: bool,
    ) -> Result<Self, TryReserveError> {
        let padded = rows.div_ceil(TILE) * TILE * usize::from(reserve);
        let matrix = match kind.shape() {
            Some(shape) => {
                let groups = padded * cols / shape.group;
                Matrix::Quantized(Quantized {
                    rows,
                    cols,
                    shape,
                    quants: room(padded / TILE * Quantized::tile_bytes(shape, cols))?,
                    scales: room(groups)?,
                    mins: room(groups * usize::from(shape.min))?,
                })
            }
            None => Matrix::Float(Float {
                rows,
                cols,
                values: match kind {
                    TensorType::F16 => Values::F16(room(padded * cols)?),
                    TensorType::BF16 => Values::BF16(room(padded * cols)?),
                    _ => Values::F32(room(padded * cols)?),
                },
            }),
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

    /// Rows that the next call of [`Self::push`] takes: [`TILE`], or what is left at the end.
    pub fn next_rows(&self) -> usize {
        TILE.min(self.matrix.rows() - self.done)
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

/// Appends `count` zeros.
fn extend<T: Clone + Default>(vector: &mut Vec<T>, count: usize) -> Result<(), TryReserveError> {
    vector.try_reserve(count)?;
    vector.resize(vector.len() + count, T::default());
    Ok(())
}

/// Appends one tile; missing rows at the end are zero.
fn push_quantized(
    m: &mut Quantized,
    kind: TensorType,
    bytes: &[u8],
    row_bytes: usize,
) -> Result<(), TryReserveError> {
    let shape = m.shape;
    let first_byte = m.quants.len();
    let first_group = m.scales.len();
    let groups = m.cols / shape.group;
    extend(&mut m.quants, Quantized::tile_bytes(shape, m.cols))?;
    extend(&mut m.scales, groups * TILE)?;
    if shape.min {
        extend(&mut m.mins, groups * TILE)?;
    }
    let mut block = Block::default();
    for (lane, row) in bytes.chunks_exact(row_bytes).enumerate() {
        for (b, encoded) in row.chunks_exact(kind.block_bytes()).enumerate() {
            kind.decode(encoded, &mut block);
            let col = b * kind.block_len();
            for (i, &q) in block.q[..kind.block_len()].iter().enumerate() {
                packed_set(&mut m.quants[first_byte..], shape, lane, col + i, q);
            }
            for g in 0..kind.block_len() / shape.group {
                let at = first_group + (col / shape.group + g) * TILE + lane;
                m.scales[at] = block.scale[g];
                if shape.min {
                    m.mins[at] = block.min[g];
                }
            }
        }
    }
    Ok(())
}

/// Appends one tile; missing rows at the end are zero.
fn push_float(m: &mut Float, bytes: &[u8], row_bytes: usize) -> Result<(), TryReserveError> {
    match &mut m.values {
        Values::F16(v) | Values::BF16(v) => v.try_reserve(m.cols * TILE)?,
        Values::F32(v) => v.try_reserve(m.cols * TILE)?,
    }
    let rows: Vec<&[u8]> = bytes.chunks_exact(row_bytes).collect();
    for c in 0..m.cols {
        for lane in 0..TILE {
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
