//! Plain arrays: the backend of [`super`] for every target without one of its own.

use std::ops::{Add, Div, Mul, Sub};

use crate::kernels::layout::Chunk;
use crate::kernels::math::half_to_f32;

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32x4([f32; 4]);
/// Four `i32`.
#[derive(Clone, Copy)]
pub struct I32x4([i32; 4]);
/// Eight `i16`.
#[derive(Clone, Copy)]
pub struct I16x8([i16; 8]);
/// Sixteen bytes.
#[derive(Clone, Copy)]
pub struct I8x16([i8; 16]);

/// Whether [`I8x16::dot_pairs`] is one instruction.
pub const BYTE_DOT: bool = false;
/// Whether [`I8x16::dot_fours`] may be one instruction.
pub const FAST_FOURS: bool = false;

impl F32x4 {
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self([value; 4])
    }
    /// The first four values of a slice.
    #[inline(always)]
    pub fn load(values: &[f32]) -> Self {
        Self(*values.first_chunk().expect("four lanes"))
    }
    /// Four numbers as their bytes.
    #[inline(always)]
    pub fn from_chunk(chunk: &Chunk) -> Self {
        let (fours, _) = chunk.0.as_chunks::<4>();
        Self(std::array::from_fn(|i| f32::from_le_bytes(fours[i])))
    }
    /// Eight half-precision numbers as their bytes; see [`half_to_f32`].
    #[inline(always)]
    pub fn halves(chunk: &Chunk) -> [Self; 2] {
        let (twos, _) = chunk.0.as_chunks::<2>();
        let half = |i: usize| half_to_f32(u16::from_le_bytes(twos[i]));
        let four = |start: usize| Self(std::array::from_fn(|i| half(start + i)));
        [four(0), four(4)]
    }
    /// Writes the four lanes to the first four places of a slice.
    #[inline(always)]
    pub fn store(self, values: &mut [f32]) {
        values[..4].copy_from_slice(&self.0);
    }
    /// `(l0 + l2) + (l1 + l3)`.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        (self.0[0] + self.0[2]) + (self.0[1] + self.0[3])
    }
}

impl F32x4 {
    /// The greater of two lanes. Neither may be no number.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| greater(self.0[i], other.0[i])))
    }
    /// The greatest lane.
    #[inline(always)]
    pub fn largest(self) -> f32 {
        let [a, b, c, d] = self.0;
        greater(greater(a, c), greater(b, d))
    }
    /// Lanes below `low` or above `high` become these.
    #[inline(always)]
    pub fn clamp(self, low: f32, high: f32) -> Self {
        Self(self.0.map(|lane| lane.clamp(low, high)))
    }
    /// The lanes' bits.
    #[inline(always)]
    pub fn bits(self) -> I32x4 {
        I32x4(self.0.map(|lane| lane.to_bits() as i32))
    }
    /// The lanes' bits without their signs: these ascend with the magnitudes.
    #[inline(always)]
    pub fn magnitudes(self) -> I32x4 {
        I32x4(self.0.map(|lane| lane.abs().to_bits() as i32))
    }
}

impl I32x4 {
    /// Shift to the left; what leaves a lane is lost.
    #[inline(always)]
    pub fn shift_left<const N: u32>(self) -> Self {
        Self(self.0.map(|lane| lane << N))
    }
    /// The `f32` that have these bits.
    #[inline(always)]
    pub fn as_f32_bits(self) -> F32x4 {
        F32x4(self.0.map(|lane| f32::from_bits(lane as u32)))
    }
    #[inline(always)]
    pub fn splat(value: i32) -> Self {
        Self([value; 4])
    }
    /// Arithmetic shift.
    #[inline(always)]
    pub fn shift_right<const N: u32>(self) -> Self {
        Self(self.0.map(|lane| lane >> N))
    }
    /// These four and another four, which must all fit 16 bits.
    #[inline(always)]
    pub fn narrow(self, other: Self) -> I16x8 {
        let all = [self.0, other.0];
        I16x8(std::array::from_fn(|i| all[i / 4][i % 4] as i16))
    }
    /// The greater of two lanes.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].max(other.0[i])))
    }
    /// The greatest lane.
    #[inline(always)]
    pub fn largest(self) -> i32 {
        self.0.into_iter().fold(i32::MIN, i32::max)
    }
    #[inline(always)]
    pub fn sum(self) -> i32 {
        self.0.iter().sum()
    }
    /// Rounded to nearest where it is not exact, above magnitudes of 2²⁴.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(self.0.map(|lane| lane as f32))
    }
}

impl Add for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
}

impl Sub for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }
}

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }
}

impl Div for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] / other.0[i]))
    }
}

impl Add for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }
}

impl Sub for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].wrapping_sub(other.0[i])))
    }
}

impl I16x8 {
    /// Eight words as their bytes.
    #[inline(always)]
    pub fn from_chunk(chunk: &Chunk) -> Self {
        let (twos, _) = chunk.0.as_chunks::<2>();
        Self(std::array::from_fn(|i| i16::from_le_bytes(twos[i])))
    }
    /// The bits of `mask` in every lane.
    #[inline(always)]
    pub fn and(self, mask: i16) -> Self {
        Self(self.0.map(|lane| lane & mask))
    }
    #[inline(always)]
    pub fn load(words: &[i16; 8]) -> Self {
        Self(*words)
    }
    #[inline(always)]
    pub fn store(self, words: &mut [i16; 8]) {
        *words = self.0;
    }
    /// Eight bytes, with their signs.
    #[inline(always)]
    pub fn widen(eight: &[i8; 8]) -> Self {
        Self(eight.map(i16::from))
    }
    /// One pair of `i16` in all four pairs of lanes.
    #[inline(always)]
    pub fn splat_pair(pair: &[i16; 2]) -> Self {
        Self(std::array::from_fn(|i| pair[i % 2]))
    }
    /// Pairwise dot product: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`.
    #[inline(always)]
    pub fn dot_pairs(self, other: Self) -> I32x4 {
        let product = |i: usize| i32::from(self.0[i]) * i32::from(other.0[i]);
        I32x4(std::array::from_fn(|i| product(2 * i) + product(2 * i + 1)))
    }
}

impl I16x8 {
    #[inline(always)]
    pub fn splat(value: i16) -> Self {
        Self([value; 8])
    }
    /// These eight and another eight, which must all fit 8 bits.
    #[inline(always)]
    pub fn narrow(self, other: Self) -> I8x16 {
        let all = [self.0, other.0];
        I8x16(std::array::from_fn(|i| all[i / 8][i % 8] as i8))
    }
    /// Lane i is the sum of lanes 2i and 2i + 1.
    #[inline(always)]
    pub fn pair_sums(self) -> I32x4 {
        let lane = |i: usize| i32::from(self.0[i]);
        I32x4(std::array::from_fn(|i| lane(2 * i) + lane(2 * i + 1)))
    }
}

impl Add for I16x8 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }
}

impl I8x16 {
    #[inline(always)]
    pub fn from_chunk(chunk: &Chunk) -> Self {
        Self(chunk.0.map(|byte| byte as i8))
    }
    /// Four bytes in all four groups of lanes.
    #[inline(always)]
    pub fn splat_four(four: &[i8; 4]) -> Self {
        Self(std::array::from_fn(|i| four[i % 4]))
    }
    /// The lower half of each byte.
    #[inline(always)]
    pub fn low_nibbles(self) -> Self {
        Self(self.0.map(|byte| byte & 15))
    }
    /// The upper half of each byte, shifted down.
    #[inline(always)]
    pub fn high_nibbles(self) -> Self {
        Self(self.0.map(|byte| byte >> 4 & 15))
    }
    #[inline(always)]
    pub fn store(self, bytes: &mut [i8; 16]) {
        *bytes = self.0;
    }
    #[inline(always)]
    pub fn to_chunk(self) -> Chunk {
        Chunk(self.0.map(|byte| byte as u8))
    }
    /// Pairwise dot product with bytes in 0..=127: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`, which
    /// must fit.
    #[inline(always)]
    pub fn dot_pairs(self, small: Self) -> I16x8 {
        let product = |i: usize| i16::from(self.0[i]) * i16::from(small.0[i]);
        I16x8(std::array::from_fn(|i| product(2 * i) + product(2 * i + 1)))
    }
    /// Dot product of fours: lane i is `sum[i] + Σ a[4i + c]·b[4i + c]` over c in 0..4.
    #[inline(always)]
    pub fn dot_fours(self, b: Self, sum: I32x4) -> I32x4 {
        let product = |i: usize| i32::from(self.0[i]) * i32::from(b.0[i]);
        let four = |i: usize| (4 * i..4 * i + 4).map(product).sum::<i32>();
        I32x4(std::array::from_fn(|i| sum.0[i] + four(i)))
    }
}

fn greater(a: f32, b: f32) -> f32 {
    if a < b { b } else { a }
}
