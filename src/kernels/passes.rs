//! How vectors pass over the tiles of a quantised matrix: one or two at a time, over one tile or several.

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

/// Tiles that a few vectors pass over side by side.
///
/// A processor fetches ahead only so many lines of one stream, but that many of each of several. Six divide
/// the tiles of every matrix of the default model, so that none is left to go by itself.
pub(super) const ABREAST: usize = 6;

/// Vectors that pass over a tile together.
pub(super) trait Pass: Send + Sync {
    /// Multiplies some tiles of a target, which nobody else may do, and adds the products. A pass that
    /// was made for [`Unpacked`] tiles does so with the one that `expanded` holds.
    fn over(
        &self,
        target: &Target<'_>,
        tiles: Range<usize>,
        expanded: &Expanded,
        ahead: &mut Ahead<'_, Chunk>,
    );
}

/// All vectors, two at a time, for matrices whose products are of `dot`.
pub(super) fn passes<K: Kernel>(x: &Activations, dot: Dot, expand: bool) -> Vec<Box<dyn Pass>> {
    let pairs = (0..x.vectors()).step_by(2);
    let vectors: Vec<_> = pairs.map(|v| v..x.vectors().min(v + 2)).collect();
    scatter::map(&vectors, |vectors| pass::<K>(x, dot, expand, vectors))
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
    let first = vectors.start;
    match vectors.len() {
        1 => Box::new(Packed::<K, Words<1>, 1, ABREAST>(Vectors::new(x, first, 0))),
        _ => Box::new(Packed::<K, Words<2>, 2, 1>(Vectors::new(x, first, 0))),
    }
}

fn of_bytes<K: Kernel, S: ByteSums>(
    x: &Activations,
    dot: Dot,
    expand: bool,
    vectors: &Range<usize>,
) -> Box<dyn Pass> {
    match vectors.len() {
        1 => bytes_pass::<K, S, 1>(x, dot, expand, vectors.start),
        _ => bytes_pass::<K, S, 2>(x, dot, expand, vectors.start),
    }
}

fn bytes_pass<K: Kernel, S: ByteSums, const V: usize>(
    x: &Activations,
    dot: Dot,
    expand: bool,
    first: usize,
) -> Box<dyn Pass> {
    let vectors = Vectors::<K, Bytes<S, V>, V>::new(x, first, dot.least(K::SHAPE.quant));
    if expand {
        Box::new(Unpacked(vectors))
    } else {
        Box::new(Packed::<K, Bytes<S, V>, V, ABREAST>(vectors))
    }
}

/// `V` vectors.
struct Vectors<K, C, const V: usize> {
    /// Number of the first.
    first: usize,
    blocks: Vec<Block<C, V>>,
    kernel: PhantomData<K>,
}

impl<K: Kernel, C: Columns<V>, const V: usize> Vectors<K, C, V> {
    fn new(x: &Activations, first: usize, least: i8) -> Self {
        Self {
            first,
            blocks: inputs::blocks(x, first, K::SHAPE.group, least),
            kernel: PhantomData,
        }
    }
}

/// Vectors that meet tiles as they are stored, up to `N` of them side by side.
struct Packed<K, C, const V: usize, const N: usize>(Vectors<K, C, V>);

impl<K: Kernel, C: Products<V>, const V: usize, const N: usize> Pass for Packed<K, C, V, N> {
    fn over(
        &self,
        target: &Target<'_>,
        tiles: Range<usize>,
        _: &Expanded,
        _: &mut Ahead<'_, Chunk>,
    ) {
        let Vectors { first, blocks, .. } = &self.0;
        for start in tiles.clone().step_by(N) {
            let numbers = start..tiles.end.min(start + N);
            let mut abreast: [&[Chunk]; N] = [&[]; N];
            for (tile, t) in abreast.iter_mut().zip(numbers.clone()) {
                *tile = target.matrix.tile_of::<K>(t);
            }
            let sums = dot::<K, C, V, N>(&abreast[..numbers.len()], blocks);
            for (t, sums) in numbers.zip(&sums) {
                target.store(t, *first, sums);
            }
        }
    }
}

/// Vectors that meet a tile which is unpacked.
struct Unpacked<K, S, const V: usize>(Vectors<K, Bytes<S, V>, V>);

impl<K: Kernel, S: ByteSums, const V: usize> Pass for Unpacked<K, S, V> {
    fn over(
        &self,
        target: &Target<'_>,
        tiles: Range<usize>,
        expanded: &Expanded,
        ahead: &mut Ahead<'_, Chunk>,
    ) {
        let sums = expanded.dot::<K, S, V>(&self.0.blocks, ahead);
        target.store(tiles.start, self.0.first, &sums);
    }
}
