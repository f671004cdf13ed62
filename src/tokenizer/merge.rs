//! Byte-pair merging: of all neighbours that may join, the pair of the best rank joins first, and
//! of equal ranks the leftmost. Both kinds of vocabulary use it; they differ in where ranks come from.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Marks the end of the list of symbols.
const NONE: u32 = u32::MAX;

/// A token in the making.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol {
    /// Its id; `None` while no token has these bytes.
    pub(super) id: Option<u32>,
    /// Where its bytes start in the text.
    pub(super) start: u32,
    /// Where they end.
    pub(super) end: u32,
}

/// A merge: the smaller rank goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Merge {
    pub(super) rank: u32,
    pub(super) id: u32,
}

/// Joins neighbours for as long as `join` has a merge for any of them; the rest is the result.
///
/// Takes O(n log n) for n symbols: a word of any length is safe.
pub(super) fn merge_all(
    symbols: &mut Vec<Symbol>,
    join: impl Fn(&Symbol, &Symbol) -> Option<Merge>,
) {
    if symbols.len() > 1 {
        Merger::new(symbols, join).run();
        symbols.retain(|s| s.start != s.end);
    }
}

struct Merger<'a, J> {
    symbols: &'a mut [Symbol],
    /// Neighbours of each symbol that still stands.
    previous: Vec<u32>,
    next: Vec<u32>,
    /// Candidates: rank, position of the left symbol, id of the result.
    queue: BinaryHeap<Reverse<(u32, u32, u32)>>,
    join: J,
}

impl<'a, J: Fn(&Symbol, &Symbol) -> Option<Merge>> Merger<'a, J> {
    fn new(symbols: &'a mut [Symbol], join: J) -> Self {
        let count = symbols.len() as u32;
        let mut merger = Self {
            symbols,
            previous: (0..count).map(|at| at.wrapping_sub(1)).collect(),
            next: (1..count).chain([NONE]).collect(),
            queue: BinaryHeap::with_capacity(count as usize),
            join,
        };
        for at in 0..count {
            merger.propose(at);
        }
        merger
    }

    fn run(mut self) {
        while let Some(Reverse((_, at, id))) = self.queue.pop() {
            // A candidate is stale once either side has joined something else.
            if self.merge_at(at).is_some_and(|merge| merge.id == id) {
                self.apply(at, id);
            }
        }
    }

    /// The merge of a symbol with the one after it.
    fn merge_at(&self, at: u32) -> Option<Merge> {
        let left = self.symbols.get(at as usize)?;
        let right = self.symbols.get(*self.next.get(at as usize)? as usize)?;
        if left.start == left.end {
            return None;
        }
        (self.join)(left, right)
    }

    fn propose(&mut self, at: u32) {
        if let Some(merge) = self.merge_at(at) {
            self.queue.push(Reverse((merge.rank, at, merge.id)));
        }
    }

    /// The left symbol takes the right one's bytes; the right one becomes empty.
    fn apply(&mut self, at: u32, id: u32) {
        let (left, right) = (at as usize, self.next[at as usize] as usize);
        self.symbols[left].id = Some(id);
        self.symbols[left].end = self.symbols[right].end;
        self.symbols[right].start = self.symbols[right].end;
        self.next[left] = self.next[right];
        if let Some(after) = self.previous.get_mut(self.next[left] as usize) {
            *after = at;
        }
        self.propose(self.previous[left]);
        self.propose(at);
    }
}
