//! `simd128` backend of [`super`].
use std::arch::wasm32::*;
use std::ops::{Add, Mul};

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32x4(v128);
/// Four `i32`.
#[derive(Clone, Copy)]
pub struct I32x4(v128);
/// Eight `i16`.
#[derive(Clone, Copy)]
pub struct I16x8(v128);

impl F32x4 {
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }
    /// The first four values of a slice.
    #[inline(always)]
    pub fn load(values: &[f32]) -> Self {
        let four: &[f32; 4] = values.first_chunk().expect("four lanes");
        // SAFETY: `four` refers to sixteen readable bytes; v128_load needs no alignment.
        Self(unsafe { v128_load(four.as_ptr().cast()) })
    }
    /// Writes the four lanes to the first four places of a slice.
    #[inline(always)]
    pub fn store(self, values: &mut [f32]) {
        let four: &mut [f32; 4] = values.first_chunk_mut().expect("four lanes");
        // SAFETY: `four` refers to sixteen writable bytes; v128_store needs no alignment.
        unsafe { v128_store(four.as_mut_ptr().cast(), self.0) }
    }
    /// `(l0 + l2) + (l1 + l3)`.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let v = self.0;
        (f32x4_extract_lane::<0>(v) + f32x4_extract_lane::<2>(v))
            + (f32x4_extract_lane::<1>(v) + f32x4_extract_lane::<3>(v))
    }
}

impl I32x4 {
    #[inline(always)]
    pub fn zero() -> Self {
        Self(i32x4_splat(0))
    }
    /// Exact for magnitudes up to 2²⁴.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(f32x4_convert_i32x4(self.0))
    }
}

impl Add for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }
}

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }
}

impl Add for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }
}

impl I16x8 {
    /// One pair of `i16` in all four pairs of lanes.
    #[inline(always)]
    pub fn splat_pair(pair: [i16; 2]) -> Self {
        let bits = u32::from(pair[0] as u16) | (u32::from(pair[1] as u16) << 16);
        Self(i32x4_splat(bits as i32))
    }
    /// Pairwise dot product: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`.
    #[inline(always)]
    pub fn dot_pairs(self, other: Self) -> I32x4 {
        I32x4(i32x4_dot_i16x8(self.0, other.0))
    }
}

/// Sixteen `i8` as two vectors of `i16`: the first eight, the last eight.
#[inline(always)]
pub fn bytes_to_i16(bytes: &[u8; 16]) -> (I16x8, I16x8) {
    // SAFETY: both loads read eight bytes inside the sixteen of `bytes`.
    unsafe {
        (
            I16x8(i16x8_load_extend_i8x8(bytes.as_ptr().cast())),
            I16x8(i16x8_load_extend_i8x8(bytes.as_ptr().add(8).cast())),
        )
    }
}

/// Sixteen bytes of two nibbles as four vectors of `i16`: low nibbles of the first and last
/// eight bytes, then high nibbles of the first and last eight bytes.
#[inline(always)]
pub fn nibbles_to_i16(bytes: &[u8; 16]) -> [I16x8; 4] {
    // SAFETY: `bytes` is sixteen readable bytes.
    let packed = unsafe { v128_load(bytes.as_ptr().cast()) };
    let low = v128_and(packed, u8x16_splat(0x0f));
    let high = u8x16_shr(packed, 4);
    [
        I16x8(u16x8_extend_low_u8x16(low)),
        I16x8(u16x8_extend_high_u8x16(low)),
        I16x8(u16x8_extend_low_u8x16(high)),
        I16x8(u16x8_extend_high_u8x16(high)),
    ]
}
