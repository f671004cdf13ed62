//! The exponential function, for whole vocabularies at a time and with the same bits everywhere.

use std::f64::consts::{LN_2, LOG2_E};

/// Adding and subtracting 1.5·2⁵² rounds to the nearest integer, ties to even.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// The part of ln 2 whose product with an exponent is exact (its last 21 bits are zero), and the rest.
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1/k! for k = 13 down to 2: on |r| ≤ ln 2 / 2 the first term left out is below 5e-18.
const TAYLOR: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
];
/// From here down the exponential is 0 to `f64`.
const LEAST: f64 = -746.0;

/// The numbers that the exponential is made with.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    least: f64,
    log2_e: f64,
    round: f64,
    ln2_high: f64,
    ln2_low: f64,
    taylor: [f64; 12],
    one: f64,
    deep: f64,
}

impl Numbers {
    const PLAIN: Self = Self {
        least: LEAST,
        log2_e: LOG2_E,
        round: ROUND,
        ln2_high: LN2_HIGH,
        ln2_low: LN2_LOW,
        taylor: TAYLOR,
        one: 1.0,
        deep: DEEP,
    };

    /// The same, where a compiler does not know them. As constants, a browser's makes them anew for
    /// each use, in three instructions where the use is one.
    #[inline]
    pub(crate) fn hidden() -> Self {
        std::hint::black_box(Self::PLAIN)
    }
}

/// eˣ for x ≤ 0 (and up to 700), within two units in the last place, where the result is normal.
#[inline]
pub(crate) fn exp(x: f64) -> f64 {
    exp_with::<true>(x, &Numbers::PLAIN)
}

/// [`exp`]; if not `ANY`, of a number from −690 to 700.
///
/// Argument reduction x = n·ln 2 + r, the Taylor polynomial of eʳ, and a scaling by 2ⁿ, in two exact
/// steps if `ANY`, so that results below the normal numbers come out as such. Without a branch and
/// without a fused operation: compilers make vectors of it, and every build gives the same bits. The
/// polynomial's terms are joined in pairs (Estrin's scheme): one after another they would wait for
/// each other, and a processor does not look far enough ahead to fill the time.
#[inline(always)]
fn exp_with<const ANY: bool>(x: f64, c: &Numbers) -> f64 {
    let x = if !ANY || x > c.least { x } else { c.least };
    let n = (x * c.log2_e + c.round) - c.round;
    let r = (x - n * c.ln2_high) - n * c.ln2_low;
    let [c13, c12, c11, c10, c9, c8, c7, c6, c5, c4, c3, c2] = c.taylor;
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = (c2 + c3 * r) + (c4 + c5 * r) * r2;
    let middle = (c6 + c7 * r) + (c8 + c9 * r) * r2;
    let high = (c10 + c11 * r) + (c12 + c13 * r) * r2;
    let p = low + (middle + high * r4) * r4;
    let y = p * r2 + r + c.one;
    if !ANY {
        return y * power_of_two(n, c);
    }
    let deep = if n < c.deep { n - c.deep } else { 0.0 };
    y * power_of_two(n - deep, c) * power_of_two(deep, c)
}

/// From here down a power of two is scaled in a second step, whose result need not be normal.
const DEEP: f64 = -1000.0;

/// 2ⁿ for a whole number −1022 ≤ n ≤ 1023.
#[inline(always)]
fn power_of_two(n: f64, c: &Numbers) -> f64 {
    // The lowest bits of the sum are those of n, in two's complement; the shift drops the others.
    let bits = (n + c.round).to_bits().wrapping_add(1023);
    f64::from_bits(bits << 52)
}

/// Replaces every number by its exponential.
pub(crate) fn exp_all(values: &mut [f64]) {
    let numbers = Numbers::hidden();
    for value in values {
        *value = exp_with::<true>(*value, &numbers);
    }
}

/// [`exp`] of a number from −690 to 700, which takes less.
#[inline(always)]
pub(crate) fn exp_normal(x: f64, numbers: &Numbers) -> f64 {
    exp_with::<false>(x, numbers)
}

const _: () = assert!(LN2_HIGH < LN_2 && LN_2 - LN2_HIGH < 2e-10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_library_to_two_units_in_the_last_place() {
        let mut worst = 0.0_f64;
        for i in 0..=2_000_000 {
            let x = -f64::from(i) * 3.54e-4;
            let (got, want) = (exp(x), libm::exp(x));
            worst = worst.max((got - want).abs() / want / f64::EPSILON);
        }
        assert!(worst <= 2.0, "{worst} units");
    }

    #[test]
    fn many_at_a_time_have_the_same_bits() {
        let scores: Vec<f64> = (0..1003).map(|i| -0.731 * f64::from(i)).collect();
        let mut all = scores.clone();
        exp_all(&mut all);
        for (x, y) in scores.iter().zip(&all) {
            assert_eq!(y.to_bits(), exp(*x).to_bits(), "{x}");
        }
        let numbers = Numbers::hidden();
        let normal = scores[..940].iter().map(|&x| exp_normal(x, &numbers));
        assert_eq!(normal.collect::<Vec<_>>(), all[..940]);
    }

    #[test]
    fn ends_are_exact_and_what_is_below_the_normal_numbers_is_near() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp(-1e300), 0.0);
        for x in [-708.5, -720.0, -740.0, -744.4] {
            let (got, want) = (exp(x), libm::exp(x));
            assert!(
                (got - want).abs() <= 2.0 * f64::from_bits(1) + want * 1e-15,
                "{x}"
            );
        }
    }
}
