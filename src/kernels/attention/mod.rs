//! Causal attention of new positions over a paged cache.
//!
//! Heads that share keys pass over them together, so many at a time as registers hold. Scores and
//! weights stand by whole pages, `[heads][pages][PAGE]`; those of slots that a query does not see
//! are zero.

mod integers;
mod single;

use std::ops::Range;

use super::lanes::F32x4;
use super::scatter::Scatter;
use super::{math, pool};

pub use integers::{IntegerKeys, IntegerValues, KEY, QUERY, VALUE, blocks, write_key, write_value};

/// Positions in one page of the cache.
pub const PAGE: usize = 32;

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

/// The keys of one layer in one page, `[kv_heads][PAGE]` vectors: numbers (`&[f32]`, a vector after
/// the other), or [`IntegerKeys`].
pub trait Keys: Copy + Sync {
    /// Queries of heads that pass over the keys together.
    type Queries: Default;

    /// Takes queries `[H][dim]`.
    fn prepare<const H: usize>(shape: &Shape, queries: &[f32], to: &mut Self::Queries);

    /// Scores of the keys in the place's slots, and maybe of some beside them. What is `next` may be
    /// fetched in passing.
    fn score<const H: usize>(
        self,
        place: &Place<'_>,
        next: Option<Next<Self>>,
        queries: &Self::Queries,
        scores: &mut [f32],
    );
}

/// The values of one layer in one page, like the [`Keys`].
pub trait Values: Copy + Sync {
    /// Adds `Σ_j weights[h][j] · vectors[j]` of the values in the place's slots to `out[h]`,
    /// `[H][dim]`. What is `next` may be fetched in passing.
    fn mix<const H: usize>(
        self,
        place: &Place<'_>,
        next: Option<Next<Self>>,
        weights: &[f32],
        out: &mut [f32],
    );
}

/// The head of a page that is read after another.
#[derive(Clone, Copy, Debug)]
pub struct Next<T> {
    page: T,
    kv_head: usize,
}

/// Where in a page, and in the scores, some heads work.
#[derive(Debug)]
pub struct Place<'a> {
    shape: &'a Shape,
    kv_head: usize,
    /// Slots of the page that the query sees.
    slots: Range<usize>,
    /// Where the page stands in the scores of one head.
    at: usize,
    /// Scores of one head.
    stride: usize,
}

impl Place<'_> {
    /// Where the page stands in the scores of the `h`-th of the heads.
    const fn page(&self, h: usize) -> Range<usize> {
        let start = h * self.stride + self.at;
        start..start + PAGE
    }
}

/// New positions of a sequence, and what came before them.
#[derive(Debug)]
pub struct Sequence<'a, K, V> {
    /// `[n][heads][dim]`
    pub queries: &'a [f32],
    /// Position of the first.
    pub start: usize,
    /// Pages of the cache, which must hold every position up to `start + n`.
    pub keys: Vec<K>,
    /// Like the keys.
    pub values: Vec<V>,
}

/// `softmax(q·Kᵀ·scale)·V` for the queries of each sequence. Returns `[n][heads][dim]` of each, one
/// after another.
pub fn attend<K: Keys, V: Values>(shape: Shape, sequences: &[Sequence<'_, K, V>]) -> Vec<f32> {
    let numbers = sequences.iter().map(|sequence| sequence.queries.len());
    let mut out = vec![0.0; numbers.sum()];
    let mut rest = out.as_mut_slice();
    let rows = sequences.iter().map(|sequence| {
        let (out, others) = std::mem::take(&mut rest).split_at_mut(sequence.queries.len());
        rest = others;
        Rows::new(shape, sequence, out)
    });
    let rows: Vec<Rows<'_, K, V>> = rows.collect();
    let parts: usize = rows.iter().map(Rows::parts).sum();
    let work: usize = rows.iter().map(Rows::work).sum();
    pool::share(parts, pool::worth(work / parts.max(1)), |run| {
        let mut end = 0;
        for rows in &rows {
            let start = end;
            end += rows.parts();
            let part = |place: usize| place.clamp(start, end) - start;
            rows.answer(part(run.start)..part(run.end));
        }
    });
    out
}

/// Queries of one head that are one piece of work.
const RUN: usize = 16;

/// Heads that pass over the keys together: their sums are most of the registers.
const HEADS: usize = 4;

/// The queries of a sequence, what they read, and the place of their results.
struct Rows<'a, K, V> {
    shape: Shape,
    sequence: &'a Sequence<'a, K, V>,
    /// Number of queries.
    count: usize,
    /// Like the queries.
    out: Scatter<'a, f32>,
}

impl<'a, K: Keys, V: Values> Rows<'a, K, V> {
    const fn new(shape: Shape, sequence: &'a Sequence<'a, K, V>, out: &'a mut [f32]) -> Self {
        Self {
            shape,
            sequence,
            count: sequence.queries.len() / (shape.heads * shape.dim),
            out: Scatter::new(out),
        }
    }

    /// Runs of queries.
    const fn runs(&self) -> usize {
        self.count.div_ceil(RUN)
    }

    /// Pieces of work: a run of queries for each of the key heads.
    const fn parts(&self) -> usize {
        self.shape.kv_heads * self.runs()
    }

    /// Bytes that all of it reads from the nearest caches, about.
    const fn work(&self) -> usize {
        let length = self.sequence.start + self.count;
        2 * length * self.shape.dim * self.shape.kv_heads * self.count
    }

    /// Does some pieces, which nobody else may do.
    fn answer(&self, parts: Range<usize>) {
        if self.count == 1 && !parts.is_empty() {
            // One query reads the cache in the order of memory.
            return self.attend(0..1, parts);
        }
        // Many read one head at a time, which stays in the second-level cache while they pass over it.
        for part in parts {
            let (head, first) = (part / self.runs(), part % self.runs() * RUN);
            self.attend(first..usize::min(first + RUN, self.count), head..head + 1);
        }
    }

    /// Answers some queries for some heads, which nobody else may do.
    #[allow(unsafe_code, reason = "threads write to one slice")]
    fn attend(&self, rows: Range<usize>, kv_heads: Range<usize>) {
        let (mut queries, mut scores) = (Vec::new(), Vec::new());
        for row in rows {
            let end = self.sequence.start + row + 1;
            let first = self.shape.window.map_or(0, |w| end.saturating_sub(w));
            let part = Part {
                shape: &self.shape,
                kv_heads: kv_heads.clone(),
                positions: first..end,
            };
            let columns = part.columns();
            let at = row * self.shape.heads * self.shape.dim;
            let place = at + columns.start..at + columns.end;
            scores.resize(part.heads() * part.stride(), 0.0);
            part.prepare::<K>(&self.sequence.queries[place.clone()], &mut queries);
            part.score(&queries, &self.sequence.keys, &mut scores);
            for scores in scores.chunks_exact_mut(part.stride()) {
                softmax(scores, part.seen());
            }
            // SAFETY: each row has these columns once, and one thread works on them.
            part.mix(&scores, &self.sequence.values, unsafe {
                self.out.part(place)
            });
        }
    }
}

/// The part of the cache that one query reads for some of its heads.
struct Part<'a> {
    shape: &'a Shape,
    kv_heads: Range<usize>,
    positions: Range<usize>,
}

/// Heads that pass over a page's vectors together.
struct Pass<'a> {
    place: Place<'a>,
    page: usize,
    /// Query heads, counted from the part's first.
    heads: Range<usize>,
    /// Which of the part's passes over a page this is.
    number: usize,
}

/// Calls a function for as many heads as a range has.
macro_rules! for_heads {
    ($heads:expr, $kind:ident::$method:ident($($argument:expr),*)) => {
        match $heads.len() {
            1 => $kind::$method::<1>($($argument),*),
            2 => $kind::$method::<2>($($argument),*),
            3 => $kind::$method::<3>($($argument),*),
            _ => $kind::$method::<HEADS>($($argument),*),
        }
    };
}

impl<'a> Part<'a> {
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

    fn pages(&self) -> Range<usize> {
        self.positions.start / PAGE..self.positions.end.div_ceil(PAGE)
    }

    /// Scores of one head.
    fn stride(&self) -> usize {
        self.pages().len() * PAGE
    }

    /// Which of the scores of a head are those of the part's positions.
    fn seen(&self) -> Range<usize> {
        let start = self.positions.start % PAGE;
        start..start + self.positions.len()
    }

    /// The heads of each pass over a page: those of the part, and their key head.
    fn groups(&self) -> impl Iterator<Item = (Range<usize>, usize)> {
        let (group, first) = (self.group(), self.kv_heads.start);
        self.kv_heads.clone().flat_map(move |kv_head| {
            let all = (kv_head - first) * group..(kv_head - first + 1) * group;
            let starts = all.clone().step_by(HEADS);
            starts.map(move |start| (start..usize::min(start + HEADS, all.end), kv_head))
        })
    }

    /// All passes, in the order of memory.
    fn passes(&self) -> impl Iterator<Item = Pass<'a>> {
        let (shape, pages, stride) = (self.shape, self.pages(), self.stride());
        let Range { start, end } = self.positions;
        pages.clone().flat_map(move |page| {
            let slot =
                move |position: usize| position.clamp(page * PAGE, (page + 1) * PAGE) - page * PAGE;
            let at = (page - pages.start) * PAGE;
            self.groups()
                .enumerate()
                .map(move |(number, (heads, kv_head))| Pass {
                    place: Place {
                        shape,
                        kv_head,
                        slots: slot(start)..slot(end),
                        at,
                        stride,
                    },
                    page,
                    heads,
                    number,
                })
        })
    }

    /// Takes queries `[heads][dim]`, for each of the passes over a page.
    fn prepare<K: Keys>(&self, queries: &[f32], to: &mut Vec<K::Queries>) {
        let groups = self.groups().enumerate();
        for (number, (heads, _)) in groups {
            if number == to.len() {
                to.push(K::Queries::default());
            }
            let queries = &queries[heads.start * self.shape.dim..heads.end * self.shape.dim];
            for_heads!(heads, K::prepare(self.shape, queries, &mut to[number]));
        }
    }

    /// Scores of the part's query heads.
    fn score<K: Keys>(&self, queries: &[K::Queries], keys: &[K], scores: &mut [f32]) {
        self.passes().for_each(|pass| {
            let Range { start, end } = pass.heads;
            let scores = &mut scores[start * pass.place.stride..end * pass.place.stride];
            let next = self.next(&pass, keys);
            let (keys, queries) = (keys[pass.page], &queries[pass.number]);
            for_heads!(
                pass.heads,
                K::score(keys, &pass.place, next, queries, scores)
            );
        });
    }

    /// `out[h] = Σ_j weights[h][j] · values[j]`, added to what stands there.
    fn mix<V: Values>(&self, weights: &[f32], values: &[V], out: &mut [f32]) {
        self.passes().for_each(|pass| {
            let Range { start, end } = pass.heads;
            let weights = &weights[start * pass.place.stride..end * pass.place.stride];
            let out = &mut out[start * self.shape.dim..end * self.shape.dim];
            let next = self.next(&pass, values);
            let values = values[pass.page];
            for_heads!(pass.heads, V::mix(values, &pass.place, next, weights, out));
        });
    }

    /// What is read after the head of a page over which a pass goes. Of short texts, which do not fill
    /// a page, most would not be read.
    fn next<T: Copy>(&self, pass: &Pass<'_>, pages: &[T]) -> Option<Next<T>> {
        if pass.place.slots.len() < PAGE {
            return None;
        }
        let kv_head = pass.place.kv_head + 1;
        let (page, kv_head) = if kv_head < self.kv_heads.end {
            (pass.page, kv_head)
        } else {
            (pass.page + 1, self.kv_heads.start)
        };
        let page = *pages[..self.pages().end].get(page)?;
        Some(Next { page, kv_head })
    }
}

/// Softmax of the scores that are `seen`, in place, with the maximum subtracted; the others become
/// zero. The sum is of four running sums, one a lane, and then of what is left.
fn softmax(scores: &mut [f32], seen: Range<usize>) {
    scores[..seen.start].fill(0.0);
    scores[seen.end..].fill(0.0);
    let scores = &mut scores[seen];
    let (fours, rest) = scores.as_chunks_mut::<4>();
    let mut max = F32x4::splat(f32::NEG_INFINITY);
    for four in &*fours {
        max = max.max(F32x4::load(four));
    }
    for score in &*rest {
        max = max.max(F32x4::splat(*score));
    }
    let max = max.largest();
    let (mut sum, exp) = (F32x4::splat(0.0), math::Exp4::hidden());
    for four in fours {
        let weights = exp.of(F32x4::load(four) - F32x4::splat(max));
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
