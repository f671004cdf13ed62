//! Where the parts of a quantised matrix stand in memory: one stream, read from end to end.
//!
//! A tile of sixteen rows ([`TILE`]) is a run of records, one for each group of columns, and a
//! record is `[scales: TILE][minima: TILE, where there are any][integers]`. Integers of two
//! neighbouring columns share words of 16 bits, which the pairwise `i16` product takes as they are:
//!
//! - Nibbles: lane `2l + c` of a chunk holds rows `l`, `4 + l`, `8 + l` and `12 + l` of column
//!   `c`, from the lowest four bits to the highest.
//! - Bytes: the first of two chunks holds rows `l` and `4 + l`, the second `8 + l` and `12 + l`.
//!
//! The uppermost integer of a word carries the word's sign; those below it count from zero.

use super::TILE;
use super::formats::{Quant, Shape};
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
            Quant::Byte => shape.group,
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
            put(2 * lane, &f32_to_half(value).to_le_bytes());
        } else {
            put(4 * lane, &value.to_le_bytes());
        }
    }

    /// The integer of row `lane` and column `col` of the group.
    pub(super) fn quant(self, record: &[Chunk], lane: usize, col: usize) -> i8 {
        let place = self.place(lane, col);
        let byte = record[self.head + place.chunk].0[place.byte];
        match self.shape.quant {
            Quant::Byte => (byte ^ place.flip) as i8,
            Quant::Nibble => ((byte >> place.shift & 15) ^ place.flip) as i8,
            // A nibble that counts from −8, or has its own sign: flipping makes it the former.
            Quant::SignedNibble => ((byte >> place.shift & 15) ^ place.flip) as i8 - 8,
        }
    }

    /// Writes an integer where zeros stand.
    pub(super) fn set_quant(self, record: &mut [Chunk], lane: usize, col: usize, q: i8) {
        let place = self.place(lane, col);
        let stored = match self.shape.quant {
            Quant::Byte => q as u8 ^ place.flip,
            Quant::Nibble => q as u8 ^ place.flip,
            Quant::SignedNibble => (q + 8) as u8 ^ place.flip,
        };
        record[self.head + place.chunk].0[place.byte] |= stored << place.shift;
    }

    fn place(self, lane: usize, col: usize) -> Place {
        let (row, word) = (lane / 4, lane % 4 * 2 + col % 2);
        match self.shape.quant {
            Quant::Nibble | Quant::SignedNibble => Place {
                chunk: col / 2,
                byte: 2 * word + row / 2,
                shift: 4 * (row % 2) as u32,
                flip: if row == 3 { 8 } else { 0 },
            },
            Quant::Byte => Place {
                chunk: col / 2 * 2 + row / 2,
                byte: 2 * word + row % 2,
                shift: 0,
                flip: if row % 2 == 0 { 128 } else { 0 },
            },
        }
    }
}

/// Where an integer stands, and the bit that turns it into what is stored.
struct Place {
    chunk: usize,
    byte: usize,
    shift: u32,
    flip: u8,
}

/// The inverse of [`half_to_f32`].
fn f32_to_half(value: f32) -> u16 {
    let bits = (value * f32::from_bits(0x0780_0000)).to_bits();
    (bits >> 13 & 0x7fff | bits >> 16 & 0x8000) as u16
}
