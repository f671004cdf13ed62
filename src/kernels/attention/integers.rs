//! Attention over keys and values that are integers, for models whose weights are quantised: blocks
//! of [`BLOCK`] columns with a scale each, as the activations of their products. Values are bytes;
//! keys, whose few large columns would swallow the others, are words of 13 bits.
//!
//! Products are of words, and their sums are exact: of queries with the keys of a block of columns,
//! and of weights with the values of a page. The limits keep a sum of 32 products within 32 bits.
//!
//! Scores and mixing are functions of their own: as part of a larger one, a browser's compiler keeps
//! their sums in memory.

use super::{Keys, Next, PAGE, Place, Query, Shape, Values};
use crate::kernels::abreast::abreast;
use crate::kernels::activation::{SMALLEST, quantize, steps};
use crate::kernels::ahead::{Ahead, LINE};
use crate::kernels::lanes::{F32x4, I16x8, I32x4, load16};
use crate::kernels::{BLOCK, math};

/// The greatest integer of a key.
pub const KEY: f32 = 4095.0;
/// The greatest integer of a query.
pub const QUERY: f32 = 16383.0;
/// The greatest integer of a value.
pub const VALUE: f32 = 127.0;
/// The greatest integer of a weight.
const WEIGHT: f32 = 32767.0;

/// Blocks of one vector; the last may be shorter.
pub const fn blocks(dim: usize) -> usize {
    dim.div_ceil(BLOCK)
}

/// Keys of one layer in one page.
#[derive(Clone, Copy, Debug)]
pub struct IntegerKeys<'a> {
    /// `[kv_heads][PAGE / 8][dim / 2][8][2]`: eight positions side by side, two columns of each.
    pub quants: &'a [i16],
    /// `[kv_heads][blocks][PAGE]`
    pub scales: &'a [f32],
}

/// Values of one layer in one page.
#[derive(Clone, Copy, Debug)]
pub struct IntegerValues<'a> {
    /// `[kv_heads][dim / 8][PAGE / 2][8][2]`: eight columns side by side, of two positions each.
    pub quants: &'a [i8],
    /// `[kv_heads][blocks][PAGE]`
    pub scales: &'a [f32],
}

/// Writes the key of one head at `slot` of a page: `quants` and `scales` are that head's.
pub fn write_key(quants: &mut [i16], scales: &mut [f32], slot: usize, key: &[f32]) {
    let pairs = key.len() / 2;
    let (eight, lane) = (slot / 8, slot % 8);
    write(KEY, scales, slot, key, |column, quant| {
        let place = ((eight * pairs + column / 2) * 8 + lane) * 2 + column % 2;
        quants[place] = quant;
    });
}

/// Writes the value of one head at `slot` of a page: `quants` and `scales` are that head's.
pub fn write_value(quants: &mut [i8], scales: &mut [f32], slot: usize, value: &[f32]) {
    write(VALUE, scales, slot, value, |column, quant| {
        let (eight, lane) = (column / 8, column % 8);
        let place = ((eight * PAGE / 2 + slot / 2) * 8 + lane) * 2 + slot % 2;
        quants[place] = quant as i8;
    });
}

fn write(
    limit: f32,
    scales: &mut [f32],
    slot: usize,
    vector: &[f32],
    mut put: impl FnMut(usize, i16),
) {
    let mut words = [0; BLOCK];
    for (b, block) in vector.chunks(BLOCK).enumerate() {
        let words = &mut words[..block.len()];
        scales[b * PAGE + slot] = quantize(block, limit, words);
        for (i, &word) in words.iter().enumerate() {
            put(b * BLOCK + i, word);
        }
    }
}

impl Keys for IntegerKeys<'_> {
    /// A pair of columns.
    type Number = [i16; 2];
    const COLUMNS: usize = 2;

    fn prepare<const H: usize>(
        shape: &Shape,
        queries: &[f32],
        numbers: &mut [[i16; 2]],
        scales: &mut [f32],
    ) {
        let turns = numbers.as_chunks_mut::<H>().0;
        for (h, query) in queries.chunks_exact(shape.dim).enumerate() {
            let (step, inverse) = steps(query, QUERY);
            scales[h] = shape.factor() * step;
            for (turn, pair) in turns.iter_mut().zip(query.as_chunks().0) {
                turn[h] = pair.map(|x: f32| math::round_to_word(x * inverse));
            }
        }
    }

    /// Eight positions at a time, one to a lane. A block's sums become numbers, which are added in
    /// ascending order.
    #[inline(never)]
    fn score<const H: usize>(
        self,
        place: &Place<'_>,
        next: Option<Next<Self>>,
        query: Query<'_, [i16; 2]>,
        scores: &mut [f32],
    ) {
        let dim = place.shape.dim;
        let quants = head(self.quants, place.kv_head, PAGE * dim);
        let scales = head(self.scales, place.kv_head, PAGE * blocks(dim));
        let next = next.map_or(&[][..], |next| {
            head(next.page.quants, next.kv_head, PAGE * dim)
        });
        let mut ahead = Ahead::new(next);
        let turns = query.numbers.as_chunks::<H>().0;
        let eights = quants.chunks_exact(8 * dim).enumerate();
        let seen = place.slots.start / 8..place.slots.end.div_ceil(8);
        for (eight, keys) in eights.take(seen.end).skip(seen.start) {
            ahead.fetch(size_of_val(keys) / LINE);
            let mut totals = [[F32x4::splat(0.0); 2]; H];
            let blocks = turns.chunks(BLOCK / 2).zip(keys.chunks(8 * BLOCK));
            for ((turns, keys), scales) in blocks.zip(scales.chunks_exact(PAGE)) {
                let scales = [0, 4].map(|half| F32x4::load(&scales[8 * eight + half..]));
                let sums = products(keys.as_chunks().0, turns, load16);
                for (total, sums) in totals.iter_mut().zip(sums) {
                    for half in 0..2 {
                        total[half] = total[half] + sums[half].to_f32() * scales[half];
                    }
                }
            }
            for (h, [low, high]) in totals.into_iter().enumerate() {
                let scale = F32x4::splat(query.scales[h]);
                let scores = &mut scores[place.page(h)][8 * eight..8 * eight + 8];
                (low * scale).store(scores);
                (high * scale).store(&mut scores[4..]);
            }
        }
    }
}

impl Values for IntegerValues<'_> {
    /// Pages in ascending order. A weight is multiplied by the scale of its value before it becomes
    /// an integer.
    #[inline(never)]
    fn mix<const H: usize>(
        self,
        place: &Place<'_>,
        next: Option<Next<Self>>,
        weights: &[f32],
        out: &mut [f32],
    ) {
        let dim = place.shape.dim;
        let quants = head(self.quants, place.kv_head, PAGE * dim);
        let scales = head(self.scales, place.kv_head, PAGE * blocks(dim));
        let next = next.map_or(&[][..], |next| {
            head(next.page.quants, next.kv_head, PAGE * dim)
        });
        let mut ahead = Ahead::new(next);
        let seen = place.slots.start / 2..place.slots.end.div_ceil(2);
        let columns = quants.as_chunks::<16>().0.as_chunks::<{ PAGE / 2 }>().0;
        // Cleared once, since clearing is a call in a browser.
        let (mut factors, mut turns) = ([0.0; H], [[[0; 2]; H]; PAGE / 2]);
        for (b, scales) in scales.as_chunks::<PAGE>().0.iter().enumerate() {
            for h in 0..H {
                let weights = weights[place.page(h)].as_array().expect("a page");
                let words;
                (words, factors[h]) = scaled(weights, scales);
                let pairs = turns.iter_mut().zip(words.as_chunks().0);
                pairs.for_each(|(turn, pair)| turn[h] = *pair);
            }
            let eights = columns.iter().enumerate().skip(b * BLOCK / 8);
            for (eight, columns) in eights.take(BLOCK / 8) {
                ahead.fetch(size_of_val(columns) / LINE);
                let columns = &columns[seen.clone()];
                let sums = products(columns, &turns[seen.clone()], value_words);
                for (h, sums) in sums.into_iter().enumerate() {
                    let out = &mut out[h * dim + 8 * eight..][..8];
                    let factor = F32x4::splat(factors[h]);
                    for (sum, out) in sums.into_iter().zip(out.as_chunks_mut::<4>().0) {
                        (F32x4::load(out) + sum.to_f32() * factor).store(out);
                    }
                }
            }
        }
    }
}

/// The part of one head.
#[inline(always)]
fn head<T>(all: &[T], kv_head: usize, width: usize) -> &[T] {
    &all[kv_head * width..][..width]
}

/// Eight pairs of positions.
#[inline(always)]
fn value_words(eight: &[i8; 16]) -> [I16x8; 2] {
    let (halves, _) = eight.as_chunks::<8>();
    [I16x8::widen(&halves[0]), I16x8::widen(&halves[1])]
}

/// Sums of the products of eights of pairs with the pairs of each head: of eight keys over the
/// columns of a block, or of eight columns over the positions of a page.
#[inline(always)]
fn products<T, const H: usize>(
    eights: &[T],
    turns: &[[[i16; 2]; H]],
    words: impl Fn(&T) -> [I16x8; 2],
) -> [[I32x4; 2]; H] {
    let mut sums = [[I32x4::splat(0); 2]; H];
    for (eight, pairs) in abreast(eights, turns) {
        let halves = words(eight);
        for (sums, pair) in sums.iter_mut().zip(pairs) {
            let pair = I16x8::splat_pair(pair);
            for (sum, half) in sums.iter_mut().zip(halves) {
                *sum = *sum + half.dot_pairs(pair);
            }
        }
    }
    sums
}

/// The weights of a page's positions times the scales of their values, as integers, and what one of
/// these stands for: [`quantize`] of products, none of which is negative, as vectors.
#[inline(always)]
fn scaled(weights: &[f32; PAGE], scales: &[f32; PAGE]) -> ([i16; PAGE], f32) {
    let (weights, scales) = (weights.as_chunks::<4>().0, scales.as_chunks::<4>().0);
    let mut products = [F32x4::splat(0.0); PAGE / 4];
    let mut largest = F32x4::splat(0.0);
    for (product, (weight, scale)) in products.iter_mut().zip(weights.iter().zip(scales)) {
        *product = F32x4::load(weight) * F32x4::load(scale);
        largest = largest.max(*product);
    }
    let largest = largest.largest();
    let inverse = if largest < SMALLEST {
        0.0
    } else {
        WEIGHT / largest
    };
    let mut words = [0; PAGE];
    for (two, words) in products
        .as_chunks::<2>()
        .0
        .iter()
        .zip(words.as_chunks_mut().0)
    {
        let [low, high] = two.map(|product| math::round4(product * F32x4::splat(inverse)));
        low.narrow(high).store(words);
    }
    (words, largest / WEIGHT)
}
