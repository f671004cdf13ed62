//! Vectors of activations as the products of a quantised matrix read them, from end to end: those
//! that pass over a tile together take turns.

use std::marker::PhantomData;

use super::BLOCK;
use super::activation::Activations;

/// A block of `V` vectors. `C` are its columns, [`Words`] or [`Bytes`].
pub(super) struct Block<C, const V: usize> {
    pub(super) columns: C,
    /// What an integer of each vector stands for.
    pub(super) scales: [f32; V],
    /// What each vector's products start from ([`Columns::start`]), in each group, of which a block has
    /// one or two.
    pub(super) starts: [[i32; V]; 2],
    /// Sums of each vector's integers over each group, times what an integer stands for.
    pub(super) weighted: [[f32; V]; 2],
}

/// The columns of a block, for the products of one kind.
pub(super) trait Columns<const V: usize>: Send + Sync + 'static {
    /// Those of block `b` of the vectors from `first` on.
    fn take(x: &Activations, first: usize, b: usize) -> Self;

    /// What sums of products start from if the vector's integers sum to `total` and the matrix's count
    /// from `least`.
    fn start(total: i32, least: i8) -> i32;
}

/// From the bits of this number, 1.5·2²³, sums of bytes count: adding a whole number of less than 2²² to
/// these bits adds it to the number. So a subtraction makes numbers of sums, where a conversion would take
/// what products are made with. (No sum exceeds 32 · 127 · 255.)
pub(super) const ORIGIN: f32 = 12_582_912.0;

/// Two columns of each vector, as words.
pub(super) struct Words<const V: usize>(pub(super) [[[i16; 2]; V]; BLOCK / 2]);

/// Four columns of each vector, as bytes. `S` tells how their products are added up.
pub(super) struct Bytes<S, const V: usize> {
    pub(super) columns: [[[i8; 4]; V]; BLOCK / 4],
    sums: PhantomData<S>,
}

impl<const V: usize> Columns<V> for Words<V> {
    fn take(x: &Activations, first: usize, b: usize) -> Self {
        Self(take_turns(&x.words, x.cols, first, b))
    }

    /// The total: each row of a word makes its own of it.
    fn start(total: i32, _: i8) -> i32 {
        total
    }
}

impl<S: Send + Sync + 'static, const V: usize> Columns<V> for Bytes<S, V> {
    fn take(x: &Activations, first: usize, b: usize) -> Self {
        Self {
            columns: take_turns(&x.quants, x.cols, first, b),
            sums: PhantomData,
        }
    }

    #[inline(always)]
    fn start(total: i32, least: i8) -> i32 {
        i32::from(least) * total + ORIGIN.to_bits() as i32
    }
}

fn take_turns<T: Copy + Default, const N: usize, const V: usize, const TURNS: usize>(
    all: &[T],
    cols: usize,
    first: usize,
    b: usize,
) -> [[[T; N]; V]; TURNS] {
    let mut turns = [[[T::default(); N]; V]; TURNS];
    for v in 0..V {
        let block = &all[(first + v) * cols + b * BLOCK..][..BLOCK];
        let columns = block.as_chunks().0.iter();
        turns
            .iter_mut()
            .zip(columns)
            .for_each(|(turn, columns)| turn[v] = *columns);
    }
    turns
}

/// The blocks of `V` vectors from `first` on, for groups of so many columns: a block, or half of it; the
/// matrix's integers count from `least`.
pub(super) fn blocks<C: Columns<V>, const V: usize>(
    x: &Activations,
    first: usize,
    group: usize,
    least: i8,
) -> Vec<Block<C, V>> {
    let count = x.cols / BLOCK;
    let block = |b: usize| {
        let place = |v: usize| (first + v) * count + b;
        let scales: [f32; V] = std::array::from_fn(|v| x.scales[place(v)]);
        let halves: [[i32; 2]; V] = std::array::from_fn(|v| x.sums[place(v)]);
        let totals = if group == BLOCK {
            [halves.map(|[first, second]| first + second), [0; V]]
        } else {
            [0, 1].map(|part| halves.map(|sums| sums[part]))
        };
        Block {
            columns: C::take(x, first, b),
            scales,
            starts: totals.map(|totals| totals.map(|total| C::start(total, least))),
            weighted: totals.map(|sums| std::array::from_fn(|v| scales[v] * sums[v] as f32)),
        }
    };
    (0..count).map(block).collect()
}
