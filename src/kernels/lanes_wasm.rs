//! `simd128` backend of [`super`].
use std::arch::wasm32::*;
use std::ops::{Add, Div, Mul, Sub};

use crate::kernels::layout::Chunk;

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32x4(v128);
/// Four `i32`.
#[derive(Clone, Copy)]
pub struct I32x4(v128);
/// Eight `i16`.
#[derive(Clone, Copy)]
pub struct I16x8(v128);
/// Sixteen bytes.
#[derive(Clone, Copy)]
pub struct I8x16(v128);

/// Whether [`I8x16::dot_pairs`] is one instruction.
pub const BYTE_DOT: bool = cfg!(target_feature = "relaxed-simd");
/// Whether [`I8x16::dot_fours`] may be one instruction.
pub const FAST_FOURS: bool = BYTE_DOT;

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
    /// Four numbers as their bytes.
    #[inline(always)]
    pub fn from_chunk(chunk: &Chunk) -> Self {
        Self(load(chunk))
    }
    /// Eight half-precision numbers as their bytes; see [`half_to_f32`](crate::kernels::math::half_to_f32).
    #[inline(always)]
    pub fn halves(chunk: &Chunk) -> [Self; 2] {
        let eight = load(chunk);
        // Each number in the upper half of its lane: a shift then brings the exponent down, and copies of
        // the sign beside it, which the mask takes away.
        let widen = |upper: v128| {
            let bits = v128_and(i32x4_shr(upper, 3), i32x4_splat(0x8fff_e000_u32 as i32));
            Self(f32x4_mul(bits, i32x4_splat(0x7780_0000)))
        };
        let zero = i32x4_splat(0);
        [
            widen(i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(zero, eight)),
            widen(i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(zero, eight)),
        ]
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

impl F32x4 {
    /// The greater of two lanes. Neither may be no number.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(f32x4_pmax(self.0, other.0))
    }
    /// The greatest lane.
    #[inline(always)]
    pub fn largest(self) -> f32 {
        let v = self.0;
        let two = f32x4_pmax(v, i32x4_shuffle::<2, 3, 0, 1>(v, v));
        f32x4_extract_lane::<0>(f32x4_pmax(two, i32x4_shuffle::<1, 0, 3, 2>(two, two)))
    }
    /// Lanes below `low` or above `high` become these.
    #[inline(always)]
    pub fn clamp(self, low: f32, high: f32) -> Self {
        let low = f32x4_pmax(self.0, f32x4_splat(low));
        Self(f32x4_pmin(low, f32x4_splat(high)))
    }
    /// The lanes' bits.
    #[inline(always)]
    pub fn bits(self) -> I32x4 {
        I32x4(self.0)
    }
    /// The lanes' bits without their signs: these ascend with the magnitudes.
    #[inline(always)]
    pub fn magnitudes(self) -> I32x4 {
        I32x4(f32x4_abs(self.0))
    }
}

impl I32x4 {
    /// Shift to the left; what leaves a lane is lost.
    #[inline(always)]
    pub fn shift_left<const N: u32>(self) -> Self {
        Self(i32x4_shl(self.0, N))
    }
    /// The `f32` that have these bits.
    #[inline(always)]
    pub fn as_f32_bits(self) -> F32x4 {
        F32x4(self.0)
    }
    #[inline(always)]
    pub fn splat(value: i32) -> Self {
        Self(i32x4_splat(value))
    }
    /// Arithmetic shift.
    #[inline(always)]
    pub fn shift_right<const N: u32>(self) -> Self {
        Self(i32x4_shr(self.0, N))
    }
    /// These four and another four, which must all fit 16 bits.
    #[inline(always)]
    pub fn narrow(self, other: Self) -> I16x8 {
        I16x8(i16x8_narrow_i32x4(self.0, other.0))
    }
    /// The greater of two lanes.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(i32x4_max(self.0, other.0))
    }
    /// The greatest lane.
    #[inline(always)]
    pub fn largest(self) -> i32 {
        let two = self.max(Self(i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0)));
        i32x4_extract_lane::<0>(two.max(Self(i32x4_shuffle::<1, 0, 3, 2>(two.0, two.0))).0)
    }
    #[inline(always)]
    pub fn sum(self) -> i32 {
        let two = self + Self(i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0));
        i32x4_extract_lane::<0>(two.0) + i32x4_extract_lane::<1>(two.0)
    }
    /// Rounded to nearest where it is not exact, above magnitudes of 2²⁴.
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

impl Sub for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }
}

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }
}

impl Div for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(f32x4_div(self.0, other.0))
    }
}

impl Add for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }
}

impl Sub for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(i32x4_sub(self.0, other.0))
    }
}

impl I16x8 {
    /// Eight words as their bytes.
    #[inline(always)]
    pub fn from_chunk(chunk: &Chunk) -> Self {
        Self(load(chunk))
    }
    #[inline(always)]
    pub fn load(words: &[i16; 8]) -> Self {
        // SAFETY: `words` refers to sixteen readable bytes; the load needs no alignment.
        Self(unsafe { v128_load(words.as_ptr().cast()) })
    }
    #[inline(always)]
    pub fn store(self, words: &mut [i16; 8]) {
        // SAFETY: `words` has sixteen writable bytes.
        unsafe { v128_store(words.as_mut_ptr().cast(), self.0) }
    }
    /// Eight bytes, with their signs.
    #[inline(always)]
    pub fn widen(eight: &[i8; 8]) -> Self {
        // SAFETY: `eight` refers to eight readable bytes; the load needs no alignment.
        Self(unsafe { i16x8_load_extend_i8x8(eight.as_ptr()) })
    }
    /// One pair of `i16` in all four pairs of lanes.
    #[inline(always)]
    pub fn splat_pair(pair: &[i16; 2]) -> Self {
        // SAFETY: `pair` refers to four readable bytes; the load needs no alignment.
        Self(unsafe { v128_load32_splat(pair.as_ptr().cast()) })
    }
    /// The bits of `mask` in every lane.
    #[inline(always)]
    pub fn and(self, mask: i16) -> Self {
        Self(v128_and(self.0, i16x8_splat(mask)))
    }
    /// Pairwise dot product: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`.
    #[inline(always)]
    pub fn dot_pairs(self, other: Self) -> I32x4 {
        I32x4(i32x4_dot_i16x8(self.0, other.0))
    }
}

impl I16x8 {
    #[inline(always)]
    pub fn splat(value: i16) -> Self {
        Self(i16x8_splat(value))
    }
    /// These eight and another eight, which must all fit 8 bits.
    #[inline(always)]
    pub fn narrow(self, other: Self) -> I8x16 {
        I8x16(i8x16_narrow_i16x8(self.0, other.0))
    }
    /// Lane i is the sum of lanes 2i and 2i + 1.
    #[inline(always)]
    pub fn pair_sums(self) -> I32x4 {
        I32x4(i32x4_extadd_pairwise_i16x8(self.0))
    }
}

impl Add for I16x8 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(i16x8_add(self.0, other.0))
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
        // SAFETY: `four` refers to four readable bytes; the load needs no alignment.
        Self(unsafe { v128_load32_splat(four.as_ptr().cast()) })
    }
    /// The lower half of each byte.
    #[inline(always)]
    pub fn low_nibbles(self) -> Self {
        Self(v128_and(self.0, u8x16_splat(15)))
    }
    /// The upper half of each byte, shifted down.
    #[inline(always)]
    pub fn high_nibbles(self) -> Self {
        Self(v128_and(u16x8_shr(self.0, 4), u8x16_splat(15)))
    }
    #[inline(always)]
    pub fn store(self, bytes: &mut [i8; 16]) {
        // SAFETY: `bytes` has sixteen writable bytes.
        unsafe { v128_store(bytes.as_mut_ptr().cast(), self.0) };
    }
    #[inline(always)]
    pub fn to_chunk(self) -> Chunk {
        let mut chunk = Chunk::default();
        // SAFETY: `chunk` has sixteen writable bytes.
        unsafe { v128_store(chunk.0.as_mut_ptr().cast(), self.0) };
        chunk
    }
    /// Pairwise dot product with bytes in 0..=127: lane i is `a[2i]·b[2i] + a[2i+1]·b[2i+1]`, which
    /// must fit. With a second factor of seven bits, every engine gives the same.
    #[inline(always)]
    pub fn dot_pairs(self, small: Self) -> I16x8 {
        #[cfg(target_feature = "relaxed-simd")]
        return I16x8(i16x8_relaxed_dot_i8x16_i7x16(self.0, small.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        {
            let odd = |x| i16x8_shr(x, 8);
            let even = |x| i16x8_shr(i16x8_shl(x, 8), 8);
            let (a, b) = (self.0, small.0);
            I16x8(i16x8_add(
                i16x8_mul(even(a), even(b)),
                i16x8_mul(odd(a), odd(b)),
            ))
        }
    }
    /// Dot product of fours: lane i is `sum[i] + Σ a[4i + c]·b[4i + c]` over c in 0..4. With bytes in
    /// 0..=127 as `b`, every engine gives the same; for others see
    /// [`Byte`](crate::kernels::instruction::Byte).
    #[inline(always)]
    pub fn dot_fours(self, b: Self, sum: I32x4) -> I32x4 {
        #[cfg(target_feature = "relaxed-simd")]
        return I32x4(i32x4_relaxed_dot_i8x16_i7x16_add(self.0, b.0, sum.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        {
            let (a, b) = (self.0, b.0);
            let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(a), i16x8_extend_low_i8x16(b));
            let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(a), i16x8_extend_high_i8x16(b));
            let even = i32x4_shuffle::<0, 2, 4, 6>(low, high);
            let odd = i32x4_shuffle::<1, 3, 5, 7>(low, high);
            sum + I32x4(i32x4_add(even, odd))
        }
    }
}

#[inline(always)]
fn load(chunk: &Chunk) -> v128 {
    // SAFETY: `chunk` refers to sixteen readable bytes.
    unsafe { v128_load(chunk.0.as_ptr().cast()) }
}
