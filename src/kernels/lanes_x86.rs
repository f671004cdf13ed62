//! SSE2 backend of [`super`]: the part of x86-64 that every such processor has.
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Sub};

use crate::kernels::layout::Chunk;

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32x4(__m128);
/// Four `i32`.
#[derive(Clone, Copy)]
pub struct I32x4(__m128i);
/// Eight `i16`.
#[derive(Clone, Copy)]
pub struct I16x8(__m128i);
/// Sixteen bytes.
#[derive(Clone, Copy)]
pub struct I8x16(__m128i);

/// Whether [`I8x16::dot_pairs`] is one instruction.
pub const BYTE_DOT: bool = cfg!(target_feature = "ssse3");
/// Whether [`I8x16::dot_fours`] may be one instruction.
pub const FAST_FOURS: bool = false;

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
    /// Four numbers as their bytes.
    #[inline(always)]
    pub fn from_chunk(chunk: &Chunk) -> Self {
        Self(unsafe { _mm_castsi128_ps(load(chunk)) })
    }
    /// Eight half-precision numbers as their bytes; see [`half_to_f32`](super::super::math).
    #[inline(always)]
    pub fn halves(chunk: &Chunk) -> [Self; 2] {
        let eight = load(chunk);
        // A half in the upper part of an i32, shifted down with its sign to where its exponent
        // meets that of an f32.
        let widen = |upper: __m128i| unsafe {
            let mask = _mm_set1_epi32(0x8fff_e000_u32 as i32);
            let bits = _mm_and_si128(_mm_srai_epi32(upper, 3), mask);
            let power = _mm_castsi128_ps(_mm_set1_epi32(0x7780_0000));
            Self(_mm_mul_ps(_mm_castsi128_ps(bits), power))
        };
        unsafe {
            let zero = _mm_setzero_si128();
            [
                widen(_mm_unpacklo_epi16(zero, eight)),
                widen(_mm_unpackhi_epi16(zero, eight)),
            ]
        }
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

impl F32x4 {
    /// The greater of two lanes. Neither may be no number.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(unsafe { _mm_max_ps(other.0, self.0) })
    }
    /// The greatest lane.
    #[inline(always)]
    pub fn largest(self) -> f32 {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes);
        let greater = |a: f32, b: f32| if a < b { b } else { a };
        greater(greater(lanes[0], lanes[2]), greater(lanes[1], lanes[3]))
    }
    /// Lanes below `low` or above `high` become these.
    #[inline(always)]
    pub fn clamp(self, low: f32, high: f32) -> Self {
        let low = unsafe { _mm_max_ps(_mm_set1_ps(low), self.0) };
        Self(unsafe { _mm_min_ps(_mm_set1_ps(high), low) })
    }
    /// The lanes' bits.
    #[inline(always)]
    pub fn bits(self) -> I32x4 {
        I32x4(unsafe { _mm_castps_si128(self.0) })
    }
    /// The lanes' bits without their signs: these ascend with the magnitudes.
    #[inline(always)]
    pub fn magnitudes(self) -> I32x4 {
        I32x4(unsafe { _mm_and_si128(self.bits().0, _mm_set1_epi32(i32::MAX)) })
    }
}

impl I32x4 {
    /// Shift to the left; what leaves a lane is lost.
    #[inline(always)]
    pub fn shift_left<const N: u32>(self) -> Self {
        Self(unsafe { _mm_sll_epi32(self.0, _mm_cvtsi32_si128(N as i32)) })
    }
    /// The `f32` that have these bits.
    #[inline(always)]
    pub fn as_f32_bits(self) -> F32x4 {
        F32x4(unsafe { _mm_castsi128_ps(self.0) })
    }
    #[inline(always)]
    pub fn splat(value: i32) -> Self {
        Self(unsafe { _mm_set1_epi32(value) })
    }
    /// Arithmetic shift.
    #[inline(always)]
    pub fn shift_right<const N: u32>(self) -> Self {
        Self(unsafe { _mm_sra_epi32(self.0, _mm_cvtsi32_si128(N as i32)) })
    }
    /// These four and another four, which must all fit 16 bits.
    #[inline(always)]
    pub fn narrow(self, other: Self) -> I16x8 {
        I16x8(unsafe { _mm_packs_epi32(self.0, other.0) })
    }
    /// The greater of two lanes.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        unsafe {
            let greater = _mm_cmpgt_epi32(self.0, other.0);
            let these = _mm_and_si128(greater, self.0);
            Self(_mm_or_si128(these, _mm_andnot_si128(greater, other.0)))
        }
    }
    /// The greatest lane.
    #[inline(always)]
    pub fn largest(self) -> i32 {
        unsafe {
            let two = self.max(Self(_mm_shuffle_epi32::<0b01_00_11_10>(self.0)));
            let one = two.max(Self(_mm_shuffle_epi32::<0b10_11_00_01>(two.0)));
            _mm_cvtsi128_si32(one.0)
        }
    }
    #[inline(always)]
    pub fn sum(self) -> i32 {
        unsafe {
            let two = self + Self(_mm_shuffle_epi32::<0b01_00_11_10>(self.0));
            let one = two + Self(_mm_shuffle_epi32::<0b10_11_00_01>(two.0));
            _mm_cvtsi128_si32(one.0)
        }
    }
    /// Rounded to nearest where it is not exact, above magnitudes of 2²⁴.
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

impl Sub for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm_sub_ps(self.0, other.0) })
    }
}

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm_mul_ps(self.0, other.0) })
    }
}

impl Div for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(unsafe { _mm_div_ps(self.0, other.0) })
    }
}

impl Add for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm_add_epi32(self.0, other.0) })
    }
}

impl Sub for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm_sub_epi32(self.0, other.0) })
    }
}

impl I16x8 {
    /// Eight words as their bytes.
    #[inline(always)]
    pub fn from_chunk(chunk: &Chunk) -> Self {
        Self(load(chunk))
    }
    /// The bits of `mask` in every lane.
    #[inline(always)]
    pub fn and(self, mask: i16) -> Self {
        Self(unsafe { _mm_and_si128(self.0, _mm_set1_epi16(mask)) })
    }
    #[inline(always)]
    pub fn load(words: &[i16; 8]) -> Self {
        Self(unsafe { _mm_loadu_si128(words.as_ptr().cast()) })
    }
    #[inline(always)]
    pub fn store(self, words: &mut [i16; 8]) {
        unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), self.0) }
    }
    /// Eight bytes, with their signs.
    #[inline(always)]
    pub fn widen(eight: &[i8; 8]) -> Self {
        unsafe {
            let bytes = _mm_loadl_epi64(eight.as_ptr().cast());
            Self(_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8))
        }
    }
    /// One pair of `i16` in all four pairs of lanes.
    #[inline(always)]
    pub fn splat_pair(pair: &[i16; 2]) -> Self {
        let bits = u32::from(pair[0] as u16) | (u32::from(pair[1] as u16) << 16);
        Self(unsafe { _mm_set1_epi32(bits as i32) })
    }
    /// Pairwise dot product: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`.
    #[inline(always)]
    pub fn dot_pairs(self, other: Self) -> I32x4 {
        I32x4(unsafe { _mm_madd_epi16(self.0, other.0) })
    }
}

impl I16x8 {
    #[inline(always)]
    pub fn splat(value: i16) -> Self {
        Self(unsafe { _mm_set1_epi16(value) })
    }
    /// These eight and another eight, which must all fit 8 bits.
    #[inline(always)]
    pub fn narrow(self, other: Self) -> I8x16 {
        I8x16(unsafe { _mm_packs_epi16(self.0, other.0) })
    }
    /// Lane i is the sum of lanes 2i and 2i + 1.
    #[inline(always)]
    pub fn pair_sums(self) -> I32x4 {
        I32x4(unsafe { _mm_madd_epi16(self.0, _mm_set1_epi16(1)) })
    }
}

impl Add for I16x8 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm_add_epi16(self.0, other.0) })
    }
}

impl I8x16 {
    #[inline(always)]
    pub fn from_chunk(chunk: &Chunk) -> Self {
        Self(load(chunk))
    }
    /// Four bytes in all four groups of lanes.
    #[inline(always)]
    pub fn splat_four(four: &[i8; 4]) -> Self {
        let bits = i32::from_le_bytes(four.map(|byte| byte as u8));
        Self(unsafe { _mm_set1_epi32(bits) })
    }
    /// The lower half of each byte.
    #[inline(always)]
    pub fn low_nibbles(self) -> Self {
        Self(unsafe { _mm_and_si128(self.0, _mm_set1_epi8(15)) })
    }
    /// The upper half of each byte, shifted down.
    #[inline(always)]
    pub fn high_nibbles(self) -> Self {
        Self(unsafe { _mm_and_si128(_mm_srli_epi16(self.0, 4), _mm_set1_epi8(15)) })
    }
    #[inline(always)]
    pub fn store(self, bytes: &mut [i8; 16]) {
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), self.0) }
    }
    #[inline(always)]
    pub fn to_chunk(self) -> Chunk {
        let mut chunk = Chunk::default();
        unsafe { _mm_store_si128(chunk.0.as_mut_ptr().cast(), self.0) };
        chunk
    }
    /// Pairwise dot product with bytes in 0..=127: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`, which
    /// must fit.
    #[inline(always)]
    pub fn dot_pairs(self, small: Self) -> I16x8 {
        #[cfg(target_feature = "ssse3")]
        return I16x8(unsafe { _mm_maddubs_epi16(small.0, self.0) });
        #[cfg(not(target_feature = "ssse3"))]
        {
            let odd = |x| unsafe { _mm_srai_epi16(x, 8) };
            let even = |x| unsafe { _mm_srai_epi16(_mm_slli_epi16(x, 8), 8) };
            let (a, b) = (self.0, small.0);
            I16x8(unsafe {
                _mm_add_epi16(
                    _mm_mullo_epi16(even(a), even(b)),
                    _mm_mullo_epi16(odd(a), odd(b)),
                )
            })
        }
    }
    /// Dot product of fours: lane i is `sum[i] + Σ a[4i + c]·b[4i + c]` over c in 0..4.
    #[inline(always)]
    pub fn dot_fours(self, b: Self, sum: I32x4) -> I32x4 {
        // SSE2 alone: bytes become the upper halves of words, which shifts bring down.
        let widen = |low: __m128i| unsafe { _mm_srai_epi16(low, 8) };
        unsafe {
            let zero = _mm_setzero_si128();
            let low = |x| widen(_mm_unpacklo_epi8(zero, x));
            let high = |x| widen(_mm_unpackhi_epi8(zero, x));
            let low = _mm_castsi128_ps(_mm_madd_epi16(low(self.0), low(b.0)));
            let high = _mm_castsi128_ps(_mm_madd_epi16(high(self.0), high(b.0)));
            let even = _mm_castps_si128(_mm_shuffle_ps(low, high, 0b10_00_10_00));
            let odd = _mm_castps_si128(_mm_shuffle_ps(low, high, 0b11_01_11_01));
            sum + I32x4(_mm_add_epi32(even, odd))
        }
    }
}

#[inline(always)]
fn load(chunk: &Chunk) -> __m128i {
    unsafe { _mm_load_si128(chunk.0.as_ptr().cast()) }
}
