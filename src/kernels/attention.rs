//! Causal attention of new positions over a paged cache.

use super::lanes::{F32x4, load8};
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
    let (row, group) = (
        shape.heads * shape.dim,
        shape.heads / shape.kv_heads * shape.dim,
    );
    for kv_head in 0..shape.kv_heads {
        let rows = queries.chunks_exact(row).zip(out.chunks_exact_mut(row));
        for (i, (queries, out)) in rows.enumerate() {
            let end = start + i + 1;
            let first = shape.window.map_or(0, |w| end.saturating_sub(w));
            let heads = kv_head * group..(kv_head + 1) * group;
            let runs = |pages| runs(pages, shape, kv_head, first, end);
            scores.resize(group / shape.dim * (end - first), 0.0);
            score(shape, &queries[heads.clone()], runs(keys), &mut scores);
            scores.chunks_exact_mut(end - first).for_each(softmax);
            mix(shape, &scores, runs(values), &mut out[heads]);
        }
    }
    out
}

/// The vectors of one head at positions `first..end`: what each page has of them.
fn runs<'a>(
    pages: &'a [&'a [f32]],
    shape: Shape,
    kv_head: usize,
    first: usize,
    end: usize,
) -> impl Iterator<Item = &'a [f32]> {
    (first / PAGE..end.div_ceil(PAGE)).map(move |page| {
        let slot = |position: usize| position.clamp(page * PAGE, (page + 1) * PAGE) - page * PAGE;
        let vector = |slot: usize| (kv_head * PAGE + slot) * shape.dim;
        &pages[page][vector(slot(first))..vector(slot(end))]
    })
}

/// Reads a number of each cache line, so that the lines are on their way when their turn comes.
fn touch(run: &[f32]) {
    let lines = run.as_chunks::<16>().0.iter();
    std::hint::black_box(lines.fold(0, |all, line| all ^ line[0].to_bits()));
}

/// Scores of the query heads `[heads][dim]` that share a key head: `[heads][positions]`.
///
/// A run of keys stays in the first-level cache while all queries pass over it.
fn score<'a>(
    shape: Shape,
    queries: &[f32],
    runs: impl Iterator<Item = &'a [f32]>,
    scores: &mut [f32],
) {
    let positions = scores.len() * shape.dim / queries.len();
    let mut at = 0;
    let mut runs = runs.peekable();
    while let Some(run) = runs.next() {
        touch(runs.peek().unwrap_or(&run));
        let count = run.len() / shape.dim;
        let rows = scores.chunks_exact_mut(positions);
        for (query, scores) in queries.chunks_exact(shape.dim).zip(rows) {
            score_run(query, run, shape.scale, &mut scores[at..at + count]);
        }
        at += count;
    }
}

/// `scores[j] = query · keys[j] · scale`, four positions at a time.
fn score_run(query: &[f32], keys: &[f32], scale: f32, scores: &mut [f32]) {
    let mut fours = keys.chunks_exact(4 * query.len());
    let (scores, rest) = scores.as_chunks_mut::<4>();
    for (keys, scores) in fours.by_ref().zip(scores) {
        let (first, second) = keys.split_at(2 * query.len());
        let ([a, b], [c, d]) = (dots(query, first), dots(query, second));
        (F32x4::sums([a, b, c, d]) * F32x4::splat(scale)).store(scores);
    }
    let keys = fours.remainder().chunks_exact(query.len());
    for (key, score) in keys.zip(rest) {
        *score = dot(query, key).sum() * scale;
    }
}

/// Products of a vector with each of two that stand one behind the other; see [`dot`].
#[inline(always)]
fn dots(a: &[f32], two: &[f32]) -> [F32x4; 2] {
    let (b, c) = two.split_at(a.len());
    let mut sums = [[F32x4::splat(0.0); 2]; 2];
    let eights = |x| <[f32]>::as_chunks::<8>(x).0.iter();
    for ((a, b), c) in eights(a).zip(eights(b)).zip(eights(c)) {
        let (low, high) = load8(a);
        for (sums, x) in sums.iter_mut().zip([b, c]) {
            let x = load8(x);
            sums[0] = sums[0] + low * x.0;
            sums[1] = sums[1] + high * x.1;
        }
    }
    sums.map(|[low, high]| low + high)
}

/// Two vectors of four running sums, added; their lanes are the caller's to add.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> F32x4 {
    let mut sums = [F32x4::splat(0.0); 2];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        let (a, b) = (load8(a), load8(b));
        sums[0] = sums[0] + a.0 * b.0;
        sums[1] = sums[1] + a.1 * b.1;
    }
    sums[0] + sums[1]
}

/// Softmax in place, with the maximum subtracted. The sum is of four running sums, one a lane,
/// and then of what is left.
fn softmax(scores: &mut [f32]) {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (fours, rest) = scores.as_chunks_mut::<4>();
    let mut sum = F32x4::splat(0.0);
    for four in fours {
        let weights = math::exp4(F32x4::load(four) - F32x4::splat(max));
        sum = sum + weights;
        weights.store(four);
    }
    let mut sum = sum.sum();
    for score in rest {
        *score = math::exp(*score - max);
        sum += *score;
    }
    let inverse = 1.0 / sum;
    for score in scores {
        *score *= inverse;
    }
}

/// `out[h] = Σ_j weights[h][j] · vectors[j]` for heads that share the vectors.
fn mix<'a>(shape: Shape, weights: &[f32], runs: impl Iterator<Item = &'a [f32]>, out: &mut [f32]) {
    let positions = weights.len() * shape.dim / out.len();
    let mut at = 0;
    let mut runs = runs.peekable();
    while let Some(run) = runs.next() {
        touch(runs.peek().unwrap_or(&run));
        let count = run.len() / shape.dim;
        let rows = weights.chunks_exact(positions);
        for (out, weights) in out.chunks_exact_mut(shape.dim).zip(rows) {
            mix_run(&weights[at..at + count], run, out);
        }
        at += count;
    }
}

/// Adds `weights[j] · vectors[j]` to `out`, positions in ascending order.
fn mix_run(weights: &[f32], vectors: &[f32], out: &mut [f32]) {
    let (fours, rest) = weights.as_chunks::<4>();
    let mut blocks = vectors.chunks_exact(4 * out.len());
    for (weights, block) in fours.iter().zip(blocks.by_ref()) {
        let weights = weights.map(F32x4::splat);
        let (ab, cd) = block.split_at(2 * out.len());
        let ((a, b), (c, d)) = (ab.split_at(out.len()), cd.split_at(out.len()));
        let fours = |x| <[f32]>::as_chunks::<4>(x).0.iter();
        let vectors = fours(a).zip(fours(b)).zip(fours(c)).zip(fours(d));
        for (o, (((a, b), c), d)) in out.as_chunks_mut::<4>().0.iter_mut().zip(vectors) {
            let mut sum = F32x4::load(o);
            for (x, weight) in [a, b, c, d].into_iter().zip(weights) {
                sum = sum + F32x4::load(x) * weight;
            }
            sum.store(o);
        }
    }
    for (weight, vector) in rest.iter().zip(blocks.remainder().chunks_exact(out.len())) {
        let weight = F32x4::splat(*weight);
        let vector = vector.as_chunks::<4>().0.iter();
        for (o, x) in out.as_chunks_mut::<4>().0.iter_mut().zip(vector) {
            (F32x4::load(o) + F32x4::load(x) * weight).store(o);
        }
    }
}
