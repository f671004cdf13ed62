//! What one query gets from one stretch of the cache, for the heads of some key heads.
//!
//! As many heads pass over keys and values together as registers hold. Scores and weights stand by whole
//! pages, `[heads][pages][PAGE]`; weights of slots that a query does not see are zero.

use std::ops::Range;

use super::queries::{Queries, for_heads, passes};
use super::{Keys, Next, PAGE, Place, Sequence, Shape, Values};
use crate::kernels::instruction::Dot;
use crate::kernels::lanes::F32x4;
use crate::kernels::math;

/// Positions whose scores are weighed together: so few that their keys and values stay in the first-level
/// cache, and a text of some hundreds has work for some threads.
pub(super) const STRETCH: usize = 4 * PAGE;

/// The part of a stretch that a query sees, for some key heads.
pub(super) struct Stretch<'a> {
    shape: &'a Shape,
    kv_heads: Range<usize>,
    positions: Range<usize>,
}

/// Heads that pass over a page's vectors together.
struct Pass<'a> {
    place: Place<'a>,
    page: usize,
    /// Their key head, counted from the first of the stretch.
    kv_head: usize,
    /// Query heads, counted from the first of their key head.
    heads: Range<usize>,
    /// Where their scores stand.
    scores: Range<usize>,
}

impl<'a> Stretch<'a> {
    pub(super) fn new(
        shape: &'a Shape,
        kv_heads: Range<usize>,
        number: usize,
        seen: &Range<usize>,
    ) -> Self {
        let within = |position: usize| position.clamp(number * STRETCH, (number + 1) * STRETCH);
        Self {
            shape,
            kv_heads,
            positions: within(seen.start)..within(seen.end),
        }
    }

    fn pages(&self) -> Range<usize> {
        self.positions.start / PAGE..self.positions.end.div_ceil(PAGE)
    }

    /// Scores of one head.
    fn stride(&self) -> usize {
        self.pages().len() * PAGE
    }

    /// Numbers that [`Self::answer`] makes.
    pub(super) fn numbers(&self) -> usize {
        self.kv_heads.len() * self.shape.partials().len()
    }

    /// Makes partial answers to queries from the `first` on, one of each key head. `scores` is room for what is
    /// made on the way.
    pub(super) fn answer<K: Keys, V: Values>(
        &self,
        queries: &Queries<K>,
        first: usize,
        cache: &Sequence<'_, K, V>,
        scores: &mut Vec<f32>,
        to: &mut [f32],
    ) {
        let (layout, stride) = (self.shape.partials(), self.stride());
        scores.resize(self.kv_heads.len() * layout.heads * stride, 0.0);
        self.for_each_pass(|pass| {
            let query = queries.of(first + pass.kv_head, &pass.heads);
            let next = self.next(&pass, &cache.keys);
            let (keys, scores) = (cache.keys[pass.page], &mut scores[pass.scores.clone()]);
            for_heads!(pass.heads, K::score(keys, &pass.place, next, query, scores));
        });
        to.fill(0.0);
        let start = self.positions.start % PAGE;
        let seen = start..start + self.positions.len();
        let answers = to.chunks_exact_mut(layout.len());
        for (answer, scores) in answers.zip(scores.chunks_exact_mut(layout.heads * stride)) {
            let [_, greatest, sums] = layout.split(answer);
            for (h, scores) in scores.chunks_exact_mut(stride).enumerate() {
                (greatest[h], sums[h]) = weigh(scores, seen.clone());
            }
        }
        self.for_each_pass(|pass| {
            let answer = &mut to[pass.kv_head * layout.len()..];
            let out = &mut answer[pass.heads.start * layout.dim..pass.heads.end * layout.dim];
            let next = self.next(&pass, &cache.values);
            let (values, weights) = (cache.values[pass.page], &scores[pass.scores.clone()]);
            for_heads!(pass.heads, V::mix(values, &pass.place, next, weights, out));
        });
    }

    /// All passes, in the order of memory.
    #[inline(always)]
    fn for_each_pass(&self, mut work: impl FnMut(Pass<'a>)) {
        let (pages, stride) = (self.pages(), self.stride());
        let group = self.shape.partials().heads;
        for page in pages.clone() {
            let slot = |position: usize| position.saturating_sub(page * PAGE).min(PAGE);
            let slots = slot(self.positions.start)..slot(self.positions.end);
            for (number, kv_head) in self.kv_heads.clone().enumerate() {
                for heads in passes(group) {
                    let first = number * group;
                    work(Pass {
                        place: Place {
                            shape: self.shape,
                            kv_head,
                            slots: slots.clone(),
                            at: (page - pages.start) * PAGE,
                            stride,
                        },
                        page,
                        kv_head: number,
                        scores: (first + heads.start) * stride..(first + heads.end) * stride,
                        heads,
                    });
                }
            }
        }
    }

    /// What is read after the head of a page over which a pass goes, if it is worth fetching. Of short
    /// texts, which do not fill a page, most would not be read.
    fn next<T: Copy>(&self, pass: &Pass<'_>, pages: &[T]) -> Option<Next<T>> {
        if pass.place.slots.len() < PAGE || !fetches_ahead() {
            return None;
        }
        let kv_head = pass.place.kv_head + 1;
        let (page, kv_head) = if kv_head < self.kv_heads.end {
            (pass.page, kv_head)
        } else {
            (pass.page + 1, self.kv_heads.start)
        };
        let page = *pages.get(page)?;
        Some(Next { page, kv_head })
    }
}

/// Whether pages are fetched ahead. Of the processors that were measured those with products of fours gain
/// by it. The others fetch pages well by themselves, and would only wait for the loads.
fn fetches_ahead() -> bool {
    matches!(Dot::of_host(), Dot::Fours(_))
}

/// Makes weights `2^(score − greatest)` of the scores that are `seen`, in place, and zero of the others. Returns
/// the greatest score, and the sum of the weights: of four running sums, one a lane, and then of what is left.
fn weigh(scores: &mut [f32], seen: Range<usize>) -> (f32, f32) {
    scores[..seen.start].fill(0.0);
    scores[seen.end..].fill(0.0);
    let (fours, rest) = scores[seen].as_chunks_mut::<4>();
    let mut greatest = F32x4::splat(f32::NEG_INFINITY);
    for four in &*fours {
        greatest = greatest.max(F32x4::load(four));
    }
    for score in &*rest {
        greatest = greatest.max(F32x4::splat(*score));
    }
    let greatest = greatest.largest();
    let (mut sum, exp2) = (F32x4::splat(0.0), math::Exp2::hidden());
    for four in fours {
        let weights = exp2.of(F32x4::load(four) - F32x4::splat(greatest));
        sum = sum + weights;
        weights.store(four);
    }
    let mut sum = sum.sum();
    for score in rest {
        *score = math::exp2(*score - greatest);
        sum += *score;
    }
    (greatest, sum)
}
