//! Attention over numbers of single precision, for models whose weights are not quantised.

use super::{Keys, Next, PAGE, Place, Query, Shape, Values};
use crate::kernels::lanes::{F32x4, load8};

/// `[kv_heads][PAGE][dim]`
impl Keys for &[f32] {
    /// Eight columns.
    type Number = [f32; 8];
    const COLUMNS: usize = 8;

    fn prepare<const H: usize>(
        shape: &Shape,
        queries: &[f32],
        numbers: &mut [[f32; 8]],
        scales: &mut [f32],
    ) {
        scales.fill(shape.factor());
        let turns = numbers.as_chunks_mut::<H>().0;
        for (h, query) in queries.chunks_exact(shape.dim).enumerate() {
            let eights = query.as_chunks().0.iter();
            turns
                .iter_mut()
                .zip(eights)
                .for_each(|(turn, eight)| turn[h] = *eight);
        }
    }

    /// Each product is two vectors of four running sums, added, and then their lanes.
    ///
    /// One key at a time, so that the sums of all heads stay in registers.
    #[inline(always)]
    fn score<const H: usize>(
        self,
        place: &Place<'_>,
        _: Option<Next<Self>>,
        query: Query<'_, [f32; 8]>,
        scores: &mut [f32],
    ) {
        let turns = query.numbers.as_chunks::<H>().0;
        for (slot, key) in seen(self, place) {
            let mut sums = [[F32x4::splat(0.0); 2]; H];
            for (turn, key) in turns.iter().zip(key.as_chunks::<8>().0) {
                let (key_low, key_high) = load8(key);
                for (query, [low_sum, high_sum]) in turn.iter().zip(&mut sums) {
                    let (low, high) = load8(query);
                    *low_sum = *low_sum + low * key_low;
                    *high_sum = *high_sum + high * key_high;
                }
            }
            for (h, [low, high]) in sums.into_iter().enumerate() {
                scores[place.page(h)][slot] = (low + high).sum() * query.scales[h];
            }
        }
    }
}

/// `[kv_heads][PAGE][dim]`
impl Values for &[f32] {
    /// Positions in ascending order. Eight columns at a time stay in registers for the whole page.
    #[inline(always)]
    fn mix<const H: usize>(
        self,
        place: &Place<'_>,
        _: Option<Next<Self>>,
        weights: &[f32],
        out: &mut [f32],
    ) {
        let dim = place.shape.dim;
        let mut turns = [[0.0; H]; PAGE];
        for h in 0..H {
            let weights = &weights[place.page(h)];
            let turns = turns.iter_mut().zip(weights);
            turns.for_each(|(turn, &weight)| turn[h] = weight);
        }
        for column in (0..dim).step_by(8) {
            let at = |h: usize| h * dim + column;
            let mut sums: [_; H] = std::array::from_fn(|h| {
                let (low, high) = out[at(h)..].split_at(4);
                [F32x4::load(low), F32x4::load(high)]
            });
            for (slot, vector) in seen(self, place) {
                let low = F32x4::load(&vector[column..]);
                let high = F32x4::load(&vector[column + 4..]);
                for (&weight, [low_sum, high_sum]) in turns[slot].iter().zip(&mut sums) {
                    let weight = F32x4::splat(weight);
                    *low_sum = *low_sum + low * weight;
                    *high_sum = *high_sum + high * weight;
                }
            }
            for (h, [low, high]) in sums.into_iter().enumerate() {
                low.store(&mut out[at(h)..]);
                high.store(&mut out[at(h) + 4..]);
            }
        }
    }
}

/// The vectors that a query sees, and their slots.
#[inline(always)]
fn seen<'a>(vectors: &'a [f32], place: &Place<'_>) -> impl Iterator<Item = (usize, &'a [f32])> {
    let dim = place.shape.dim;
    let head = &vectors[place.kv_head * PAGE * dim..][..PAGE * dim];
    let slots = place.slots.clone();
    slots
        .clone()
        .zip(head[slots.start * dim..slots.end * dim].chunks_exact(dim))
}
