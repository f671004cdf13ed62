//! How vectors pass over the tiles of a quantised matrix: how many at a time, and over how many rows.

use std::marker::PhantomData;
use std::ops::Range;

use super::activation::Activations;
use super::ahead::Ahead;
use super::dot::{Products, dot};
use super::expanded::Expanded;
use super::inputs::{self, Block, Bytes, Columns, Words};
use super::instruction::{self, Dot};
use super::layout::Chunk;
use super::quantized::{Kernel, Target};
use super::scatter;
use super::sums::{ByteSums, Fours, Pairs};

/// Vectors that pass over a tile together.
pub(super) trait Pass: Send + Sync {
    /// Multiplies tile `t` of a target, which nobody else may do, and adds the products. Of
    /// `expanded` it makes use if it was made for [`Unpacked`] tiles.
    fn over(
        &self,
        target: &Target<'_>,
        t: usize,
        expanded: &Expanded,
        ahead: &mut Ahead<'_, Chunk>,
    );
}

/// All vectors, as many at a time as registers hold the sums of, for matrices whose products are of `dot`.
pub(super) fn passes<K: Kernel>(x: &Activations, dot: Dot, expand: bool) -> Vec<Box<dyn Pass>> {
    let mut vectors = Vec::new();
    let mut first = 0;
    while first < x.vectors() {
        let together = together(dot, expand, x.vectors() - first);
        vectors.push(first..first + together);
        first += together;
    }
    scatter::map(&vectors, |vectors| pass::<K>(x, dot, expand, vectors))
}

/// How many of the vectors that are `left` pass together.
const fn together(dot: Dot, expand: bool, left: usize) -> usize {
    match left {
        1 => 1,
        2 | 3 => 2,
        _ if expand || !dot.takes_bytes() => 2,
        _ => 4,
    }
}

/// What a build has no use for must not be compiled: it would only make the page longer.
fn pass<K: Kernel>(
    x: &Activations,
    dot: Dot,
    expand: bool,
    vectors: &Range<usize>,
) -> Box<dyn Pass> {
    let bits = K::SHAPE.quant.bits();
    match dot {
        Dot::Words if instruction::has_words(bits) => of_words::<K>(x, vectors),
        Dot::Pairs if instruction::has_pairs(bits) => of_bytes::<K, Pairs>(x, dot, expand, vectors),
        Dot::Fours(_) if instruction::HAS_FOURS => of_bytes::<K, Fours>(x, dot, expand, vectors),
        _ => unreachable!("this build never packs {bits} bits for {dot:?}"),
    }
}

fn of_words<K: Kernel>(x: &Activations, vectors: &Range<usize>) -> Box<dyn Pass> {
    match vectors.len() {
        1 => Box::new(Whole::<K, Words<1>, 1>::new(x, vectors.start, 0)),
        _ => Box::new(Whole::<K, Words<2>, 2>::new(x, vectors.start, 0)),
    }
}

fn of_bytes<K: Kernel, S: ByteSums>(
    x: &Activations,
    dot: Dot,
    expand: bool,
    vectors: &Range<usize>,
) -> Box<dyn Pass> {
    let (first, least) = (vectors.start, dot.least(K::SHAPE.quant));
    match vectors.len() {
        1 => Box::new(Whole::<K, Bytes<S, 1>, 1>::new(x, first, least)),
        2 if expand => Box::new(Unpacked(Whole::<K, Bytes<S, 2>, 2>::new(x, first, least))),
        2 => Box::new(Whole::<K, Bytes<S, 2>, 2>::new(x, first, least)),
        _ => Box::new(Halves(Whole::<K, Bytes<S, 4>, 4>::new(x, first, least))),
    }
}

/// Vectors that meet all rows of a tile at once.
struct Whole<K, C, const V: usize> {
    /// Number of the first.
    first: usize,
    blocks: Vec<Block<C, V>>,
    kernel: PhantomData<K>,
}

impl<K: Kernel, C: Columns<V>, const V: usize> Whole<K, C, V> {
    fn new(x: &Activations, first: usize, least: i8) -> Self {
        Self {
            first,
            blocks: inputs::blocks(x, first, K::SHAPE.group, least),
            kernel: PhantomData,
        }
    }
}

impl<K: Kernel, C: Products<V, 2>, const V: usize> Pass for Whole<K, C, V> {
    fn over(&self, target: &Target<'_>, t: usize, _: &Expanded, ahead: &mut Ahead<'_, Chunk>) {
        let sums = dot::<K, C, V, 2, 0>(target.matrix.tile_of::<K>(t), &self.blocks, ahead);
        target.store::<2, 0>(t, self.first, &sums);
    }
}

/// Vectors that meet all rows of a tile which is unpacked.
struct Unpacked<K, S, const V: usize>(Whole<K, Bytes<S, V>, V>);

impl<K: Kernel, S: ByteSums, const V: usize> Pass for Unpacked<K, S, V> {
    fn over(
        &self,
        target: &Target<'_>,
        t: usize,
        expanded: &Expanded,
        ahead: &mut Ahead<'_, Chunk>,
    ) {
        let sums = expanded.dot::<K, S, V>(&self.0.blocks, ahead);
        target.store::<2, 0>(t, self.0.first, &sums);
    }
}

/// Vectors that meet one half of a tile's rows, then the other: sums of twice as many vectors fit the
/// registers, and what a step of the rows costs to unpack serves them all.
struct Halves<K, C, const V: usize>(Whole<K, C, V>);

impl<K: Kernel, C: Products<V, 1>, const V: usize> Pass for Halves<K, C, V> {
    fn over(&self, target: &Target<'_>, t: usize, _: &Expanded, ahead: &mut Ahead<'_, Chunk>) {
        let (tile, Whole { first, blocks, .. }) = (target.matrix.tile_of::<K>(t), &self.0);
        target.store::<1, 0>(t, *first, &dot::<K, C, V, 1, 0>(tile, blocks, ahead));
        target.store::<1, 1>(t, *first, &dot::<K, C, V, 1, 1>(tile, blocks, ahead));
    }
}
