//! Elementary functions in plain `f32` arithmetic, so that every target gives the same bits.

use super::lanes::{F32x4, I32x4};

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 in two parts: the first has few bits, so that `n * LN2_HIGH` is exact for |n| < 2⁹.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// Adding and subtracting 1.5·2²³ rounds to the nearest integer, ties to even.
const ROUND: f32 = 12_582_912.0;
/// Of (eʳ − 1 − r) / r², highest power first.
const TAYLOR: [f32; 6] = [
    1.987_569_1e-4,
    1.398_199_9e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    0.5,
];

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

/// eˣ to about two units in the last place; arguments are clamped to [−87, 88].
///
/// Argument reduction x = n·ln 2 + r, then the degree-6 Taylor–Horner polynomial with the
/// coefficients of Cephes' `expf`, then an exact scaling by 2ⁿ.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let n = round(x * LOG2_E);
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        p = p * r + coefficient;
    }
    let y = p * r * r + r + 1.0;
    y * f32::from_bits(((n as i32 + 127) as u32) << 23)
}

/// [`exp`] of four numbers at a time, with the same bits.
///
/// It holds the numbers that the function is made with where a compiler does not know them: as
/// constants, a browser's makes them anew for each use, in three instructions where the use is one.
#[derive(Clone, Copy, Debug)]
pub struct Exp4 {
    range: [f32; 2],
    log2_e: f32,
    round: f32,
    ln2: [f32; 2],
    taylor: [f32; 6],
    one: f32,
    bias: i32,
}

impl Exp4 {
    /// To be made once, before a loop.
    #[inline(always)]
    pub fn hidden() -> Self {
        std::hint::black_box(Self {
            range: [-87.0, 88.0],
            log2_e: LOG2_E,
            round: ROUND,
            ln2: [LN2_HIGH, LN2_LOW],
            taylor: TAYLOR,
            one: 1.0,
            bias: 127 << 23,
        })
    }

    /// The exponentials of four numbers.
    #[inline(always)]
    pub fn of(&self, x: F32x4) -> F32x4 {
        let splat = F32x4::splat;
        let x = x.clamp(self.range[0], self.range[1]);
        let shifted = x * splat(self.log2_e) + splat(self.round);
        let n = shifted - splat(self.round);
        let r = (x - n * splat(self.ln2[0])) - n * splat(self.ln2[1]);
        let mut p = splat(self.taylor[0]);
        for coefficient in &self.taylor[1..] {
            p = p * r + splat(*coefficient);
        }
        let y = p * r * r + r + splat(self.one);
        // The lowest bits of `shifted` are those of n; moved to the exponent's place, they scale.
        let power = shifted.bits().shift_left::<23>() + I32x4::splat(self.bias);
        y * power.as_f32_bits()
    }

    /// The logistic function 1 / (1 + e⁻ˣ).
    #[inline(always)]
    fn sigmoid(&self, x: F32x4) -> F32x4 {
        let one = F32x4::splat(self.one);
        one / (one + self.of(F32x4::splat(0.0) - x))
    }
}

/// SiLU, x·sigmoid(x) (Elfwing et al. 2018), of four numbers.
#[inline(always)]
pub fn silu(exp: &Exp4, x: F32x4) -> F32x4 {
    x * exp.sigmoid(x)
}

/// GELU in its tanh form (Hendrycks and Gimpel 2016), with tanh(y) = 2·sigmoid(2y) − 1, of four numbers.
#[inline(always)]
pub fn gelu_tanh(exp: &Exp4, x: F32x4) -> F32x4 {
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    let splat = F32x4::splat;
    let inner = splat(SQRT_2_OVER_PI) * (x + splat(0.044_715) * x * x * x);
    x * exp.sigmoid(splat(2.0) * inner)
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
    fn exp_is_close_to_the_library() {
        for i in -8600..=8700 {
            let x = i as f32 / 100.0;
            let want = f64::from(x).exp();
            let error = (f64::from(exp(x)) - want).abs() / want;
            assert!(error < 4e-7, "exp({x}) is off by {error}");
        }
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn exp_of_four_has_the_same_bits() {
        for i in -2000..=2000 {
            let x = [0, 1, 2, 3].map(|lane| (i as f32 + 0.25 * lane as f32) * 0.05);
            let mut four = [0.0; 4];
            Exp4::hidden().of(F32x4::load(&x)).store(&mut four);
            assert_eq!(four.map(f32::to_bits), x.map(|x| exp(x).to_bits()), "{x:?}");
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
            gelu_tanh(&Exp4::hidden(), F32x4::splat(x)).store(&mut four);
            assert!((f64::from(four[0]) - want).abs() < 2e-6);
        }
    }
}
