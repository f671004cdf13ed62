//! Causal attention of new positions over a paged cache.

use super::lanes::F32x4;
use super::math;

/// Positions in one page of the cache.
pub const PAGE: usize = 32;

/// What the attention of one layer needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; each serves `heads / kv_heads` query heads.
    pub kv_heads: usize,
    /// Length of one head, a multiple of eight.
    pub dim: usize,
    /// Factor on the scores, commonly `1/√dim`.
    pub scale: f32,
    /// A position sees only the last `window` positions, itself included.
    pub window: Option<usize>,
}

/// `softmax(q·Kᵀ·scale)·V` for queries `[n][heads][dim]` at positions `start..start + n`.
///
/// `keys` and `values` are the pages of the cache, each `[kv_heads][PAGE][dim]`; they must hold
/// every position up to `start + n`. Returns `[n][heads][dim]`.
pub fn attend(
    shape: Shape,
    queries: &[f32],
    start: usize,
    keys: &[&[f32]],
    values: &[&[f32]],
) -> Vec<f32> {
    let mut out = vec![0.0; queries.len()];
    let mut scores = Vec::new();
    let per_position = shape.heads * shape.dim;
    let rows = queries.chunks_exact(per_position);
    for (i, (row, out)) in rows.zip(out.chunks_exact_mut(per_position)).enumerate() {
        let end = start + i + 1;
        let first = shape.window.map_or(0, |w| end.saturating_sub(w));
        let heads = row.chunks_exact(shape.dim);
        for (h, (query, out)) in heads.zip(out.chunks_exact_mut(shape.dim)).enumerate() {
            let kv_head = h / (shape.heads / shape.kv_heads);
            let vectors = |pages| vectors(pages, shape, kv_head, first, end);
            scores.clear();
            scores.extend(vectors(keys).map(|key| dot(query, key) * shape.scale));
            softmax(&mut scores);
            weighted_sum(&scores, vectors(values), out);
        }
    }
    out
}

/// The vectors of one head at positions `first..end`, page by page.
fn vectors<'a>(
    pages: &'a [&'a [f32]],
    shape: Shape,
    kv_head: usize,
    first: usize,
    end: usize,
) -> impl Iterator<Item = &'a [f32]> + Clone {
    let skip = first / PAGE;
    let head = kv_head * PAGE * shape.dim..(kv_head + 1) * PAGE * shape.dim;
    pages[skip..end.div_ceil(PAGE)]
        .iter()
        .flat_map(move |page| page[head.clone()].chunks_exact(shape.dim))
        .skip(first - skip * PAGE)
        .take(end - first)
}

/// Two vectors of four running sums, then their lanes.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [F32x4::splat(0.0); 2];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        sums[0] = sums[0] + F32x4::load(&a[..4]) * F32x4::load(&b[..4]);
        sums[1] = sums[1] + F32x4::load(&a[4..]) * F32x4::load(&b[4..]);
    }
    (sums[0] + sums[1]).sum()
}

/// Softmax in place, with the maximum subtracted.
fn softmax(scores: &mut [f32]) {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for score in scores.iter_mut() {
        *score = math::exp(*score - max);
    }
    let sum: f32 = scores.iter().sum();
    let inverse = 1.0 / sum;
    for score in scores.iter_mut() {
        *score *= inverse;
    }
}

/// `out = Σ_j weights[j] · vectors[j]`, positions in ascending order.
fn weighted_sum<'a>(weights: &[f32], vectors: impl Iterator<Item = &'a [f32]>, out: &mut [f32]) {
    for (weight, vector) in weights.iter().zip(vectors) {
        let weight = F32x4::splat(*weight);
        let vectors = vector.as_chunks::<4>().0.iter();
        for (o, v) in out.as_chunks_mut::<4>().0.iter_mut().zip(vectors) {
            (F32x4::load(o) + F32x4::load(v) * weight).store(o);
        }
    }
}
