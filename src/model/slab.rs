//! Keys and values of some pages, one run of memory for all of them: what a layer reads of it stands
//! together, so that a processor which reads ahead finds more than one page's.

use std::ops::Range;

use crate::kernels::attention::{self, IntegerKeys, IntegerValues, PAGE};

/// What the size of a page depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CacheShape {
    pub(super) layers: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    /// Numbers are integers in blocks with a scale, as activations are where weights are quantised;
    /// otherwise they keep single precision.
    pub(super) integers: bool,
}

impl CacheShape {
    /// Numbers of one layer's keys (or values) in a page.
    const fn numbers(self) -> usize {
        self.kv_heads * PAGE * self.head_dim
    }

    /// Scales of one layer's keys (or values) in a page, where they are integers.
    const fn scales(self) -> usize {
        self.kv_heads * PAGE * attention::blocks(self.head_dim)
    }

    /// Bytes of a page.
    pub(super) const fn page_bytes(self) -> usize {
        let (single, scales) = (4 * self.numbers(), 4 * self.scales());
        let (keys, values) = if self.integers {
            (2 * self.numbers() + scales, self.numbers() + scales)
        } else {
            (single, single)
        };
        self.layers * (keys + values)
    }
}

/// The keys and values of one layer in some pages.
pub(super) enum LayerPages<'a> {
    Single(Vec<&'a [f32]>, Vec<&'a [f32]>),
    Integers(Vec<IntegerKeys<'a>>, Vec<IntegerValues<'a>>),
}

impl LayerPages<'_> {
    /// Of no pages yet.
    pub(super) const fn new(shape: CacheShape) -> Self {
        if shape.integers {
            Self::Integers(Vec::new(), Vec::new())
        } else {
            Self::Single(Vec::new(), Vec::new())
        }
    }
}

/// Keys and values, each `[layers][pages][kv_heads]`, and of each head [`PAGE`] vectors.
#[derive(Debug)]
pub(super) struct Slab {
    shape: CacheShape,
    pages: usize,
    vectors: Vectors,
}

#[derive(Debug)]
enum Vectors {
    /// `[PAGE][head_dim]`
    Single { keys: Vec<f32>, values: Vec<f32> },
    /// In the layouts of [`IntegerKeys`] and [`IntegerValues`].
    Integers {
        keys: Integers<i16>,
        values: Integers<i8>,
    },
}

/// Keys, or values, that are integers.
#[derive(Debug)]
struct Integers<T> {
    quants: Vec<T>,
    scales: Vec<f32>,
}

impl Slab {
    /// Zeros.
    pub(super) fn new(shape: CacheShape, pages: usize) -> Self {
        let count = shape.layers * pages;
        let vectors = if shape.integers {
            Vectors::Integers {
                keys: Integers::new(shape, count),
                values: Integers::new(shape, count),
            }
        } else {
            Vectors::Single {
                keys: vec![0.0; count * shape.numbers()],
                values: vec![0.0; count * shape.numbers()],
            }
        };
        Self {
            shape,
            pages,
            vectors,
        }
    }

    pub(super) const fn pages(&self) -> usize {
        self.pages
    }

    /// A slab of `page` alone.
    pub(super) fn copy_of(&self, page: usize) -> Self {
        let vectors = match &self.vectors {
            Vectors::Single { keys, values } => Vectors::Single {
                keys: self.copy_each(keys, page, self.shape.numbers()),
                values: self.copy_each(values, page, self.shape.numbers()),
            },
            Vectors::Integers { keys, values } => Vectors::Integers {
                keys: self.copy_integers(keys, page),
                values: self.copy_integers(values, page),
            },
        };
        Self {
            shape: self.shape,
            pages: 1,
            vectors,
        }
    }

    fn copy_integers<T: Clone>(&self, all: &Integers<T>, page: usize) -> Integers<T> {
        Integers {
            quants: self.copy_each(&all.quants, page, self.shape.numbers()),
            scales: self.copy_each(&all.scales, page, self.shape.scales()),
        }
    }

    /// What each layer has of one page: so many numbers.
    fn copy_each<T: Clone>(&self, all: &[T], page: usize, width: usize) -> Vec<T> {
        let mut copy = Vec::with_capacity(self.shape.layers * width);
        for layer in 0..self.shape.layers {
            copy.extend_from_slice(&all[places(self.at(layer, page), width)]);
        }
        copy
    }

    /// Number of a layer's page.
    const fn at(&self, layer: usize, page: usize) -> usize {
        layer * self.pages + page
    }

    /// Adds what `layer` has of `page`.
    pub(super) fn read<'a>(&'a self, layer: usize, page: usize, to: &mut LayerPages<'a>) {
        let at = self.at(layer, page);
        match (&self.vectors, to) {
            (Vectors::Single { keys, values }, LayerPages::Single(to_keys, to_values)) => {
                let places = places(at, self.shape.numbers());
                to_keys.push(&keys[places.clone()]);
                to_values.push(&values[places]);
            }
            (Vectors::Integers { keys, values }, LayerPages::Integers(to_keys, to_values)) => {
                let (quants, scales) = keys.page(self.shape, at);
                to_keys.push(IntegerKeys { quants, scales });
                let (quants, scales) = values.page(self.shape, at);
                to_values.push(IntegerValues { quants, scales });
            }
            _ => unreachable!("the pages of a cache are of one kind"),
        }
    }

    /// Writes the vectors `[kv_heads][head_dim]` of one position.
    pub(super) fn write(
        &mut self,
        layer: usize,
        page: usize,
        slot: usize,
        key: &[f32],
        value: &[f32],
    ) {
        let (shape, dim) = (self.shape, self.shape.head_dim);
        let first = self.at(layer, page) * shape.kv_heads;
        let heads = key.chunks_exact(dim).zip(value.chunks_exact(dim));
        for (head, (key, value)) in (first..).zip(heads) {
            match &mut self.vectors {
                Vectors::Single { keys, values } => {
                    let vector = places(head * PAGE + slot, dim);
                    keys[vector.clone()].copy_from_slice(key);
                    values[vector].copy_from_slice(value);
                }
                Vectors::Integers { keys, values } => {
                    let (quants, scales) = keys.head(shape, head);
                    attention::write_key(quants, scales, slot, key);
                    let (quants, scales) = values.head(shape, head);
                    attention::write_value(quants, scales, slot, value);
                }
            }
        }
    }
}

impl<T: Clone + Default> Integers<T> {
    fn new(shape: CacheShape, pages: usize) -> Self {
        Self {
            quants: vec![T::default(); pages * shape.numbers()],
            scales: vec![0.0; pages * shape.scales()],
        }
    }

    /// Those of one page of one layer.
    fn page(&self, shape: CacheShape, at: usize) -> (&[T], &[f32]) {
        (
            &self.quants[places(at, shape.numbers())],
            &self.scales[places(at, shape.scales())],
        )
    }

    /// Those of one head, counted over all pages of all layers.
    fn head(&mut self, shape: CacheShape, head: usize) -> (&mut [T], &mut [f32]) {
        (
            &mut self.quants[places(head, shape.numbers() / shape.kv_heads)],
            &mut self.scales[places(head, shape.scales() / shape.kv_heads)],
        )
    }
}

/// The places of the `index`-th run of so many.
const fn places(index: usize, width: usize) -> Range<usize> {
    index * width..(index + 1) * width
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that each layer has of one page, as bits.
    fn page_of(slab: &Slab, page: usize) -> Vec<Vec<u32>> {
        let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        (0..slab.shape.layers)
            .map(|layer| {
                let mut all = LayerPages::new(slab.shape);
                slab.read(layer, page, &mut all);
                match all {
                    LayerPages::Single(keys, values) => [bits(keys[0]), bits(values[0])].concat(),
                    LayerPages::Integers(keys, values) => {
                        let (keys, values) = (keys[0], values[0]);
                        let words = keys.quants.iter().map(|&q| q as u32).collect();
                        let bytes = values.quants.iter().map(|&q| q as u32).collect();
                        [words, bytes, bits(keys.scales), bits(values.scales)].concat()
                    }
                }
            })
            .collect()
    }

    #[test]
    fn a_page_is_copied_whole_and_alone() {
        for integers in [false, true] {
            let shape = CacheShape {
                layers: 3,
                kv_heads: 2,
                head_dim: 40,
                integers,
            };
            let mut slab = Slab::new(shape, 4);
            for place in 0..shape.layers * 4 * PAGE {
                let (layer, page, slot) = (place / PAGE / 4, place / PAGE % 4, place % PAGE);
                let vector = |factor: f32| -> Vec<f32> {
                    let numbers = 0..shape.kv_heads * shape.head_dim;
                    numbers
                        .map(|i| ((i * 7 + place * 3) as f32 * factor).sin())
                        .collect()
                };
                slab.write(layer, page, slot, &vector(0.3), &vector(0.7));
            }
            for page in 0..4 {
                let copy = slab.copy_of(page);
                assert_eq!(copy.pages(), 1);
                assert_eq!(page_of(&copy, 0), page_of(&slab, page), "page {page}");
            }
            let (first, second) = (page_of(&slab, 0), page_of(&slab, 1));
            assert!(first.iter().zip(&second).all(|(a, b)| a != b));
        }
    }
}
