//! The sequence state: keys and values of a prefix, as a value.
//!
//! Pages of [`PAGE`] positions are shared between clones. A slot of a page is written once: a
//! state that wants to write where another has written copies that page's earlier slots first.
//! So a clone costs a vector of pointers, any clone can go on alone, and every prefix of a state
//! is itself a state.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::kernels::attention::{Cached, PAGE};

/// What the size of a page depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CacheShape {
    pub(super) layers: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    /// Numbers are kept in half precision. Where weights are quantised nothing is lost by that: the
    /// activations' 8 bits are coarser.
    pub(super) half: bool,
}

/// The numbers of a page: `[layers][key, value][kv_heads][PAGE][head_dim]`.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    Single(Vec<f32>),
    Half(Vec<u16>),
}

impl Numbers {
    fn new(shape: CacheShape) -> Self {
        if shape.half {
            Self::Half(vec![0; shape.page()])
        } else {
            Self::Single(vec![0.0; shape.page()])
        }
    }

    pub(super) fn single(&self) -> Option<&[f32]> {
        match self {
            Self::Single(numbers) => Some(numbers),
            Self::Half(_) => None,
        }
    }

    pub(super) fn half(&self) -> Option<&[u16]> {
        match self {
            Self::Half(numbers) => Some(numbers),
            Self::Single(_) => None,
        }
    }

    /// Writes numbers from place `at` on.
    fn put(&mut self, at: usize, numbers: &[f32]) {
        match self {
            Self::Single(all) => narrow(&mut all[at..], numbers),
            Self::Half(all) => narrow(&mut all[at..], numbers),
        }
    }

    /// Copies these places from another page of the same shape.
    fn copy(&mut self, from: &Self, places: Range<usize>) {
        match (self, from) {
            (Self::Single(to), Self::Single(from)) => {
                to[places.clone()].copy_from_slice(&from[places]);
            }
            (Self::Half(to), Self::Half(from)) => {
                to[places.clone()].copy_from_slice(&from[places]);
            }
            _ => unreachable!("pages of one state are of one kind"),
        }
    }
}

fn narrow<T: Cached>(to: &mut [T], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = T::narrow(*from);
    }
}

impl CacheShape {
    /// Numbers of one layer's keys (or values) in a page: `[kv_heads][PAGE][head_dim]`.
    pub(super) const fn part(self) -> usize {
        self.kv_heads * PAGE * self.head_dim
    }

    /// Bytes of a number.
    const fn number(self) -> usize {
        if self.half { 2 } else { 4 }
    }

    const fn page(self) -> usize {
        self.layers * 2 * self.part()
    }
}

#[derive(Debug)]
pub(super) struct PageData {
    pub(super) numbers: Numbers,
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
        self.pages.len() * self.shape.page() * self.shape.number()
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
                *page = copy_page(page, self.shape, used);
            }
        }
        for index in self.len / PAGE..end.div_ceil(PAGE) {
            if index == self.pages.len() {
                let numbers = Numbers::new(self.shape);
                let page = PageData {
                    numbers,
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
        let CacheShape {
            kv_heads, head_dim, ..
        } = self.shape;
        let part = self.shape.part();
        let rows = keys
            .chunks_exact(head_dim)
            .zip(values.chunks_exact(head_dim));
        for (i, (key, value)) in rows.enumerate() {
            let (position, head) = (self.len + i / kv_heads, i % kv_heads);
            let mut page = write(&self.pages[position / PAGE]);
            let at = layer * 2 * part + (head * PAGE + position % PAGE) * head_dim;
            page.numbers.put(at, key);
            page.numbers.put(at + part, value);
        }
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

/// A page of its own with the first `used` slots of every head.
fn copy_page(page: &Page, shape: CacheShape, used: usize) -> Page {
    let old = read(page);
    let mut numbers = Numbers::new(shape);
    let head = PAGE * shape.head_dim;
    for start in (0..shape.page()).step_by(head) {
        numbers.copy(&old.numbers, start..start + used * shape.head_dim);
    }
    Arc::new(RwLock::new(PageData {
        numbers,
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
    use crate::kernels::math::half_to_f32;

    const SHAPE: CacheShape = CacheShape {
        layers: 2,
        kv_heads: 2,
        head_dim: 4,
        half: true,
    };

    /// Appends one position whose numbers are all `mark`.
    fn append(cache: &mut Cache, mark: f32) {
        cache.claim(1);
        for layer in 0..SHAPE.layers {
            cache.write(layer, &[mark; 8], &[-mark; 8]);
        }
        cache.advance(1);
    }

    /// The mark of each position, checked to stand in every layer and head.
    fn marks(cache: &Cache) -> Vec<f32> {
        let pages = cache.read();
        (0..cache.len())
            .map(|p| {
                let Numbers::Half(values) = &pages[p / PAGE].numbers else {
                    panic!("pages are as the shape says")
                };
                let at = |run: usize| half_to_f32(values[(run * PAGE + p % PAGE) * SHAPE.head_dim]);
                for layer in 0..SHAPE.layers {
                    assert_eq!([at(4 * layer), at(4 * layer + 1)], [at(0); 2]);
                    assert_eq!([at(4 * layer + 2), at(4 * layer + 3)], [-at(0); 2]);
                }
                at(0)
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
