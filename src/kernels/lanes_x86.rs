//! SSE2 backend of [`super`]: the part of x86-64 that every such processor has.
use std::arch::x86_64::*;
use std::ops::{Add, Mul};

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32x4(__m128);
/// Four `i32`.
#[derive(Clone, Copy)]
pub struct I32x4(__m128i);
/// Eight `i16`.
#[derive(Clone, Copy)]
pub struct I16x8(__m128i);

// SAFETY of every block below: SSE2 is part of the x86-64 baseline, and each load or store goes
// through a reference to an array of exactly the size that it touches, with unaligned intrinsics.

impl F32x4 {
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(unsafe { _mm_set1_ps(value) })
    }
    /// The first four values of a slice.
    #[inline(always)]
    pub fn load(values: &[f32]) -> Self {
        let four: &[f32; 4] = values.first_chunk().expect("four lanes");
        Self(unsafe { _mm_loadu_ps(four.as_ptr()) })
    }
    /// Writes the four lanes to the first four places of a slice.
    #[inline(always)]
    pub fn store(self, values: &mut [f32]) {
        let four: &mut [f32; 4] = values.first_chunk_mut().expect("four lanes");
        unsafe { _mm_storeu_ps(four.as_mut_ptr(), self.0) }
    }
    /// `(l0 + l2) + (l1 + l3)`.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes);
        (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    }
}

impl I32x4 {
    #[inline(always)]
    pub fn zero() -> Self {
        Self(unsafe { _mm_setzero_si128() })
    }
    /// Exact for magnitudes up to 2²⁴.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(unsafe { _mm_cvtepi32_ps(self.0) })
    }
}

impl Add for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm_add_ps(self.0, other.0) })
    }
}

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm_mul_ps(self.0, other.0) })
    }
}

impl Add for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm_add_epi32(self.0, other.0) })
    }
}

impl I16x8 {
    /// One pair of `i16` in all four pairs of lanes.
    #[inline(always)]
    pub fn splat_pair(pair: [i16; 2]) -> Self {
        let bits = u32::from(pair[0] as u16) | (u32::from(pair[1] as u16) << 16);
        Self(unsafe { _mm_set1_epi32(bits as i32) })
    }
    /// Pairwise dot product: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`.
    #[inline(always)]
    pub fn dot_pairs(self, other: Self) -> I32x4 {
        I32x4(unsafe { _mm_madd_epi16(self.0, other.0) })
    }
}

/// Sixteen `i8` as two vectors of `i16`: the first eight, the last eight.
#[inline(always)]
pub fn bytes_to_i16(bytes: &[u8; 16]) -> (I16x8, I16x8) {
    unsafe {
        let packed = _mm_loadu_si128(bytes.as_ptr().cast());
        // A byte in the upper half of an i16, shifted down with its sign.
        let low = _mm_srai_epi16(_mm_unpacklo_epi8(packed, packed), 8);
        let high = _mm_srai_epi16(_mm_unpackhi_epi8(packed, packed), 8);
        (I16x8(low), I16x8(high))
    }
}

/// Sixteen bytes of two nibbles as four vectors of `i16`: low nibbles of the first and last
/// eight bytes, then high nibbles of the first and last eight bytes.
#[inline(always)]
pub fn nibbles_to_i16(bytes: &[u8; 16]) -> [I16x8; 4] {
    unsafe {
        let packed = _mm_loadu_si128(bytes.as_ptr().cast());
        let mask = _mm_set1_epi8(0x0f);
        let zero = _mm_setzero_si128();
        let low = _mm_and_si128(packed, mask);
        let high = _mm_and_si128(_mm_srli_epi16(packed, 4), mask);
        [
            I16x8(_mm_unpacklo_epi8(low, zero)),
            I16x8(_mm_unpackhi_epi8(low, zero)),
            I16x8(_mm_unpacklo_epi8(high, zero)),
            I16x8(_mm_unpackhi_epi8(high, zero)),
        ]
    }
}
