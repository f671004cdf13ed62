//! The tensor types of GGUF, block by block: how bytes become `scale · q + min`.
//!
//! Every quantised type of ggml has this form on groups of 16 or 32 weights, with integers `q`
//! that fit a nibble or a signed byte. The layouts are those of ggml's `ggml-common.h`.

use super::math::half_to_f32;

/// Largest number of weights in a block of any type.
pub const MAX_BLOCK: usize = 256;

/// A tensor type that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(non_camel_case_types, reason = "the names that the field uses")]
pub enum TensorType {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
}

/// The integers of a quantised type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quant {
    /// 0..=15
    Nibble,
    /// −8..=7
    SignedNibble,
    /// 0..=31
    Five,
    /// −16..=15
    SignedFive,
    /// −32..=31
    SignedSix,
    /// −128..=127
    Byte,
}

impl Quant {
    /// The least of them.
    pub const fn least(self) -> i8 {
        match self {
            Self::Nibble | Self::Five => 0,
            Self::SignedNibble => -8,
            Self::SignedFive => -16,
            Self::SignedSix => -32,
            Self::Byte => -128,
        }
    }

    /// How many bits tell them apart.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Nibble | Self::SignedNibble => 4,
            Self::Five | Self::SignedFive => 5,
            Self::SignedSix => 6,
            Self::Byte => 8,
        }
    }
}

/// How a quantised type is stored once packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What `q` can be.
    pub quant: Quant,
    /// Weights that share a scale and a minimum: 16 or 32.
    pub group: usize,
    /// Whether groups have a minimum.
    pub min: bool,
    /// Whether scales and minima are half-precision numbers, and kept as such.
    pub half: bool,
}

/// One block, decoded: weight `i` is `scale[i / group] * q[i] + min[i / group]`.
pub struct Block {
    pub q: [i8; MAX_BLOCK],
    pub scale: [f32; 16],
    pub min: [f32; 16],
}

impl Default for Block {
    fn default() -> Self {
        Self {
            q: [0; MAX_BLOCK],
            scale: [0.0; 16],
            min: [0.0; 16],
        }
    }
}

impl TensorType {
    /// From the number that stands in the file (ggml's `ggml_type`).
    pub const fn from_id(id: u32) -> Option<Self> {
        Some(match id {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            6 => Self::Q5_0,
            7 => Self::Q5_1,
            8 => Self::Q8_0,
            10 => Self::Q2_K,
            11 => Self::Q3_K,
            12 => Self::Q4_K,
            13 => Self::Q5_K,
            14 => Self::Q6_K,
            30 => Self::BF16,
            _ => return None,
        })
    }

    /// The name that the field uses, for example `Q4_K`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q8_0 => "Q8_0",
            Self::Q2_K => "Q2_K",
            Self::Q3_K => "Q3_K",
            Self::Q4_K => "Q4_K",
            Self::Q5_K => "Q5_K",
            Self::Q6_K => "Q6_K",
        }
    }

    /// Weights in one block.
    pub const fn block_len(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 1,
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => 32,
            _ => MAX_BLOCK,
        }
    }

    /// Bytes of one block.
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q2_K => 84,
            Self::Q3_K => 110,
            Self::Q4_K => 144,
            Self::Q5_K => 176,
            Self::Q6_K => 210,
        }
    }

    /// The packed shape, or `None` for the floating-point types.
    pub const fn shape(self) -> Option<Shape> {
        use Quant::{Byte, Five, Nibble, SignedFive, SignedNibble, SignedSix};
        let (quant, group, min, half) = match self {
            Self::F32 | Self::F16 | Self::BF16 => return None,
            Self::Q4_0 => (SignedNibble, 32, false, true),
            Self::Q4_1 => (Nibble, 32, true, true),
            Self::Q4_K => (Nibble, 32, true, false),
            Self::Q2_K => (Nibble, 16, true, false),
            Self::Q3_K => (SignedNibble, 16, false, false),
            Self::Q5_0 => (SignedFive, 32, false, true),
            Self::Q5_1 => (Five, 32, true, true),
            Self::Q5_K => (Five, 32, true, false),
            Self::Q6_K => (SignedSix, 16, false, false),
            Self::Q8_0 => (Byte, 32, false, true),
        };
        Some(Shape {
            quant,
            group,
            min,
            half,
        })
    }

    /// Decodes one block of a quantised type. `bytes` must hold [`Self::block_bytes`].
    pub fn decode(self, bytes: &[u8], block: &mut Block) {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => {}
            Self::Q4_0 => q4_0(bytes, block),
            Self::Q4_1 => q4_1(bytes, block),
            Self::Q5_0 => q5(bytes, 2, block),
            Self::Q5_1 => q5(bytes, 4, block),
            Self::Q8_0 => q8_0(bytes, block),
            Self::Q2_K => q2_k(bytes, block),
            Self::Q3_K => q3_k(bytes, block),
            Self::Q4_K => q4_k(bytes, block),
            Self::Q5_K => q5_k(bytes, block),
            Self::Q6_K => q6_k(bytes, block),
        }
    }
}

/// The half-precision number at `at`.
fn half(bytes: &[u8], at: usize) -> f32 {
    half_to_f32(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

/// 32 nibbles: weights 0..16 in the low halves of 16 bytes, 16..32 in the high halves.
fn split_nibbles(bytes: &[u8], q: &mut [i8]) {
    for (i, byte) in bytes.iter().enumerate() {
        q[i] = (byte & 15) as i8;
        q[i + bytes.len()] = (byte >> 4) as i8;
    }
}

/// Weights count from −8.
fn q4_0(bytes: &[u8], block: &mut Block) {
    split_nibbles(&bytes[2..18], &mut block.q);
    for q in &mut block.q[..32] {
        *q -= 8;
    }
    block.scale[0] = half(bytes, 0);
    block.min[0] = 0.0;
}

fn q4_1(bytes: &[u8], block: &mut Block) {
    split_nibbles(&bytes[4..20], &mut block.q);
    block.scale[0] = half(bytes, 0);
    block.min[0] = half(bytes, 2);
}

/// Q5_0 (`at` = 2: the fifth bit counts from −16) and Q5_1 (`at` = 4: it has a minimum).
fn q5(bytes: &[u8], at: usize, block: &mut Block) {
    let signed = at == 2;
    let high = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    split_nibbles(&bytes[at + 4..at + 20], &mut block.q);
    for (i, q) in block.q[..32].iter_mut().enumerate() {
        *q += ((high >> i & 1) << 4) as i8 - if signed { 16 } else { 0 };
    }
    block.scale[0] = half(bytes, 0);
    block.min[0] = if signed { 0.0 } else { half(bytes, 2) };
}

fn q8_0(bytes: &[u8], block: &mut Block) {
    for (q, byte) in block.q.iter_mut().zip(&bytes[2..34]) {
        *q = *byte as i8;
    }
    block.scale[0] = half(bytes, 0);
    block.min[0] = 0.0;
}

/// Sixteen groups of 16 two-bit weights; a byte of `scales` holds a scale and a minimum.
fn q2_k(bytes: &[u8], block: &mut Block) {
    let (scales, quants) = (&bytes[..16], &bytes[16..80]);
    let (d, d_min) = (half(bytes, 80), half(bytes, 82));
    two_bits(quants, &mut block.q);
    for (g, byte) in scales.iter().enumerate() {
        block.scale[g] = d * f32::from(byte & 15);
        block.min[g] = -d_min * f32::from(byte >> 4);
    }
}

/// Sixteen groups of 16 three-bit weights; the third bit stands in a mask of 32 bytes, and a
/// weight counts from −4. Scales have 6 bits and count from −32.
fn q3_k(bytes: &[u8], block: &mut Block) {
    let (mask, quants, packed) = (&bytes[..32], &bytes[32..96], &bytes[96..108]);
    let d = half(bytes, 108);
    two_bits(quants, &mut block.q);
    for (i, q) in block.q.iter_mut().enumerate() {
        *q += ((mask[i % 32] >> (i / 32) & 1) << 2) as i8 - 4;
    }
    for g in 0..16 {
        let low = packed[g % 8] >> (4 * (g / 8)) & 15;
        let high = packed[8 + g % 4] >> (2 * (g / 4)) & 3;
        block.scale[g] = d * f32::from((low | high << 4) as i8 - 32);
        block.min[g] = 0.0;
    }
}

/// 256 two-bit weights: each run of 32 bytes holds four runs of 32 weights, one a bit pair.
fn two_bits(quants: &[u8], q: &mut [i8; MAX_BLOCK]) {
    for (i, q) in q.iter_mut().enumerate() {
        let (half, rest) = (i / 128, i % 128);
        *q = (quants[half * 32 + rest % 32] >> (2 * (rest / 32)) & 3) as i8;
    }
}

/// The 6-bit scale and minimum of group `g`, from the twelve bytes of Q4_K and Q5_K.
fn six_bit_pair(packed: &[u8], g: usize) -> (f32, f32) {
    let (scale, min) = if g < 4 {
        (packed[g] & 63, packed[g + 4] & 63)
    } else {
        (
            packed[g + 4] & 15 | packed[g - 4] >> 6 << 4,
            packed[g + 4] >> 4 | packed[g] >> 6 << 4,
        )
    };
    (f32::from(scale), f32::from(min))
}

/// Scales and minima of the eight groups of Q4_K and Q5_K.
fn k_scales(bytes: &[u8], block: &mut Block) {
    let (d, d_min) = (half(bytes, 0), half(bytes, 2));
    for g in 0..8 {
        let (scale, min) = six_bit_pair(&bytes[4..16], g);
        block.scale[g] = d * scale;
        block.min[g] = -d_min * min;
    }
}

/// Eight groups of 32 four-bit weights; two groups share 32 bytes.
fn q4_k(bytes: &[u8], block: &mut Block) {
    k_scales(bytes, block);
    for (pair, quants) in bytes[16..144].chunks_exact(32).enumerate() {
        split_nibbles(quants, &mut block.q[pair * 64..]);
    }
}

/// As Q4_K, with a fifth bit in 32 bytes of which group `g` takes bit `g`.
fn q5_k(bytes: &[u8], block: &mut Block) {
    k_scales(bytes, block);
    let high = &bytes[16..48];
    for (pair, quants) in bytes[48..176].chunks_exact(32).enumerate() {
        split_nibbles(quants, &mut block.q[pair * 64..]);
    }
    for (i, q) in block.q.iter_mut().enumerate() {
        *q += ((high[i % 32] >> (i / 32) & 1) << 4) as i8;
    }
}

/// Sixteen groups of 16 six-bit weights that count from −32, with signed 8-bit scales.
fn q6_k(bytes: &[u8], block: &mut Block) {
    let (low, high, scales) = (&bytes[..128], &bytes[128..192], &bytes[192..208]);
    let d = half(bytes, 208);
    for (i, q) in block.q.iter_mut().enumerate() {
        let (part, rest) = (i / 128, i % 128);
        let four = low[part * 64 + rest % 64] >> (4 * (rest / 64)) & 15;
        let two = high[part * 32 + rest % 32] >> (2 * (rest / 32)) & 3;
        *q = (four | two << 4) as i8 - 32;
    }
    for (g, scale) in scales.iter().enumerate() {
        block.scale[g] = d * f32::from(*scale as i8);
        block.min[g] = 0.0;
    }
}
