//! Where the parts of a quantised matrix stand in memory: one stream, read from end to end.
//!
//! A tile of sixteen rows ([`TILE`]) is a run of records, one for each group of columns, and a
//! record is `[scales: TILE][minima: TILE, where there are any][integers]`.
//!
//! Where products take bytes ([`Dot::takes_bytes`]), four columns stand side by side, and integers
//! count from [`Dot::least`]:
//!
//! - Nibbles: byte `4l + c` of the first of two chunks holds rows `l` (lower half) and `4 + l` of
//!   column `c`, the second `8 + l` and `12 + l`.
//! - More bits: the first of four chunks holds row `l`, the next `4 + l`, and so on.
//!
//! Elsewhere two columns share words of 16 bits, which the pairwise product of words takes as they
//! are:
//!
//! - Nibbles: lane `2l + c` of a chunk holds rows `l`, `4 + l`, `8 + l` and `12 + l` of column
//!   `c`, from the lowest four bits to the highest.
//! - Bytes: the first of two chunks holds rows `l` and `4 + l`, the second `8 + l` and `12 + l`.
//!
//! The uppermost integer of a word carries the word's sign; those below it count from zero.

use super::TILE;
use super::formats::{Quant, Shape};
use super::instruction::Dot;
use super::math::half_to_f32;

/// What one load takes, aligned so that no load crosses a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(16))]
pub struct Chunk(pub [u8; 16]);

/// Chunks of the parts of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    shape: Shape,
    /// Chunks of sixteen scales, or of sixteen minima.
    pub(super) numbers: usize,
    /// Chunks in front of the integers.
    pub(super) head: usize,
    /// Chunks of all parts.
    pub(super) len: usize,
}

/// The two numbers of a group.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Scale,
    Min,
}

impl Record {
    pub(super) const fn new(shape: Shape) -> Self {
        let numbers = TILE * if shape.half { 2 } else { 4 } / 16;
        let head = if shape.min { 2 * numbers } else { numbers };
        let quants = match shape.quant {
            Quant::Nibble | Quant::SignedNibble => shape.group / 2,
            _ => shape.group,
        };
        Self {
            shape,
            numbers,
            head,
            len: head + quants,
        }
    }

    /// Scale or minimum of row `lane`; a type without minima has 0.
    pub(super) fn number(self, record: &[Chunk], part: Part, lane: usize) -> f32 {
        let chunks = match part {
            Part::Scale => record,
            Part::Min if self.shape.min => &record[self.numbers..],
            Part::Min => return 0.0,
        };
        let byte = |i: usize| chunks[i / 16].0[i % 16];
        if self.shape.half {
            half_to_f32(u16::from_le_bytes([byte(2 * lane), byte(2 * lane + 1)]))
        } else {
            f32::from_le_bytes(std::array::from_fn(|i| byte(4 * lane + i)))
        }
    }

    /// Writes a scale or a minimum. In a type of halves it must be a half-precision number.
    pub(super) fn set_number(self, record: &mut [Chunk], part: Part, lane: usize, value: f32) {
        let chunks = match part {
            Part::Scale => record,
            Part::Min => &mut record[self.numbers..],
        };
        let mut put = |at: usize, bytes: &[u8]| {
            chunks[at / 16].0[at % 16..][..bytes.len()].copy_from_slice(bytes);
        };
        if self.shape.half {
            put(2 * lane, &half_bits(value).to_le_bytes());
        } else {
            put(4 * lane, &value.to_le_bytes());
        }
    }

    /// The integer of row `lane` and column `col` of the group.
    pub(super) fn quant(self, record: &[Chunk], dot: Dot, lane: usize, col: usize) -> i8 {
        let place = self.place(dot, lane, col);
        let byte = record[self.head + place.chunk].0[place.byte];
        let stored = (byte >> place.shift & place.mask) ^ place.flip;
        stored.wrapping_add(dot.least(self.shape.quant) as u8) as i8
    }

    /// Writes the integers of all rows: `q[lane]` are those of row `lane`, one a column.
    pub(super) fn set_quants(self, record: &mut [Chunk], dot: Dot, q: &[&[i8]; TILE]) {
        let least = dot.least(self.shape.quant) as u8;
        let mut counted = [[0; MAX_GROUP]; TILE];
        for (counted, q) in counted.iter_mut().zip(q) {
            let pairs = counted.iter_mut().zip(*q);
            pairs.for_each(|(counted, q)| *counted = (*q as u8).wrapping_sub(least));
        }
        let (chunks, nibble) = (&mut record[self.head..], self.shape.quant.bits() == 4);
        match (dot.takes_bytes(), nibble) {
            (true, true) => interleave(chunks, &counted, four_columns, |[a, b, c, d]| {
                [a | b << 4, c | d << 4]
            }),
            (true, false) => interleave(chunks, &counted, four_columns, |rows| rows),
            (false, true) => interleave(chunks, &counted, two_columns, |[a, b, c, d]| {
                [a | b << 4 | c << 8 | (d ^ 0x0008_0008) << 12]
            }),
            (false, false) => interleave(chunks, &counted, two_columns, |[a, b, c, d]| {
                let sign = 0x0080_0080;
                [a | (b ^ sign) << 8, c | (d ^ sign) << 8]
            }),
        }
    }

    fn place(self, dot: Dot, lane: usize, col: usize) -> Place {
        let nibble = self.shape.quant.bits() == 4;
        let (row, l) = (lane / 4, lane % 4);
        let (per_chunk, mask) = if nibble { (2, 15) } else { (1, 255) };
        if dot.takes_bytes() {
            return Place {
                chunk: col / 4 * (4 / per_chunk) + row / per_chunk,
                byte: 4 * l + col % 4,
                shift: 4 * (row % per_chunk) as u32,
                mask,
                flip: 0,
            };
        }
        let word = 2 * (2 * l + col % 2);
        if nibble {
            Place {
                chunk: col / 2,
                byte: word + row / 2,
                shift: 4 * (row % 2) as u32,
                mask,
                flip: if row == 3 { 8 } else { 0 },
            }
        } else {
            Place {
                chunk: col / 2 * 2 + row / 2,
                byte: word + row % 2,
                shift: 0,
                mask,
                flip: if row % 2 == 1 { 128 } else { 0 },
            }
        }
    }
}

/// Columns of the longest group.
const MAX_GROUP: usize = 32;

/// Four columns of a row as they stand side by side.
fn four_columns(row: &[u8; MAX_GROUP], step: usize) -> u32 {
    let four = row.as_chunks().0[step];
    u32::from_le_bytes(four)
}

/// Two columns of a row as the lowest bits of two words.
fn two_columns(row: &[u8; MAX_GROUP], step: usize) -> u32 {
    let [a, b]: [u8; 2] = row.as_chunks().0[step];
    u32::from(a) | u32::from(b) << 16
}

/// Writes steps of `N` chunks, of which `columns` takes its own from each row; `join` makes of rows
/// `l`, `4 + l`, `8 + l` and `12 + l` what stands at lane `l` of each chunk.
#[inline(always)]
fn interleave<const N: usize>(
    chunks: &mut [Chunk],
    rows: &[[u8; MAX_GROUP]; TILE],
    columns: impl Fn(&[u8; MAX_GROUP], usize) -> u32,
    join: impl Fn([u32; 4]) -> [u32; N],
) {
    for (step, chunks) in chunks.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        for l in 0..4 {
            let joined = join(std::array::from_fn(|r| columns(&rows[4 * r + l], step)));
            for (chunk, lane) in chunks.iter_mut().zip(joined) {
                chunk.0.as_chunks_mut().0[l] = lane.to_le_bytes();
            }
        }
    }
}

/// Where an integer stands, counted from the least, and the bit that carries a word's sign.
struct Place {
    chunk: usize,
    byte: usize,
    shift: u32,
    mask: u8,
    flip: u8,
}

/// The inverse of [`half_to_f32`], also for the large numbers that it makes of infinities.
fn half_bits(value: f32) -> u16 {
    let bits = (value * f32::from_bits(0x0780_0000)).to_bits();
    (bits >> 13 & 0x7fff | bits >> 16 & 0x8000) as u16
}
