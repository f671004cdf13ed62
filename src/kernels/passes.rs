//! How vectors pass over the tiles of a quantised matrix: how many at a time, and over how many rows.

use std::marker::PhantomData;

use super::activation::Activations;
use super::ahead::Ahead;
use super::dot::{Products, dot};
use super::expanded::Expanded;
use super::inputs::{self, Block, Bytes, Columns, Words};
use super::instruction::{self, Dot};
use super::layout::Chunk;
use super::quantized::{Kernel, Target};
use super::sums::{ByteSums, Fours, Pairs};

/// Vectors that pass over a tile together.
pub(super) trait Pass: Sync {
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
    let bits = K::SHAPE.quant.bits();
    let least = dot.least(K::SHAPE.quant);
    let mut passes: Vec<Box<dyn Pass>> = Vec::new();
    let (mut first, vectors) = (0, x.vectors());
    while first < vectors {
        let left = vectors - first;
        // What a build has no use for must not be compiled: it would only make the page longer.
        let (pass, taken) = match dot {
            Dot::Words if instruction::has_words(bits) => of_words::<K>(x, first, left),
            Dot::Pairs if instruction::has_pairs(bits) => {
                of_bytes::<K, Pairs>(x, [first, left], least, expand)
            }
            Dot::Fours(_) if instruction::HAS_FOURS => {
                of_bytes::<K, Fours>(x, [first, left], least, expand)
            }
            _ => unreachable!("this build never packs {bits} bits for {dot:?}"),
        };
        passes.push(pass);
        first += taken;
    }
    passes
}

/// A pass, and how many vectors it takes.
type Taken = (Box<dyn Pass>, usize);

/// The next of `left` vectors.
fn of_words<K: Kernel>(x: &Activations, first: usize, left: usize) -> Taken {
    match left {
        1 => (Box::new(Whole::<K, Words<1>, 1>::new(x, first, 0)), 1),
        _ => (Box::new(Whole::<K, Words<2>, 2>::new(x, first, 0)), 2),
    }
}

/// The next of `left` vectors, for matrices whose integers count from `least`.
fn of_bytes<K: Kernel, S: ByteSums>(
    x: &Activations,
    [first, left]: [usize; 2],
    least: i8,
    expand: bool,
) -> Taken {
    fn whole<K: Kernel, S: ByteSums, const V: usize>(
        x: &Activations,
        first: usize,
        least: i8,
    ) -> Whole<K, Bytes<S, V>, V> {
        Whole::new(x, first, least)
    }
    match left {
        1 => (Box::new(whole::<K, S, 1>(x, first, least)), 1),
        _ if expand => (Box::new(Unpacked(whole::<K, S, 2>(x, first, least))), 2),
        2 | 3 => (Box::new(whole::<K, S, 2>(x, first, least)), 2),
        _ => (Box::new(Halves(whole::<K, S, 4>(x, first, least))), 4),
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
