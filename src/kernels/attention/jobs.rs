//! Attention of one sequence, in pieces that threads share.

use std::ops::Range;
use std::sync::OnceLock;

use super::queries::Queries;
use super::stretch::{STRETCH, Stretch};
use super::{Keys, Sequence, Shape, Values};
use crate::kernels::pool;
use crate::kernels::scatter::Scatter;

/// The queries of a sequence, what they read, and the place of their answers.
pub(super) enum Job<'a, K: Keys, V> {
    One(One<'a, K, V>),
    Many(Many<'a, K, V>),
}

impl<'a, K: Keys, V: Values> Job<'a, K, V> {
    /// Answers go to `out`, which is like the queries.
    pub(super) fn new(shape: Shape, sequence: &'a Sequence<'a, K, V>, out: &'a mut [f32]) -> Self {
        if sequence.count(&shape) == 1 {
            Self::One(One::new(shape, sequence, out))
        } else {
            Self::Many(Many::new(shape, sequence, out))
        }
    }

    /// Number of pieces.
    pub(super) fn parts(&self) -> usize {
        match self {
            Self::One(job) => job.parts(),
            Self::Many(job) => job.parts(),
        }
    }

    /// Bytes that all of it reads from the nearest caches, about.
    pub(super) const fn work(&self) -> usize {
        let (shape, sequence) = match self {
            Self::One(job) => (&job.shape, job.sequence),
            Self::Many(job) => (&job.shape, job.sequence),
        };
        let count = sequence.count(shape);
        2 * (sequence.start + count) * shape.dim * shape.kv_heads * count
    }

    /// Does some pieces, which nobody else may do.
    pub(super) fn answer(&self, parts: Range<usize>) {
        match self {
            Self::One(job) => parts.for_each(|part| job.answer(part)),
            Self::Many(job) => parts.for_each(|part| job.answer(part)),
        }
    }

    /// What is left to do once every piece is done.
    pub(super) fn finish(&mut self) {
        if let Self::One(job) = self {
            job.finish();
        }
    }
}

/// Stretches in which there are positions.
const fn stretches(positions: &Range<usize>) -> Range<usize> {
    positions.start / STRETCH..positions.end.div_ceil(STRETCH)
}

/// One query. A piece is what some heads get from one stretch.
pub(super) struct One<'a, K: Keys, V> {
    shape: Shape,
    sequence: &'a Sequence<'a, K, V>,
    /// Of each key head.
    queries: Queries<K>,
    seen: Range<usize>,
    /// Key heads of a piece: one, or all.
    together: usize,
    /// Partial answers: of each piece `[together]`.
    partials: Vec<OnceLock<Vec<f32>>>,
    out: &'a mut [f32],
}

impl<'a, K: Keys, V: Values> One<'a, K, V> {
    fn new(shape: Shape, sequence: &'a Sequence<'a, K, V>, out: &'a mut [f32]) -> Self {
        let places = (0..shape.kv_heads).map(|kv_head| shape.columns(0, kv_head));
        let queries = Queries::new(&shape, sequence.queries, places);
        let seen = sequence.seen(&shape, 0);
        let stretches = stretches(&seen).len();
        // All heads read the cache in the order of memory, but threads want something to do.
        let enough = pool::threads() == 1 || stretches >= STRETCHES_PER_THREAD * pool::threads();
        let together = if enough { shape.kv_heads } else { 1 };
        let parts = shape.kv_heads / together * stretches;
        Self {
            shape,
            sequence,
            queries,
            seen,
            together,
            partials: (0..parts).map(|_| OnceLock::new()).collect(),
            out,
        }
    }

    const fn parts(&self) -> usize {
        self.partials.len()
    }

    /// The stretch of a piece, counted from the first that is seen, and its key heads.
    fn place(&self, part: usize) -> (usize, Range<usize>) {
        let pieces = self.shape.kv_heads / self.together;
        let kv_head = part % pieces * self.together;
        (part / pieces, kv_head..kv_head + self.together)
    }

    fn answer(&self, part: usize) {
        let (number, kv_heads) = self.place(part);
        let number = stretches(&self.seen).start + number;
        let first = kv_heads.start;
        let stretch = Stretch::new(&self.shape, kv_heads, number, &self.seen);
        let (mut scores, mut partial) = (Vec::new(), vec![0.0; stretch.numbers()]);
        let partials = &mut partial;
        stretch.answer(&self.queries, first, self.sequence, &mut scores, partials);
        let done = self.partials[part].set(partial);
        done.expect("each part is done once");
    }

    fn finish(&mut self) {
        let layout = self.shape.partials();
        let mut totals = vec![0.0; self.shape.kv_heads * layout.len()];
        for (part, partials) in self.partials.iter().enumerate() {
            let (_, kv_heads) = self.place(part);
            let totals = &mut totals[kv_heads.start * layout.len()..];
            let partials = partials.get().expect("every part is done");
            layout.add(&mut totals[..partials.len()], partials);
        }
        for (kv_head, total) in totals.chunks_exact(layout.len()).enumerate() {
            layout.finish(total, &mut self.out[self.shape.columns(0, kv_head)]);
        }
    }
}

/// So many stretches for each thread are shared well enough.
const STRETCHES_PER_THREAD: usize = 2;

/// Queries of one head that are one piece of work.
const RUN: usize = 8;

/// Many queries. A piece is what a run of them gets for one key head: they pass over a stretch one after
/// another, while it stays in the first-level cache.
pub(super) struct Many<'a, K, V> {
    shape: Shape,
    sequence: &'a Sequence<'a, K, V>,
    count: usize,
    out: Scatter<'a, f32>,
}

impl<'a, K: Keys, V: Values> Many<'a, K, V> {
    fn new(shape: Shape, sequence: &'a Sequence<'a, K, V>, out: &'a mut [f32]) -> Self {
        Self {
            shape,
            sequence,
            count: sequence.count(&shape),
            out: Scatter::new(out),
        }
    }

    fn parts(&self) -> usize {
        self.shape.kv_heads * self.count.div_ceil(RUN)
    }

    fn answer(&self, part: usize) {
        let runs = self.count.div_ceil(RUN);
        let (kv_head, first) = (part / runs, part % runs * RUN);
        let rows = first..usize::min(first + RUN, self.count);
        let layout = self.shape.partials();
        let mut totals = vec![0.0; rows.len() * layout.len()];
        self.add_up(kv_head, rows.clone(), &mut totals);
        for (row, total) in rows.zip(totals.chunks_exact(layout.len())) {
            #[allow(unsafe_code, reason = "threads write to one slice")]
            // SAFETY: each row has these columns once, and one thread works on them.
            let out = unsafe { self.out.part(self.shape.columns(row, kv_head)) };
            layout.finish(total, out);
        }
    }

    /// Adds up what the heads get from all that they see, for each of the rows.
    fn add_up(&self, kv_head: usize, rows: Range<usize>, totals: &mut [f32]) {
        let layout = self.shape.partials();
        let places = rows.clone().map(|row| self.shape.columns(row, kv_head));
        let queries = Queries::<K>::new(&self.shape, self.sequence.queries, places);
        let seen = |row| self.sequence.seen(&self.shape, row);
        let (mut scores, mut partial) = (Vec::new(), vec![0.0; layout.len()]);
        for number in stretches(&(seen(rows.start).start..seen(rows.end - 1).end)) {
            let totals = totals.chunks_exact_mut(layout.len());
            for ((i, row), total) in rows.clone().enumerate().zip(totals) {
                let seen = seen(row);
                if stretches(&seen).contains(&number) {
                    let stretch = Stretch::new(&self.shape, kv_head..kv_head + 1, number, &seen);
                    stretch.answer(&queries, i, self.sequence, &mut scores, &mut partial);
                    layout.add(total, &partial);
                }
            }
        }
    }
}
