//! Causal attention of new positions over a paged cache.

use std::ops::Range;

use super::lanes::{F32x4, load8};
use super::scatter::Scatter;
use super::{math, pool};

/// Positions in one page of the cache.
pub const PAGE: usize = 32;

/// A number of the cache: `f32`, or the bits of a half-precision one.
pub trait Cached: Copy + Sync {
    /// Eight of them as single-precision numbers.
    fn widen(eight: &[Self; 8]) -> [F32x4; 2];
    /// The nearest one.
    fn narrow(value: f32) -> Self;
}

impl Cached for f32 {
    #[inline(always)]
    fn widen(eight: &[Self; 8]) -> [F32x4; 2] {
        load8(eight).into()
    }
    fn narrow(value: f32) -> Self {
        value
    }
}

impl Cached for u16 {
    #[inline(always)]
    fn widen(eight: &[Self; 8]) -> [F32x4; 2] {
        F32x4::from_halves(eight)
    }
    fn narrow(value: f32) -> Self {
        math::f32_to_half(value)
    }
}

/// What the attention of one layer needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; each serves `heads / kv_heads` query heads.
    pub kv_heads: usize,
    /// Length of one head, a multiple of eight.
    pub dim: usize,
    /// Factor on the scores, commonly `1/√dim`.
    pub scale: f32,
    /// A position sees only the last `window` positions, itself included.
    pub window: Option<usize>,
}

/// `softmax(q·Kᵀ·scale)·V` for queries `[n][heads][dim]` at positions `start..start + n`.
///
/// `keys` and `values` are the pages of the cache, each `[kv_heads][PAGE][dim]`; they must hold
/// every position up to `start + n`. Returns `[n][heads][dim]`.
pub fn attend<T: Cached>(
    shape: Shape,
    queries: &[f32],
    start: usize,
    keys: &[&[T]],
    values: &[&[T]],
) -> Vec<f32> {
    let mut out = vec![0.0; queries.len()];
    let count = queries.len() / (shape.heads * shape.dim);
    let queries = Queries {
        shape,
        values: queries,
        start,
        out: Scatter::new(&mut out),
    };
    let read = 2 * (start + count) * shape.dim;
    if count == 1 {
        // One query reads the cache in the order of memory.
        pool::share(shape.kv_heads, pool::worth(read), |kv_heads| {
            queries.attend(0..1, kv_heads, keys, values);
        });
        return out;
    }
    // Many read one head at a time, which stays in the second-level cache while they pass over it.
    let runs = count.div_ceil(RUN);
    let least = pool::worth(read * RUN);
    pool::share(shape.kv_heads * runs, least, |parts| {
        for part in parts {
            let (head, first) = (part / runs, part % runs * RUN);
            let rows = first..usize::min(first + RUN, count);
            queries.attend(rows, head..head + 1, keys, values);
        }
    });
    out
}

/// Queries of one head that are one piece of work.
const RUN: usize = 16;

/// The queries of new positions, and the place of their results.
struct Queries<'a> {
    shape: Shape,
    /// `[n][heads][dim]`
    values: &'a [f32],
    /// Position of the first.
    start: usize,
    /// Like the queries.
    out: Scatter<'a, f32>,
}

impl Queries<'_> {
    /// Answers some queries for some heads, which nobody else may do.
    #[allow(unsafe_code, reason = "threads write to one slice")]
    fn attend<T: Cached>(
        &self,
        rows: Range<usize>,
        kv_heads: Range<usize>,
        keys: &[&[T]],
        values: &[&[T]],
    ) {
        let (mut turns, mut scores) = (Vec::new(), Vec::new());
        for row in rows {
            let end = self.start + row + 1;
            let first = self.shape.window.map_or(0, |w| end.saturating_sub(w));
            let part = Part {
                shape: self.shape,
                kv_heads: kv_heads.clone(),
                positions: first..end,
            };
            let columns = part.columns();
            let at = row * self.shape.heads * self.shape.dim;
            let place = at + columns.start..at + columns.end;
            scores.resize(part.heads() * (end - first), 0.0);
            part.interleave(&self.values[place.clone()], &mut turns);
            part.score(&turns, keys, &mut scores);
            scores.chunks_exact_mut(end - first).for_each(softmax);
            // SAFETY: each row has these columns once, and one thread works on them.
            part.mix(&scores, values, unsafe { self.out.part(place) });
        }
    }
}

/// The part of the cache that one query reads for some of its heads.
struct Part {
    shape: Shape,
    kv_heads: Range<usize>,
    positions: Range<usize>,
}

/// The vectors that a page holds of one head.
struct Run<'a, T> {
    vectors: &'a [T],
    /// Which of the part's key heads.
    kv_head: usize,
    /// The index of its first position among those of the part.
    at: usize,
}

impl Part {
    /// Query heads that share a key head.
    const fn group(&self) -> usize {
        self.shape.heads / self.shape.kv_heads
    }

    /// Query heads of the part.
    fn heads(&self) -> usize {
        self.kv_heads.len() * self.group()
    }

    /// Where the part's heads stand in a query, and in the result.
    fn columns(&self) -> Range<usize> {
        let width = self.group() * self.shape.dim;
        self.kv_heads.start * width..self.kv_heads.end * width
    }

    /// In the order of memory.
    fn runs<'a, T>(&self, pages: &'a [&'a [T]]) -> impl Iterator<Item = Run<'a, T>> {
        let Range { start, end } = self.positions;
        let (kv_heads, dim) = (self.kv_heads.clone(), self.shape.dim);
        (start / PAGE..end.div_ceil(PAGE)).flat_map(move |page| {
            let slot =
                move |position: usize| position.clamp(page * PAGE, (page + 1) * PAGE) - page * PAGE;
            kv_heads.clone().enumerate().map(move |(kv_head, head)| {
                let vector = |slot: usize| (head * PAGE + slot) * dim;
                Run {
                    vectors: &pages[page][vector(slot(start))..vector(slot(end))],
                    kv_head,
                    at: usize::max(page * PAGE, start) - start,
                }
            })
        })
    }

    /// Queries `[heads][dim]` as [`Part::score`] reads them: heads that pass over the keys together
    /// take turns, `[dim / 8][heads][8]`.
    fn interleave(&self, queries: &[f32], turns: &mut Vec<f32>) {
        let dim = self.shape.dim;
        turns.clear();
        for group in queries.chunks(self.group() * dim) {
            for heads in group.chunks(HEADS * dim) {
                for d in (0..dim).step_by(8) {
                    let eights = heads.chunks_exact(dim).map(|query| &query[d..d + 8]);
                    eights.for_each(|eight| turns.extend_from_slice(eight));
                }
            }
        }
    }

    /// Scores of the part's query heads, which take turns: `[heads][positions]`.
    ///
    /// Keys are read once for as many heads as registers hold.
    fn score<T: Cached>(&self, queries: &[f32], keys: &[&[T]], scores: &mut [f32]) {
        let (group, dim, positions) = (self.group(), self.shape.dim, self.positions.len());
        for run in self.runs(keys) {
            let heads = run.kv_head * group..(run.kv_head + 1) * group;
            let queries = &queries[heads.start * dim..heads.end * dim];
            let scores = &mut scores[heads.start * positions..heads.end * positions];
            let rows = scores.chunks_mut(HEADS * positions);
            for (queries, scores) in queries.chunks(HEADS * dim).zip(rows) {
                let keys = run.vectors;
                match queries.len() / dim {
                    1 => score_run::<T, 1>(self.shape, queries, keys, scores, run.at),
                    2 => score_run::<T, 2>(self.shape, queries, keys, scores, run.at),
                    _ => score_run::<T, HEADS>(self.shape, queries, keys, scores, run.at),
                }
            }
        }
    }

    /// `out[h] = Σ_j weights[h][j] · values[j]`, added to what stands there.
    fn mix<T: Cached>(&self, weights: &[f32], values: &[&[T]], out: &mut [f32]) {
        let (group, dim, positions) = (self.group(), self.shape.dim, self.positions.len());
        for run in self.runs(values) {
            let heads = run.kv_head * group..(run.kv_head + 1) * group;
            let out = &mut out[heads.start * dim..heads.end * dim];
            let weights = &weights[heads.start * positions..heads.end * positions];
            let rows = weights.chunks(HEADS * positions);
            for (out, weights) in out.chunks_mut(HEADS * dim).zip(rows) {
                let values = run.vectors;
                match out.len() / dim {
                    1 => mix_run::<T, 1>(self.shape, weights, values, out, run.at),
                    2 => mix_run::<T, 2>(self.shape, weights, values, out, run.at),
                    _ => mix_run::<T, HEADS>(self.shape, weights, values, out, run.at),
                }
            }
        }
    }
}

/// Heads whose queries pass over the keys together.
const HEADS: usize = 3;

/// `scores[h][at + j] = query[h] · keys[j] · scale`, for queries that take turns. Each product is two
/// vectors of four running sums, added, and then their lanes.
///
/// One key at a time, so that the sums of all heads stay in registers.
#[inline(always)]
fn score_run<T: Cached, const H: usize>(
    shape: Shape,
    queries: &[f32],
    keys: &[T],
    scores: &mut [f32],
    at: usize,
) {
    let positions = scores.len() / H;
    let queries = queries.as_chunks::<8>().0.as_chunks::<H>().0;
    for (j, key) in keys.chunks_exact(shape.dim).enumerate() {
        let mut sums = [[F32x4::splat(0.0); 2]; H];
        for (queries, key) in queries.iter().zip(key.as_chunks::<8>().0) {
            let [key_low, key_high] = T::widen(key);
            for (query, [low_sum, high_sum]) in queries.iter().zip(&mut sums) {
                let (low, high) = load8(query);
                *low_sum = *low_sum + low * key_low;
                *high_sum = *high_sum + high * key_high;
            }
        }
        for (h, [low, high]) in sums.into_iter().enumerate() {
            scores[h * positions + at + j] = (low + high).sum() * shape.scale;
        }
    }
}

/// Softmax in place, with the maximum subtracted. The sum is of four running sums, one a lane,
/// and then of what is left.
fn softmax(scores: &mut [f32]) {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (fours, rest) = scores.as_chunks_mut::<4>();
    let mut sum = F32x4::splat(0.0);
    for four in fours {
        let weights = math::exp4(F32x4::load(four) - F32x4::splat(max));
        sum = sum + weights;
        weights.store(four);
    }
    let mut sum = sum.sum();
    for score in rest {
        *score = math::exp(*score - max);
        sum += *score;
    }
    let inverse = 1.0 / sum;
    for score in scores {
        *score *= inverse;
    }
}

/// Adds `weights[h][at + j] · vectors[j]` to `out[h]`, positions in ascending order. Eight columns
/// at a time stay in registers for the whole run.
#[inline(always)]
fn mix_run<T: Cached, const H: usize>(
    shape: Shape,
    weights: &[f32],
    vectors: &[T],
    out: &mut [f32],
    at: usize,
) {
    let (dim, count) = (shape.dim, vectors.len() / shape.dim);
    let mut turns = [[0.0; H]; PAGE];
    for (h, weights) in weights.chunks_exact(weights.len() / H).enumerate() {
        let run = &weights[at..at + count];
        turns
            .iter_mut()
            .zip(run)
            .for_each(|(turn, &weight)| turn[h] = weight);
    }
    let eights = vectors.as_chunks::<8>().0;
    for column in 0..dim / 8 {
        let place = |h: usize| h * dim + 8 * column;
        let mut sums: [_; H] = std::array::from_fn(|h| {
            let (low, high) = out[place(h)..].split_at(4);
            [F32x4::load(low), F32x4::load(high)]
        });
        let column = eights[column..].iter().step_by(dim / 8);
        for (weights, eight) in turns[..count].iter().zip(column) {
            let [low, high] = T::widen(eight);
            for (&weight, [low_sum, high_sum]) in weights.iter().zip(&mut sums) {
                let weight = F32x4::splat(weight);
                *low_sum = *low_sum + low * weight;
                *high_sum = *high_sum + high * weight;
            }
        }
        for (h, [low, high]) in sums.into_iter().enumerate() {
            low.store(&mut out[place(h)..]);
            high.store(&mut out[place(h) + 4..]);
        }
    }
}
