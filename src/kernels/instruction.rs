//! Which products of integers this processor makes fast; it decides how a matrix stores its own.

use std::hint::black_box;
use std::sync::OnceLock;

use super::formats::Quant;
use super::lanes::{self, F32x4, I8x16, I32x4};

/// What the products of a quantised matrix are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    /// Two words of 16 bits: every processor has an instruction for them.
    Words,
    /// Two bytes, for a sum of 16 bits.
    Pairs,
    /// Four bytes, for a sum of 32 bits.
    Fours(Byte),
}

/// What an instruction takes the bytes of a matrix for. Those of up to seven bits are the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Byte {
    Signed,
    Unsigned,
}

/// Natively all kernels are compiled, for the tests' sake; for the page those only that may be used.
const ALL: bool = cfg!(not(target_arch = "wasm32"));

/// Whether there are kernels of words for integers of so many bits.
pub(super) const fn has_words(bits: u32) -> bool {
    ALL || !lanes::BYTE_DOT || bits == 8
}

/// Whether there are kernels of pairs for integers of so many bits.
pub(super) const fn has_pairs(bits: u32) -> bool {
    (ALL || lanes::BYTE_DOT) && bits < 8
}

/// Whether there are kernels of fours.
pub(super) const HAS_FOURS: bool = ALL || lanes::BYTE_DOT;

impl Dot {
    /// `words`, `pairs` or `fours`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Pairs => "pairs",
            Self::Fours(_) => "fours",
        }
    }

    /// The fastest here.
    ///
    /// Relaxed SIMD's product of four bytes is one instruction on some processors and several on others,
    /// which a page cannot ask for. But those that lack it make it of sums of 16 bits, and these do not
    /// hold what bytes of eight bits can make: the results tell.
    pub fn of_host() -> Self {
        static HOST: OnceLock<Dot> = OnceLock::new();
        *HOST.get_or_init(|| match exact_fours() {
            Some(fours) if lanes::FAST_FOURS => fours,
            _ if lanes::BYTE_DOT => Self::Pairs,
            _ => Self::Words,
        })
    }

    /// All that this build has kernels for and that are right here, fast or not.
    pub fn possible() -> Vec<Self> {
        let words = has_words(4).then_some(Self::Words);
        let pairs = has_pairs(4).then_some(Self::Pairs);
        let fours = exact_fours().filter(|_| HAS_FOURS);
        [words, pairs, fours].into_iter().flatten().collect()
    }

    /// The products of a matrix of such integers where this is the fastest kind.
    pub(super) const fn of(self, quant: Quant) -> Self {
        match self {
            // Sums of 16 bits hold products with seven bits at most.
            Self::Pairs if quant.bits() == 8 => Self::Words,
            dot => dot,
        }
    }

    /// Whether a matrix stores bytes or nibbles; else words, or parts of them.
    pub(super) const fn takes_bytes(self) -> bool {
        !matches!(self, Self::Words)
    }

    /// What stored integers count from.
    pub(super) const fn least(self, quant: Quant) -> i8 {
        match self {
            Self::Words if quant.bits() > 4 => -128,
            Self::Fours(Byte::Signed) if quant.bits() == 8 => 0,
            _ => quant.least(),
        }
    }
}

/// Fours, if they are exact for one kind of bytes.
fn exact_fours() -> Option<Dot> {
    let mut kinds = [Byte::Unsigned, Byte::Signed].into_iter();
    kinds.find(|byte| is_exact(*byte)).map(Dot::Fours)
}

/// Whether products of four bytes are exact if the second factor's are taken for such.
fn is_exact(byte: Byte) -> bool {
    const EXTREMES: [i8; 6] = [-128, -127, -1, 1, 126, 127];
    let value = |b: i8| match byte {
        Byte::Signed => i32::from(b),
        Byte::Unsigned => i32::from(b as u8),
    };
    EXTREMES.iter().all(|&a| {
        EXTREMES.iter().all(|&b| {
            // Hidden from the compiler, which might know another answer than the processor.
            let (a4, b4) = black_box(([a, a, a, 127], [b, b, b, -1]));
            let sum = I8x16::splat_four(&a4).dot_fours(I8x16::splat_four(&b4), I32x4::splat(1));
            let mut lanes = [0.0; 4];
            F32x4::store(sum.to_f32(), &mut lanes);
            let want = 3 * i32::from(a) * value(b) + 127 * value(-1) + 1;
            lanes == [want as f32; 4]
        })
    })
}
