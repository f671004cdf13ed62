//! Causal attention of new positions over a paged cache.
//!
//! A query's answer is put together from partial answers, one of each stretch of the cache that it sees:
//! they need little memory, and threads can share even one query's. What a stretch is does not depend
//! on who computes it, so neither does a bit of the answer.

mod integers;
mod jobs;
mod partial;
mod queries;
mod single;
mod stretch;

use std::ops::Range;

use super::pool;
use jobs::Job;
use partial::Partials;
use queries::Query;

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

impl Shape {
    /// Factor on the products of queries and keys: scores are exponents of two, whose powers take less than
    /// those of e.
    const fn factor(&self) -> f32 {
        self.scale * std::f32::consts::LOG2_E
    }

    /// Answers to a query of the heads that share a key head.
    const fn partials(&self) -> Partials {
        Partials {
            heads: self.heads / self.kv_heads,
            dim: self.dim,
        }
    }

    /// Where the query heads of a key head stand in queries, or in answers.
    const fn columns(&self, row: usize, kv_head: usize) -> Range<usize> {
        let width = self.heads / self.kv_heads * self.dim;
        let at = (row * self.kv_heads + kv_head) * width;
        at..at + width
    }
}

/// The keys of one layer in one page, `[kv_heads][PAGE]` vectors: numbers (`&[f32]`, a vector after
/// the other), or [`IntegerKeys`].
pub trait Keys: Copy + Sync {
    /// What a query is made of, for these keys.
    type Number: Copy + Default + Sync;
    /// Columns that one of them stands for.
    const COLUMNS: usize;

    /// Takes queries `[H][dim]` of heads that pass over the keys together: as numbers, which take turns, and
    /// what a product with one stands for in a score, `[H]`.
    fn prepare<const H: usize>(
        shape: &Shape,
        queries: &[f32],
        numbers: &mut [Self::Number],
        scales: &mut [f32],
    );

    /// Scores of the keys in the place's slots, and maybe of some beside them. What is `next` may be
    /// fetched in passing.
    fn score<const H: usize>(
        self,
        place: &Place<'_>,
        next: Option<Next<Self>>,
        query: Query<'_, Self::Number>,
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

impl<K, V> Sequence<'_, K, V> {
    /// Number of queries.
    const fn count(&self, shape: &Shape) -> usize {
        self.queries.len() / (shape.heads * shape.dim)
    }

    /// Positions that a query sees.
    fn seen(&self, shape: &Shape, row: usize) -> Range<usize> {
        let end = self.start + row + 1;
        shape.window.map_or(0, |window| end.saturating_sub(window))..end
    }
}

/// `softmax(q·Kᵀ·scale)·V` for the queries of each sequence. Returns `[n][heads][dim]` of each, one
/// after another.
pub fn attend<K: Keys, V: Values>(shape: Shape, sequences: &[Sequence<'_, K, V>]) -> Vec<f32> {
    let numbers = sequences.iter().map(|sequence| sequence.queries.len());
    let mut out = vec![0.0; numbers.sum()];
    let mut rest = out.as_mut_slice();
    let jobs = sequences.iter().map(|sequence| {
        let (out, others) = std::mem::take(&mut rest).split_at_mut(sequence.queries.len());
        rest = others;
        Job::new(shape, sequence, out)
    });
    let mut jobs: Vec<Job<'_, K, V>> = jobs.collect();
    let parts: usize = jobs.iter().map(Job::parts).sum();
    let work: usize = jobs.iter().map(Job::work).sum();
    pool::share(parts, pool::worth(work / parts.max(1)), |run| {
        let mut end = 0;
        for job in &jobs {
            let start = end;
            end += job.parts();
            let part = |place: usize| place.clamp(start, end) - start;
            job.answer(part(run.start)..part(run.end));
        }
    });
    jobs.iter_mut().for_each(Job::finish);
    drop(jobs);
    out
}
