//! The sequence state: keys and values of a prefix, as a value.
//!
//! Pages of [`PAGE`] positions are shared between clones. A slot of a page is written once: a
//! state that wants to write where another has written copies that page's earlier slots first.
//! So a clone costs a vector of pointers, any clone can go on alone, and every prefix of a state
//! is itself a state.
//!
//! Pages stand in slabs, which grow with a text up to [`MOST_PAGES`]; whoever comes first to the end
//! of a page has the next one of its slab.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::slab::{CacheShape, LayerPages, Slab};
use crate::kernels::attention::PAGE;

/// Pages of the largest slab, but for a longer run of new positions. More are read no faster.
const MOST_PAGES: usize = 8;

/// A slab, and what states have done with it.
#[derive(Debug)]
struct Shared {
    slab: Slab,
    /// Slots of each page that some state has claimed.
    claimed: Vec<usize>,
    /// Whether some state has gone on behind the last page.
    followed: bool,
}

impl Shared {
    fn new(slab: Slab) -> Self {
        Self {
            claimed: vec![0; slab.pages()],
            followed: false,
            slab,
        }
    }
}

/// A page of a slab.
#[derive(Clone, Debug)]
struct Page {
    shared: Arc<RwLock<Shared>>,
    index: usize,
}

impl Page {
    /// The first page of a slab that nobody else has.
    fn first(slab: Slab) -> Self {
        Self {
            shared: Arc::new(RwLock::new(Shared::new(slab))),
            index: 0,
        }
    }

    /// The page for what follows this one; `count` pages are wanted.
    fn next(&self, shape: CacheShape, count: usize) -> Self {
        let index = self.index + 1;
        let mut shared = write(&self.shared);
        let pages = match shared.claimed.get(index) {
            Some(0) => {
                return Self {
                    shared: self.shared.clone(),
                    index,
                };
            }
            None if !shared.followed => {
                shared.followed = true;
                usize::min(2 * shared.slab.pages(), MOST_PAGES)
            }
            // Another text has gone on from here, and what branches off may be short.
            _ => 1,
        };
        Self::first(Slab::new(shape, pages.max(count)))
    }

    /// A page of its own with the slots of this one.
    fn copy(&self) -> Self {
        Self::first(read(&self.shared).slab.copy_of(self.index))
    }

    /// Slots that some state has claimed.
    fn claimed(&self) -> usize {
        read(&self.shared).claimed[self.index]
    }

    fn claim(&self, slots: usize) {
        write(&self.shared).claimed[self.index] = slots;
    }

    fn is_beside(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

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

    /// Bytes of the slabs, shared ones included.
    pub(super) fn bytes(&self) -> usize {
        self.read().slab_pages().sum::<usize>() * self.shape.page_bytes()
    }

    /// Makes the next `count` positions writable by this state alone.
    pub(super) fn claim(&mut self, count: usize) {
        let end = self.len + count;
        // A pass that failed may have left pages beyond the prefix.
        self.pages.truncate(self.len.div_ceil(PAGE));
        let used = self.len % PAGE;
        if let Some(page) = self.pages.last_mut()
            && used > 0
            && page.claimed() > used
        {
            *page = page.copy();
        }
        let pages = end.div_ceil(PAGE);
        for index in self.len / PAGE..pages {
            if index == self.pages.len() {
                let wanted = pages - index;
                let page = match self.pages.last() {
                    Some(last) => last.next(self.shape, wanted),
                    None => Page::first(Slab::new(self.shape, wanted)),
                };
                self.pages.push(page);
            }
            self.pages[index].claim((end - index * PAGE).min(PAGE));
        }
    }

    /// Writes keys and values `[n][kv_heads][head_dim]` of `layer` behind the prefix. The
    /// positions must have been claimed.
    pub(super) fn write(&self, layer: usize, keys: &[f32], values: &[f32]) {
        let width = self.shape.kv_heads * self.shape.head_dim;
        let rows = keys.chunks_exact(width).zip(values.chunks_exact(width));
        for (position, (key, value)) in (self.len..).zip(rows) {
            let page = &self.pages[position / PAGE];
            let slab = &mut write(&page.shared).slab;
            slab.write(layer, page.index, position % PAGE, key, value);
        }
    }

    /// The pages, locked for reading.
    pub(super) fn read(&self) -> Reading<'_> {
        let slabs = self.pages.chunk_by(Page::is_beside);
        Reading {
            shape: self.shape,
            slabs: slabs.map(|pages| (read(&pages[0].shared), pages)).collect(),
        }
    }

    /// Ends a forward pass: `count` claimed positions now belong to the prefix.
    pub(super) const fn advance(&mut self, count: usize) {
        self.len += count;
    }
}

/// The pages of a cache, by slab, which nobody writes to meanwhile.
pub(super) struct Reading<'a> {
    shape: CacheShape,
    slabs: Vec<(RwLockReadGuard<'a, Shared>, &'a [Page])>,
}

impl Reading<'_> {
    /// Pages of each slab.
    fn slab_pages(&self) -> impl Iterator<Item = usize> {
        self.slabs.iter().map(|(shared, _)| shared.slab.pages())
    }

    /// What a layer has of each page.
    pub(super) fn layer(&self, layer: usize) -> LayerPages<'_> {
        let mut all = LayerPages::new(self.shape);
        for (shared, pages) in &self.slabs {
            for page in *pages {
                shared.slab.read(layer, page.index, &mut all);
            }
        }
        all
    }
}

// A panic while a slab is locked poisons nothing that matters: slots are claimed anew.
fn read(shared: &RwLock<Shared>) -> RwLockReadGuard<'_, Shared> {
    shared.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shared: &RwLock<Shared>) -> RwLockWriteGuard<'_, Shared> {
    shared.write().unwrap_or_else(PoisonError::into_inner)
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
        let layers = [0, 1].map(|layer| pages.layer(layer));
        let numbers = |head: usize, position: usize| {
            let LayerPages::Single(keys, values) = &layers[head / SHAPE.kv_heads] else {
                panic!("pages are as the shape says")
            };
            let (page, slot) = (position / PAGE, position % PAGE);
            let at = (head % SHAPE.kv_heads * PAGE + slot) * SHAPE.head_dim;
            [keys[page][at], values[page][at]]
        };
        let heads = SHAPE.layers * SHAPE.kv_heads;
        (0..cache.len())
            .map(|position| {
                let [mark, _] = numbers(0, position);
                for head in 0..heads {
                    assert_eq!(numbers(head, position), [mark, -mark]);
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
        assert!(snapshot.pages[0].is_beside(&cache.pages[0]));
    }

    #[test]
    fn an_abandoned_claim_is_not_written_over() {
        let mut cache = Cache::new(SHAPE);
        append(&mut cache, 1.0);
        let mut other = cache.clone();
        cache.claim(1);
        append(&mut other, 2.0);
        assert_eq!(marks(&other), [1.0, 2.0]);
        assert!(!other.pages[0].is_beside(&cache.pages[0]));
    }

    /// Pages of each slab.
    fn slabs(cache: &Cache) -> Vec<usize> {
        cache.read().slab_pages().collect()
    }

    #[test]
    fn slabs_grow_with_a_text_and_start_anew_with_a_branch() {
        let mut trunk = Cache::new(SHAPE);
        let extend = |cache: &mut Cache, pages: usize| {
            let marks = cache.len()..cache.len() + pages * PAGE;
            marks.for_each(|i| append(cache, i as f32));
        };
        extend(&mut trunk, 3);
        let mut branch = trunk.clone();
        extend(&mut trunk, 5);
        assert_eq!(slabs(&trunk), [1, 2, 4, 8]);
        assert_eq!(trunk.bytes(), 15 * SHAPE.page_bytes());
        extend(&mut branch, 2);
        assert_eq!(slabs(&branch), [1, 2, 1, 2]);
        let all = |pages: usize| (0..pages * PAGE).map(|i| i as f32).collect::<Vec<_>>();
        assert_eq!(marks(&trunk), all(8));
        assert_eq!(marks(&branch), all(5));
    }

    #[test]
    fn a_long_prompt_has_a_slab_of_its_own() {
        let mut cache = Cache::new(SHAPE);
        cache.claim(20 * PAGE + 1);
        assert_eq!(slabs(&cache), [21]);
    }
}
