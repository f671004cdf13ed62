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

/// eˣ for x ≤ 0 (and up to 700), within two units in the last place, where the result is normal.
///
/// Argument reduction x = n·ln 2 + r, the Taylor polynomial of eʳ by Horner's rule, and a scaling by
/// 2ⁿ in two exact steps, so that results below the normal numbers come out as such. Without a
/// branch and without a fused operation: compilers make vectors of it, and every build gives the
/// same bits.
#[inline]
pub(crate) fn exp(x: f64) -> f64 {
    let x = if x > LEAST { x } else { LEAST };
    let shifted = x * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        p = p * r + coefficient;
    }
    let y = p * r * r + r + 1.0;
    // The lowest bits of `shifted` are those of n, in two's complement.
    let n = (shifted.to_bits() as i64) << 32 >> 32;
    let half = n >> 1;
    y * power_of_two(half) * power_of_two(n - half)
}

/// 2ⁿ for −1022 ≤ n ≤ 1023.
#[inline]
fn power_of_two(n: i64) -> f64 {
    f64::from_bits(((n + 1023) << 52) as u64)
}

/// Replaces every number by its exponential.
pub(crate) fn exp_all(values: &mut [f64]) {
    for value in values {
        *value = exp(*value);
    }
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
