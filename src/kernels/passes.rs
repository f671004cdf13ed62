//! How vectors pass over the tiles of a quantised matrix: how many at a time, and over how many rows.

use std::marker::PhantomData;

use super::activation::Activations;
use super::dot::{Products, dot};
use super::expanded::Expanded;
use super::inputs::{self, Block, Bytes, Columns, Words};
use super::quantized::{Kernel, Target};

/// Vectors that pass over a tile together.
pub(super) trait Pass: Sync {
    /// Multiplies tile `t` of a target, which nobody else may do, and writes the products. Of
    /// `expanded` it makes use if it was made for [`Unpacked`] tiles.
    fn over(&self, target: &Target<'_>, t: usize, expanded: &Expanded);
}

/// All vectors, as many at a time as registers hold the sums of.
pub(super) fn passes<K: Kernel>(x: &Activations, expand: bool) -> Vec<Box<dyn Pass>> {
    let mut passes: Vec<Box<dyn Pass>> = Vec::new();
    let (mut first, vectors) = (0, x.vectors());
    while first < vectors {
        let left = vectors - first;
        let (pass, taken): (Box<dyn Pass>, _) = match (K::SHAPE.byte_dot(), left) {
            (true, 1) if expand => (Box::new(Unpacked::<K, 1>(Whole::new(x, first))), 1),
            (true, _) if expand => (Box::new(Unpacked::<K, 2>(Whole::new(x, first))), 2),
            (true, 1) => (Box::new(Whole::<K, Bytes<1>, 1>::new(x, first)), 1),
            (true, 2 | 3) => (Box::new(Whole::<K, Bytes<2>, 2>::new(x, first)), 2),
            (true, _) => (Box::new(Halves::<K, 4>(Whole::new(x, first))), 4),
            (false, 1) => (Box::new(Whole::<K, Words<1>, 1>::new(x, first)), 1),
            (false, _) => (Box::new(Whole::<K, Words<2>, 2>::new(x, first)), 2),
        };
        passes.push(pass);
        first += taken;
    }
    passes
}

/// Vectors that meet all rows of a tile at once.
struct Whole<K, C, const V: usize> {
    /// Number of the first.
    first: usize,
    blocks: Vec<Block<C, V>>,
    kernel: PhantomData<K>,
}

impl<K: Kernel, C: Columns<V>, const V: usize> Whole<K, C, V> {
    fn new(x: &Activations, first: usize) -> Self {
        Self {
            first,
            blocks: inputs::blocks(x, first, K::SHAPE.group),
            kernel: PhantomData,
        }
    }
}

impl<K: Kernel, C: Products<V, 2>, const V: usize> Pass for Whole<K, C, V> {
    fn over(&self, target: &Target<'_>, t: usize, _: &Expanded) {
        let sums = dot::<K, C, V, 2, 0>(target.matrix.tile_of::<K>(t), &self.blocks);
        target.store::<2, 0>(t, self.first, &sums);
    }
}

/// Vectors that meet all rows of a tile which is unpacked.
struct Unpacked<K, const V: usize>(Whole<K, Bytes<V>, V>);

impl<K: Kernel, const V: usize> Pass for Unpacked<K, V> {
    fn over(&self, target: &Target<'_>, t: usize, expanded: &Expanded) {
        let sums = expanded.dot::<K, V>(&self.0.blocks);
        target.store::<2, 0>(t, self.0.first, &sums);
    }
}

/// Vectors that meet one half of a tile's rows, then the other: sums of twice as many vectors fit the
/// registers, and what a step of the rows costs to unpack serves them all.
struct Halves<K, const V: usize>(Whole<K, Bytes<V>, V>);

impl<K: Kernel, const V: usize> Pass for Halves<K, V> {
    fn over(&self, target: &Target<'_>, t: usize, _: &Expanded) {
        let (tile, Whole { first, blocks, .. }) = (target.matrix.tile_of::<K>(t), &self.0);
        target.store::<1, 0>(t, *first, &dot::<K, Bytes<V>, V, 1, 0>(tile, blocks));
        target.store::<1, 1>(t, *first, &dot::<K, Bytes<V>, V, 1, 1>(tile, blocks));
    }
}
