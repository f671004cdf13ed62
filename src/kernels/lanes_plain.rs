//! Plain arrays: the backend of [`super`] for every target without one of its own.

use std::ops::{Add, Mul};

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32x4([f32; 4]);
/// Four `i32`.
#[derive(Clone, Copy)]
pub struct I32x4([i32; 4]);
/// Eight `i16`.
#[derive(Clone, Copy)]
pub struct I16x8([i16; 8]);

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

impl I32x4 {
    #[inline(always)]
    pub fn zero() -> Self {
        Self([0; 4])
    }
    /// Exact for magnitudes up to 2²⁴.
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

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }
}

impl Add for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }
}

impl I16x8 {
    /// One pair of `i16` in all four pairs of lanes.
    #[inline(always)]
    pub fn splat_pair(pair: [i16; 2]) -> Self {
        Self(std::array::from_fn(|i| pair[i % 2]))
    }
    /// Pairwise dot product: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`.
    #[inline(always)]
    pub fn dot_pairs(self, other: Self) -> I32x4 {
        let product = |i: usize| i32::from(self.0[i]) * i32::from(other.0[i]);
        I32x4(std::array::from_fn(|i| product(2 * i) + product(2 * i + 1)))
    }
}

/// Sixteen `i8` as two vectors of `i16`: the first eight, the last eight.
#[inline(always)]
pub fn bytes_to_i16(bytes: &[u8; 16]) -> (I16x8, I16x8) {
    let wide = |start: usize| I16x8(std::array::from_fn(|i| i16::from(bytes[start + i] as i8)));
    (wide(0), wide(8))
}

/// Sixteen bytes of two nibbles as four vectors of `i16`: low nibbles of the first and last
/// eight bytes, then high nibbles of the first and last eight bytes.
#[inline(always)]
pub fn nibbles_to_i16(bytes: &[u8; 16]) -> [I16x8; 4] {
    let low = |start: usize| I16x8(std::array::from_fn(|i| i16::from(bytes[start + i] & 15)));
    let high = |start: usize| I16x8(std::array::from_fn(|i| i16::from(bytes[start + i] >> 4)));
    [low(0), low(8), high(0), high(8)]
}
