//! The sequence state: keys and values of a prefix, as a value.
//!
//! Pages of [`PAGE`] positions are shared between clones. A slot of a page is written once: a
//! state that wants to write where another has written copies that page's earlier slots first.
//! So a clone costs a vector of pointers, any clone can go on alone, and every prefix of a state
//! is itself a state.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

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

    const fn page_bytes(self) -> usize {
        let (single, scales) = (4 * self.numbers(), 4 * self.scales());
        let (keys, values) = if self.integers {
            (2 * self.numbers() + scales, self.numbers() + scales)
        } else {
            (single, single)
        };
        self.layers * (keys + values)
    }
}

/// The keys and values of a page, each `[layers][kv_heads]`, and of each head [`PAGE`] vectors.
#[derive(Clone, Debug)]
pub(super) enum Vectors {
    /// `[PAGE][head_dim]`
    Single { keys: Vec<f32>, values: Vec<f32> },
    /// In the layouts of [`IntegerKeys`] and [`IntegerValues`].
    Integers {
        keys: Integers<i16>,
        values: Integers<i8>,
    },
}

/// Keys, or values, that are integers.
#[derive(Clone, Debug)]
pub(super) struct Integers<T> {
    quants: Vec<T>,
    scales: Vec<f32>,
}

impl<T: Clone + Default> Integers<T> {
    fn new(shape: CacheShape) -> Self {
        Self {
            quants: vec![T::default(); shape.layers * shape.numbers()],
            scales: vec![0.0; shape.layers * shape.scales()],
        }
    }

    /// Those of one layer.
    fn layer(&self, shape: CacheShape, layer: usize) -> (&[T], &[f32]) {
        (
            &self.quants[places(layer, shape.numbers())],
            &self.scales[places(layer, shape.scales())],
        )
    }

    /// Those of one head, counted over all layers.
    fn head(&mut self, shape: CacheShape, head: usize) -> (&mut [T], &mut [f32]) {
        (
            &mut self.quants[places(head, shape.numbers() / shape.kv_heads)],
            &mut self.scales[places(head, shape.scales() / shape.kv_heads)],
        )
    }
}

impl Vectors {
    fn new(shape: CacheShape) -> Self {
        if shape.integers {
            Self::Integers {
                keys: Integers::new(shape),
                values: Integers::new(shape),
            }
        } else {
            let numbers = shape.layers * shape.numbers();
            Self::Single {
                keys: vec![0.0; numbers],
                values: vec![0.0; numbers],
            }
        }
    }

    /// Those of one layer, if they are numbers.
    pub(super) fn single(&self, shape: CacheShape, layer: usize) -> Option<(&[f32], &[f32])> {
        let Self::Single { keys, values } = self else {
            return None;
        };
        let places = places(layer, shape.numbers());
        Some((&keys[places.clone()], &values[places]))
    }

    /// Those of one layer, if they are integers.
    pub(super) fn integers(
        &self,
        shape: CacheShape,
        layer: usize,
    ) -> Option<(IntegerKeys<'_>, IntegerValues<'_>)> {
        let Self::Integers { keys, values } = self else {
            return None;
        };
        let (quants, scales) = keys.layer(shape, layer);
        let keys = IntegerKeys { quants, scales };
        let (quants, scales) = values.layer(shape, layer);
        Some((keys, IntegerValues { quants, scales }))
    }

    /// Writes the vectors of one position, `[kv_heads][head_dim]`.
    fn write(&mut self, shape: CacheShape, layer: usize, slot: usize, key: &[f32], value: &[f32]) {
        let dim = shape.head_dim;
        let heads = key.chunks_exact(dim).zip(value.chunks_exact(dim));
        for (head, (key, value)) in (layer * shape.kv_heads..).zip(heads) {
            match self {
                Self::Single { keys, values } => {
                    let vector = places(head * PAGE + slot, dim);
                    keys[vector.clone()].copy_from_slice(key);
                    values[vector].copy_from_slice(value);
                }
                Self::Integers { keys, values } => {
                    let (quants, scales) = keys.head(shape, head);
                    attention::write_key(quants, scales, slot, key);
                    let (quants, scales) = values.head(shape, head);
                    attention::write_value(quants, scales, slot, value);
                }
            }
        }
    }
}

/// The places of the `index`-th run of so many.
const fn places(index: usize, width: usize) -> Range<usize> {
    index * width..(index + 1) * width
}

#[derive(Debug)]
pub(super) struct PageData {
    pub(super) vectors: Vectors,
    /// Slots that some state has claimed.
    claimed: usize,
}

type Page = Arc<RwLock<PageData>>;

/// The cache of one prefix.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    shape: CacheShape,
    pages: Vec<Page>,
    len: usize,
}

impl Cache {
    pub(super) const fn new(shape: CacheShape) -> Self {
        Self {
            shape,
            pages: Vec::new(),
            len: 0,
        }
    }

    /// Positions that the cache holds.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The state after the first `len` positions. Shares every page.
    pub(super) fn prefix(&self, len: usize) -> Self {
        let len = len.min(self.len);
        Self {
            shape: self.shape,
            pages: self.pages[..len.div_ceil(PAGE)].to_vec(),
            len,
        }
    }

    /// Bytes of the pages, shared ones included.
    pub(super) fn bytes(&self) -> usize {
        self.pages.len() * self.shape.page_bytes()
    }

    /// Makes the next `count` positions writable by this state alone.
    pub(super) fn claim(&mut self, count: usize) {
        let end = self.len + count;
        // A pass that failed may have left pages beyond the prefix.
        self.pages.truncate(self.len.div_ceil(PAGE));
        if let Some(page) = self.pages.last_mut()
            && !self.len.is_multiple_of(PAGE)
        {
            let used = self.len % PAGE;
            if read(page).claimed > used {
                *page = copy_page(page, used);
            }
        }
        for index in self.len / PAGE..end.div_ceil(PAGE) {
            if index == self.pages.len() {
                let page = PageData {
                    vectors: Vectors::new(self.shape),
                    claimed: 0,
                };
                self.pages.push(Arc::new(RwLock::new(page)));
            }
            write(&self.pages[index]).claimed = (end - index * PAGE).min(PAGE);
        }
    }

    /// Writes keys and values `[n][kv_heads][head_dim]` of `layer` behind the prefix. The
    /// positions must have been claimed.
    pub(super) fn write(&self, layer: usize, keys: &[f32], values: &[f32]) {
        let width = self.shape.kv_heads * self.shape.head_dim;
        let rows = keys.chunks_exact(width).zip(values.chunks_exact(width));
        for (position, (key, value)) in (self.len..).zip(rows) {
            let mut page = write(&self.pages[position / PAGE]);
            let slot = position % PAGE;
            page.vectors.write(self.shape, layer, slot, key, value);
        }
    }

    pub(super) const fn shape(&self) -> CacheShape {
        self.shape
    }

    /// The pages, locked for reading.
    pub(super) fn read(&self) -> Vec<RwLockReadGuard<'_, PageData>> {
        self.pages.iter().map(read).collect()
    }

    /// Ends a forward pass: `count` claimed positions now belong to the prefix.
    pub(super) const fn advance(&mut self, count: usize) {
        self.len += count;
    }
}

/// A page of its own, of which the first `used` slots are claimed.
fn copy_page(page: &Page, used: usize) -> Page {
    Arc::new(RwLock::new(PageData {
        vectors: read(page).vectors.clone(),
        claimed: used,
    }))
}

// A panic while a page is locked poisons nothing that matters: slots are claimed anew.
fn read(page: &Page) -> RwLockReadGuard<'_, PageData> {
    page.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(page: &Page) -> RwLockWriteGuard<'_, PageData> {
    page.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: CacheShape = CacheShape {
        layers: 2,
        kv_heads: 2,
        head_dim: 8,
        integers: false,
    };

    /// Appends one position whose numbers are all `mark`.
    fn append(cache: &mut Cache, mark: f32) {
        cache.claim(1);
        for layer in 0..SHAPE.layers {
            cache.write(layer, &[mark; 16], &[-mark; 16]);
        }
        cache.advance(1);
    }

    /// The mark of each position, checked to stand in every layer and head.
    fn marks(cache: &Cache) -> Vec<f32> {
        let pages = cache.read();
        (0..cache.len())
            .map(|p| {
                let Vectors::Single { keys, values } = &pages[p / PAGE].vectors else {
                    panic!("pages are as the shape says")
                };
                let mark = keys[p % PAGE * SHAPE.head_dim];
                for head in 0..SHAPE.layers * SHAPE.kv_heads {
                    let at = (head * PAGE + p % PAGE) * SHAPE.head_dim;
                    assert_eq!([keys[at], values[at]], [mark, -mark]);
                }
                mark
            })
            .collect()
    }

    #[test]
    fn clones_go_on_alone() {
        let mut trunk = Cache::new(SHAPE);
        (0..40).for_each(|i| append(&mut trunk, i as f32));
        let mut branch = trunk.clone();
        append(&mut trunk, 100.0);
        append(&mut branch, 200.0);
        let mut early = trunk.prefix(10);
        append(&mut early, 300.0);
        assert_eq!(marks(&trunk)[39..], [39.0, 100.0]);
        assert_eq!(marks(&branch)[39..], [39.0, 200.0]);
        assert_eq!(marks(&early)[8..], [8.0, 9.0, 300.0]);
        assert_eq!(
            marks(&trunk)[..40],
            (0..40).map(|i| i as f32).collect::<Vec<_>>()
        );
    }

    #[test]
    fn going_on_in_place_shares_the_page() {
        let mut cache = Cache::new(SHAPE);
        append(&mut cache, 1.0);
        let snapshot = cache.clone();
        append(&mut cache, 2.0);
        assert!(Arc::ptr_eq(&snapshot.pages[0], &cache.pages[0]));
    }

    #[test]
    fn an_abandoned_claim_is_not_written_over() {
        let mut cache = Cache::new(SHAPE);
        append(&mut cache, 1.0);
        let mut other = cache.clone();
        cache.claim(1);
        append(&mut other, 2.0);
        assert_eq!(marks(&other), [1.0, 2.0]);
        assert!(!Arc::ptr_eq(&other.pages[0], &cache.pages[0]));
    }
}
