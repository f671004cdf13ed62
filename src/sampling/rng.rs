//! The random number of a step: a function of (seed, step) alone.
//!
//! The generator is Philox4x32-10 (J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel
//! random numbers: as easy as 1, 2, 3", SC 2011): ten rounds that scramble a counter under a key.
//! It keeps no state, so step 700 costs what step 0 costs, and no earlier step can shift it.
//!
//! Layout, fixed for good, since a seed in a link must mean the same text in every release:
//!
//! | word | holds |
//! | --- | --- |
//! | key 0, key 1 | the low and the high half of the seed |
//! | counter 0, counter 1 | the low and the high half of the step; for a candidate of a beam, the step and the token |
//! | counter 2 | what the number is for: 0 is the draw of the token, 1 whether XTC acts, 2 a candidate of a beam |
//! | counter 3 | the lane, of several texts that are drawn together; 0 for a text by itself; for a candidate, its beam |
//!
//! The uniform number is made of the first 53 bits of output words 0 (high) and 1 (low).

const ROUNDS: u32 = 10;
const MULTIPLIER_0: u32 = 0xD251_1F53;
const MULTIPLIER_1: u32 = 0xCD9E_8D57;
const WEYL_0: u32 = 0x9E37_79B9;
const WEYL_1: u32 = 0xBB67_AE85;

/// What a random number is for: its counter word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The draw of the token.
    Draw = 0,
    /// Whether the stage XTC acts.
    Xtc = 1,
    /// Whether this candidate of a beam is drawn.
    Candidate = 2,
}

/// One block of Philox4x32-10: four words from a counter and a key.
#[must_use]
pub const fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let mut round = 0;
    while round < ROUNDS {
        let [low_0, high_0] = halves(MULTIPLIER_0 as u64 * counter[0] as u64);
        let [low_1, high_1] = halves(MULTIPLIER_1 as u64 * counter[2] as u64);
        counter = [
            high_1 ^ counter[1] ^ key[0],
            low_1,
            high_0 ^ counter[3] ^ key[1],
            low_0,
        ];
        key = [key[0].wrapping_add(WEYL_0), key[1].wrapping_add(WEYL_1)];
        round += 1;
    }
    counter
}

/// The number in `[0, 1)` with which step `step` of a text with this `seed` is drawn.
///
/// A multiple of 2⁻⁵³; the same in every build, and independent of every other step.
#[must_use]
pub const fn uniform(seed: u64, step: u64) -> f64 {
    uniform_lane(seed, step, 0)
}

/// As [`uniform`], for text number `lane` of several that are drawn together. Lane 0 has the draws
/// of a text by itself.
#[must_use]
pub const fn uniform_lane(seed: u64, step: u64, lane: u32) -> f64 {
    let [low, high] = halves(step);
    first_53_bits([low, high, Purpose::Draw as u32, lane], seed)
}

/// The number in `[0, 1)` that belongs to one candidate of beam sampling: token `id` behind the
/// beam in place `beam`.
#[must_use]
pub const fn uniform_candidate(seed: u64, step: u32, beam: u32, id: u32) -> f64 {
    first_53_bits([step, id, Purpose::Candidate as u32, beam], seed)
}

/// As [`uniform`], for another purpose: independent of the draw.
pub(crate) const fn uniform_for(purpose: Purpose, seed: u64, step: u64) -> f64 {
    let [low, high] = halves(step);
    first_53_bits([low, high, purpose as u32, 0], seed)
}

const fn first_53_bits(counter: [u32; 4], seed: u64) -> f64 {
    let [high, low, ..] = philox4x32(counter, halves(seed));
    let bits = ((high as u64) << 32 | low as u64) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    let number = bits as f64;
    number * TWO_TO_MINUS_53
}

/// 2⁻⁵³: the step between neighbouring uniform numbers.
const TWO_TO_MINUS_53: f64 = 1.0 / 9_007_199_254_740_992.0;

/// The low and the high half of a number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the halves are what is wanted"
)]
const fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the authors publish with Random123 (`tests/kat_vectors`,
    /// the lines `philox4x32 10`).
    #[test]
    fn published_answers() {
        assert_eq!(
            philox4x32([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn uniform_reads_the_first_53_bits() {
        let bits: u64 = 0x6627_e8d5_e169_c58d >> 11;
        assert_eq!(
            uniform(0, 0).to_bits(),
            (bits as f64 / 2f64.powi(53)).to_bits()
        );
    }

    #[test]
    fn lanes_and_purposes_differ_and_lane_0_is_the_text_by_itself() {
        let all = [
            uniform_lane(7, 3, 0),
            uniform_lane(7, 3, 1),
            uniform_candidate(7, 3, 0, 0),
            uniform_candidate(7, 3, 0, 1),
            uniform_candidate(7, 3, 1, 0),
        ];
        assert_eq!(all[0].to_bits(), uniform(7, 3).to_bits());
        for (index, a) in all.iter().enumerate() {
            for b in &all[index + 1..] {
                assert_ne!(a.to_bits(), b.to_bits());
            }
        }
    }

    #[test]
    fn both_halves_of_seed_and_step_count() {
        let all = [
            uniform(0, 0),
            uniform(1, 0),
            uniform(1 << 32, 0),
            uniform(0, 1),
            uniform(0, 1 << 32),
        ];
        for (index, a) in all.iter().enumerate() {
            for b in &all[index + 1..] {
                assert_ne!(a.to_bits(), b.to_bits());
            }
        }
    }
}
