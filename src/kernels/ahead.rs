//! Memory that is fetched before it is needed.

use std::hint::black_box;
use std::slice::ChunksExact;

/// Bytes of a cache line on most processors.
pub(super) const LINE: usize = 64;

/// What will be read next, of which some lines are loaded now and then.
///
/// A processor fetches ahead what it takes for a stream, but only a little beyond where it is read: while
/// many vectors pass over one tile, or many heads over one page, nothing of the next would come.
/// WebAssembly has no prefetch, so a line is fetched by a load whose result nobody needs.
pub(super) struct Ahead<'a, T> {
    lines: ChunksExact<'a, T>,
}

impl<'a, T: Copy> Ahead<'a, T> {
    pub(super) fn new(next: &'a [T]) -> Self {
        Self {
            lines: next.chunks_exact(LINE / size_of::<T>()),
        }
    }

    /// Fetches the next few lines.
    #[inline(always)]
    pub(super) fn fetch(&mut self, lines: usize) {
        for line in self.lines.by_ref().take(lines) {
            black_box(line[0]);
        }
    }
}
