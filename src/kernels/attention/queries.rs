//! Queries as their products with keys take them.

use std::ops::Range;

use super::{Keys, Shape};

/// Heads that pass over the keys together: their sums are most of the registers.
pub(super) const HEADS: usize = 4;

/// Calls a function for as many heads as a range has.
macro_rules! for_heads {
    ($heads:expr, $kind:ident::$method:ident($($argument:expr),*)) => {
        match $heads.len() {
            1 => $kind::$method::<1>($($argument),*),
            2 => $kind::$method::<2>($($argument),*),
            3 => $kind::$method::<3>($($argument),*),
            _ => $kind::$method::<{ $crate::kernels::attention::queries::HEADS }>($($argument),*),
        }
    };
}
pub(super) use for_heads;

/// Which of so many heads pass over the keys together.
pub(super) fn passes(heads: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..heads).step_by(HEADS);
    starts.map(move |start| start..usize::min(start + HEADS, heads))
}

/// A query of some heads, which take turns.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a, T> {
    /// `[dim / COLUMNS]` turns; see [`Keys`].
    pub(super) numbers: &'a [T],
    /// What a product with one stands for in a score, one for each head.
    pub(super) scales: &'a [f32],
}

/// Queries, each of the heads that share a key head.
pub(super) struct Queries<K: Keys> {
    heads: usize,
    /// Numbers of one head.
    width: usize,
    /// Of each query those of each pass.
    numbers: Vec<K::Number>,
    /// `[queries][heads]`
    scales: Vec<f32>,
}

impl<K: Keys> Queries<K> {
    /// Takes the queries `[heads][dim]` that stand in these places.
    pub(super) fn new(
        shape: &Shape,
        all: &[f32],
        places: impl ExactSizeIterator<Item = Range<usize>>,
    ) -> Self {
        let (heads, width) = (shape.heads / shape.kv_heads, shape.dim / K::COLUMNS);
        let mut queries = Self {
            heads,
            width,
            numbers: Vec::with_capacity(places.len() * heads * width),
            scales: Vec::with_capacity(places.len() * heads),
        };
        places.for_each(|place| queries.push(shape, &all[place]));
        queries
    }

    /// Takes a query `[heads][dim]`.
    fn push(&mut self, shape: &Shape, query: &[f32]) {
        let (first, first_scale) = (self.numbers.len(), self.scales.len());
        let numbers = first + self.heads * self.width;
        self.numbers.resize(numbers, K::Number::default());
        self.scales.resize(first_scale + self.heads, 0.0);
        let (numbers, scales) = (&mut self.numbers[first..], &mut self.scales[first_scale..]);
        for heads in passes(self.heads) {
            let query = &query[heads.start * shape.dim..heads.end * shape.dim];
            let numbers = &mut numbers[heads.start * self.width..heads.end * self.width];
            let scales = &mut scales[heads.clone()];
            for_heads!(heads, K::prepare(shape, query, numbers, scales));
        }
    }

    /// The `i`-th query, of the heads of one pass.
    pub(super) fn of(&self, i: usize, heads: &Range<usize>) -> Query<'_, K::Number> {
        let (start, end) = (i * self.heads + heads.start, i * self.heads + heads.end);
        Query {
            numbers: &self.numbers[start * self.width..end * self.width],
            scales: &self.scales[start..end],
        }
    }
}
