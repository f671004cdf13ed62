//! Exact integer sums of one group of columns, sixteen rows at a time.
//!
//! Products of words: a word that holds several rows gives the sum of its lower rows, of those and
//! the next, and so on, and their differences are each row's own. Pairs of bytes: sums of 16 bits are
//! taken as far as they can go. Fours of bytes: nothing stands between a product and its sum.

use super::abreast::abreast;
use super::lanes::{I8x16, I16x8, I32x4};
use super::layout::Chunk;
use super::quantized::Rows;

/// Nibbles that count from `least`, as words. `totals` are the sums of the activations.
#[inline(always)]
pub(super) fn nibble_words<const V: usize>(
    chunks: &[Chunk],
    columns: &[[[i16; 2]; V]],
    totals: [i32; V],
    least: i8,
) -> [Rows<I32x4>; V] {
    let mut sums = totals.map(if least == 0 { from_zero } else { from_eight });
    for (chunk, columns) in abreast(chunks, columns) {
        let word = I16x8::from_chunk(chunk);
        let words = [word.and(0x000f), word.and(0x00ff), word.and(0x0fff), word];
        // One word after another, each with all vectors: so words leave the registers at once, and no sum must.
        let a = columns.each_ref().map(I16x8::splat_pair);
        for r in 0..4 {
            for v in 0..V {
                sums[v][r] = sums[v][r] + words[r].dot_pairs(a[v]);
            }
        }
    }
    sums.map(|[a, b, c, d]| {
        [
            a,
            (b - a).shift_right::<4>(),
            (c - b).shift_right::<8>(),
            (d - c).shift_right::<12>(),
        ]
    })
}

/// Bytes that count from −128 in the lower half of a word, as words.
#[inline(always)]
pub(super) fn byte_words<const V: usize>(
    chunks: &[Chunk],
    columns: &[[[i16; 2]; V]],
    totals: [i32; V],
) -> [Rows<I32x4>; V] {
    let mut sums = totals.map(|total| [I32x4::splat(-(total << 7)); 4]);
    for ([first, second], columns) in abreast(chunks.as_chunks::<2>().0, columns) {
        let (first, second) = (I16x8::from_chunk(first), I16x8::from_chunk(second));
        let words = [first.and(0x00ff), first, second.and(0x00ff), second];
        let a = columns.each_ref().map(I16x8::splat_pair);
        for r in 0..4 {
            for v in 0..V {
                sums[v][r] = sums[v][r] + words[r].dot_pairs(a[v]);
            }
        }
    }
    sums.map(|[a, b, c, d]| [a, (b - a).shift_right::<8>(), c, (d - c).shift_right::<8>()])
}

/// What the running sums of [`nibbles`] start from if weights count from zero: the nibble that
/// carries the sign is eight less than its weight.
#[inline(always)]
fn from_zero(total: i32) -> [I32x4; 4] {
    let zero = I32x4::splat(0);
    [zero, zero, zero, I32x4::splat(total << 15)]
}

/// The same if weights count from −8: the nibbles below the sign are eight more than their
/// weights.
#[inline(always)]
fn from_eight(total: i32) -> [I32x4; 4] {
    let first = -(total << 3);
    let second = first - (total << 7);
    let third = I32x4::splat(second - (total << 11));
    [I32x4::splat(first), I32x4::splat(second), third, third]
}

/// The rows of a step of four columns: nibbles.
#[inline(always)]
pub(super) fn nibble_rows(step: &[Chunk; 2]) -> Rows<I8x16> {
    let [first, second] = step.each_ref().map(I8x16::from_chunk);
    [
        first.low_nibbles(),
        first.high_nibbles(),
        second.low_nibbles(),
        second.high_nibbles(),
    ]
}

/// The same: bytes.
#[inline(always)]
pub(super) fn byte_rows(step: &[Chunk; 4]) -> Rows<I8x16> {
    step.each_ref().map(I8x16::from_chunk)
}

/// How products of bytes are added up, to sums of a group of columns.
pub(super) trait ByteSums: Send + Sync + 'static {
    /// `rows` makes of each of `steps` the rows of four columns, integers of `bits` bits.
    fn add_up<T, const V: usize>(
        steps: &[T],
        rows: impl Fn(&T) -> Rows<I8x16>,
        columns: &[[[i8; 4]; V]],
        starts: [i32; V],
        bits: u32,
    ) -> [Rows<I32x4>; V];
}

/// Four at a time: [`Dot::Fours`](super::instruction::Dot).
pub(super) struct Fours;

impl ByteSums for Fours {
    #[inline(always)]
    fn add_up<T, const V: usize>(
        steps: &[T],
        rows: impl Fn(&T) -> Rows<I8x16>,
        columns: &[[[i8; 4]; V]],
        starts: [i32; V],
        _: u32,
    ) -> [Rows<I32x4>; V] {
        let length = std::hint::black_box(steps.len()); // for the reason that `run_of_pairs` tells
        let mut sums = starts.map(|start| [I32x4::splat(start); 4]);
        for (step, columns) in abreast(&steps[..length], columns) {
            let rows = rows(step);
            for v in 0..V {
                let a = I8x16::splat_four(&columns[v]);
                for r in 0..4 {
                    sums[v][r] = a.dot_fours(rows[r], sums[v][r]);
                }
            }
        }
        sums
    }
}

/// Two at a time, of up to seven bits: [`Dot::Pairs`](super::instruction::Dot).
pub(super) struct Pairs;

impl ByteSums for Pairs {
    #[inline(always)]
    fn add_up<T, const V: usize>(
        steps: &[T],
        rows: impl Fn(&T) -> Rows<I8x16>,
        columns: &[[[i8; 4]; V]],
        starts: [i32; V],
        bits: u32,
    ) -> [Rows<I32x4>; V] {
        let length = run_length(bits, steps.len());
        let mut sums = starts.map(|start| [I32x4::splat(start); 4]);
        for (steps, columns) in steps.chunks_exact(length).zip(columns.chunks_exact(length)) {
            let run = run_of_pairs(steps, &rows, columns);
            for v in 0..V {
                for r in 0..4 {
                    sums[v][r] = sums[v][r] + run[v][r].pair_sums();
                }
            }
        }
        sums
    }
}

/// Steps that fit sums of 16 bits.
#[inline(always)]
fn run_of_pairs<T, const V: usize>(
    steps: &[T],
    rows: impl Fn(&T) -> Rows<I8x16>,
    columns: &[[[i8; 4]; V]],
) -> [Rows<I16x8>; V] {
    // A browser's compiler orders a straight line of code by its results: unrolled, all steps of
    // one row would come before the next row, and what they have in common would leave the
    // registers. So the length is hidden from the optimiser, and the steps stay in order.
    let length = std::hint::black_box(steps.len());
    let mut run = [[I16x8::splat(0); 4]; V];
    for (step, columns) in abreast(&steps[..length], columns) {
        let rows = rows(step);
        for v in 0..V {
            let a = I8x16::splat_four(&columns[v]);
            for r in 0..4 {
                run[v][r] = run[v][r] + a.dot_pairs(rows[r]);
            }
        }
    }
    run
}

/// Steps whose products surely fit a sum of 16 bits, as a divisor of the group's steps.
const fn run_length(bits: u32, steps: usize) -> usize {
    let largest = 2 * 127 * ((1 << bits) - 1);
    let fits = i16::MAX as usize / largest;
    if fits < steps { fits } else { steps }
}
