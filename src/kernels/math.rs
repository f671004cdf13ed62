//! Elementary functions in plain `f32` arithmetic, so that every target gives the same bits.

use std::f32::consts::LOG2_E;

use super::lanes::{F32x4, I32x4};

/// Adding and subtracting 1.5·2²³ rounds to the nearest integer, ties to even.
const ROUND: f32 = 12_582_912.0;
/// Of (2ˢ − 1) / s on |s| ≤ ½, highest power first; with them 1 + s·(…) is within 1e-7 of 2ˢ, relative to it.
/// (Minimax, found by Lawson's iteration.)
#[expect(
    clippy::approx_constant,
    reason = "the last is near ln 2, but fits better"
)]
const POLYNOMIAL: [f32; 5] = [
    0.001_326_472_7,
    0.009_671_513,
    0.055_507_336,
    0.240_222_42,
    0.693_147,
];
/// Beyond these exponents a power of two is no normal number.
const RANGE: [f32; 2] = [-126.0, 127.0];

/// Nearest integer, ties to even, for |x| < 2²².
#[inline(always)]
pub fn round(x: f32) -> f32 {
    (x + ROUND) - ROUND
}

/// Nearest integer, ties to even, for |x| < 2¹⁵: the lowest bits of the shifted number hold it.
#[inline(always)]
pub fn round_to_word(x: f32) -> i16 {
    (x + ROUND).to_bits() as i16
}

/// [`round`] of four numbers, as integers.
#[inline(always)]
pub fn round4(x: F32x4) -> I32x4 {
    (x + F32x4::splat(ROUND)).bits() - I32x4::splat(ROUND.to_bits() as i32)
}

/// 2ˣ to about two units in the last place; arguments are clamped to [−126, 127].
///
/// x = n + s with a whole number n, then a polynomial of s, whose terms are joined in pairs (Estrin's scheme),
/// since one after another they would wait for each other; then an exact scaling by 2ⁿ.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let x = x.clamp(RANGE[0], RANGE[1]);
    let n = round(x);
    let s = x - n;
    let [c5, c4, c3, c2, c1] = POLYNOMIAL;
    let s2 = s * s;
    let y = ((c5 * s + c4) * s2 + (c3 * s + c2)) * s2 + (c1 * s + 1.0);
    y * f32::from_bits(((n as i32 + 127) as u32) << 23)
}

/// [`exp2`] of four numbers at a time, with the same bits.
///
/// It holds the numbers that the function is made with where a compiler does not know them: as
/// constants, a browser's makes them anew for each use, in three instructions where the use is one.
#[derive(Clone, Copy, Debug)]
pub struct Exp2 {
    range: [f32; 2],
    round: f32,
    polynomial: [f32; 5],
    one: f32,
    bias: i32,
}

impl Exp2 {
    /// To be made once, before a loop.
    #[inline(always)]
    pub fn hidden() -> Self {
        std::hint::black_box(Self {
            range: RANGE,
            round: ROUND,
            polynomial: POLYNOMIAL,
            one: 1.0,
            bias: 127 << 23,
        })
    }

    /// Two to the power of four numbers.
    #[inline(always)]
    pub fn of(&self, x: F32x4) -> F32x4 {
        let splat = F32x4::splat;
        let x = x.clamp(self.range[0], self.range[1]);
        let shifted = x + splat(self.round);
        let s = x - (shifted - splat(self.round));
        let [c5, c4, c3, c2, c1] = self.polynomial.map(splat);
        let s2 = s * s;
        let y = ((c5 * s + c4) * s2 + (c3 * s + c2)) * s2 + (c1 * s + splat(self.one));
        // The lowest bits of `shifted` are those of n; moved to the exponent's place, they scale.
        let power = shifted.bits().shift_left::<23>() + I32x4::splat(self.bias);
        y * power.as_f32_bits()
    }

    /// The logistic function 1 / (1 + e⁻ˣ).
    #[inline(always)]
    fn sigmoid(&self, x: F32x4) -> F32x4 {
        let one = F32x4::splat(self.one);
        one / (one + self.of(x * F32x4::splat(-LOG2_E)))
    }
}

/// SiLU, x·sigmoid(x) (Elfwing et al. 2018), of four numbers.
#[inline(always)]
pub fn silu(exp2: &Exp2, x: F32x4) -> F32x4 {
    x * exp2.sigmoid(x)
}

/// GELU in its tanh form (Hendrycks and Gimpel 2016), with tanh(y) = 2·sigmoid(2y) − 1, of four numbers.
#[inline(always)]
pub fn gelu_tanh(exp2: &Exp2, x: F32x4) -> F32x4 {
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    let splat = F32x4::splat;
    let inner = splat(SQRT_2_OVER_PI) * (x + splat(0.044_715) * x * x * x);
    x * exp2.sigmoid(splat(2.0) * inner)
}

/// IEEE half precision to single, without a branch (infinities and NaN become large finite
/// numbers; weights hold neither).
#[inline(always)]
pub fn half_to_f32(bits: u16) -> f32 {
    let magnitude = f32::from_bits(u32::from(bits & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(magnitude.to_bits() | (u32::from(bits & 0x8000) << 16))
}

/// bfloat16 to single: its bits are the upper half.
#[inline(always)]
pub fn bfloat_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_close_to_the_library() {
        for i in -12600..=12700 {
            let x = i as f32 / 100.0;
            let want = f64::from(x).exp2();
            let error = (f64::from(exp2(x)) - want).abs() / want;
            assert!(error < 2.5e-7, "2^{x} is off by {error}");
        }
        assert_eq!(
            [-126.0, -3.0, 0.0, 127.0].map(exp2),
            [-126, -3, 0, 127].map(|n| 2.0_f32.powi(n))
        );
        assert_eq!(exp2(f32::NEG_INFINITY), f32::MIN_POSITIVE);
        assert_eq!(exp2(f32::INFINITY), exp2(127.0));
        assert!(exp2(f32::NAN).is_nan());
    }

    #[test]
    fn powers_of_four_numbers_have_the_same_bits() {
        for i in -2000..=2000 {
            let x = [0, 1, 2, 3].map(|lane| (i as f32 + 0.25 * lane as f32) * 0.06);
            let mut four = [0.0; 4];
            Exp2::hidden().of(F32x4::load(&x)).store(&mut four);
            assert_eq!(
                four.map(f32::to_bits),
                x.map(|x| exp2(x).to_bits()),
                "{x:?}"
            );
        }
    }

    #[test]
    fn halves_convert_exactly() {
        for bits in 0..=u16::MAX {
            let want = half::f16::from_bits(bits);
            if want.is_finite() {
                assert_eq!(half_to_f32(bits).to_bits(), want.to_f32().to_bits());
            }
        }
    }

    #[test]
    fn gelu_matches_its_definition() {
        for i in -600..=600 {
            let x = i as f32 / 100.0;
            let y = f64::from(x);
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (y + 0.044_715 * y.powi(3));
            let want = 0.5 * y * (1.0 + inner.tanh());
            let mut four = [0.0; 4];
            gelu_tanh(&Exp2::hidden(), F32x4::splat(x)).store(&mut four);
            assert!((f64::from(four[0]) - want).abs() < 2e-6);
        }
    }
}
