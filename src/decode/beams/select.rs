//! The candidates of a step: the best continuations of all beams, or drawn ones.

use super::BeamSettings;
use crate::decode::tree::{Path, Tree};
use crate::error::Result;
use crate::model::threads;
use crate::sampling::{RankedLogits, uniform_candidate};

/// Half of the step between two uniform numbers: what 0 counts as.
const LEAST: f64 = 0.5 / 9_007_199_254_740_992.0;

/// A beam with one token more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Continuation {
    pub(super) parent: usize,
    pub(super) id: u32,
    /// Sum of processed log-probabilities.
    pub(super) score: f64,
    /// ln p of the token under the model itself.
    pub(super) raw: f64,
}

/// One that may be chosen.
#[derive(Clone, Copy)]
struct Entry {
    parent: usize,
    id: u32,
    score: f64,
    /// What the choice goes by: the score, or that of a drawn candidate with its noise.
    key: f64,
}

/// How candidates are chosen.
pub(super) struct Choice {
    count: usize,
    /// One beam only: the processors act on logits, as they do without beams.
    alone: bool,
    /// For beam sampling: seed and step.
    draw: Option<(u64, u32)>,
}

impl Choice {
    pub(super) fn of(settings: &BeamSettings, count: usize, step: usize) -> Self {
        let step = u32::try_from(step).unwrap_or(u32::MAX);
        let draw = settings.samples().then_some((settings.knobs.seed, step));
        Self {
            count,
            alone: settings.num_beams == 1,
            draw,
        }
    }

    /// A standard Gumbel number is added to the score of a candidate that may be drawn: the
    /// greatest sums are a draw without replacement from the softmax of the scores.
    fn key(&self, parent: u32, id: u32, score: f64) -> f64 {
        let Some((seed, step)) = self.draw else {
            return score;
        };
        // Above 0, so that no logarithm is infinite.
        let u = f64::max(uniform_candidate(seed, step, parent, id), LEAST);
        score - libm::log(-libm::log(u))
    }
}

/// The chosen continuations of all beams, best score first; ties by beam, then by token.
pub(super) fn best(
    tree: &mut Tree,
    parents: &[&Path],
    logits: &[RankedLogits],
    choice: &Choice,
) -> Result<Vec<Continuation>> {
    // What the processors act on.
    let inputs = threads::map(logits, |logits| {
        if choice.alone {
            return Ok(logits.clone());
        }
        log_softmax(logits)
    });
    let mut all = Vec::new();
    for (parent, (path, logits)) in parents.iter().zip(inputs).enumerate() {
        all.extend(of_one(tree, parent, path, &logits?, choice));
    }
    keep(&mut all, choice.count, |entry| entry.key);
    all.sort_by(|a, b| order(a, b, |entry| entry.score));
    let chosen = all.into_iter().map(|entry| Continuation {
        parent: entry.parent,
        id: entry.id,
        score: entry.score,
        raw: logits[entry.parent].log_prob(entry.id),
    });
    Ok(chosen.collect())
}

/// The continuations of one beam that may be among the chosen ones.
fn of_one(
    tree: &mut Tree,
    parent: usize,
    path: &Path,
    logits: &RankedLogits,
    choice: &Choice,
) -> Vec<Entry> {
    let count = choice.draw.is_none().then_some(choice.count);
    let added = if choice.alone {
        log_probs(tree, path, logits, count)
    } else {
        tree.left(path, logits, count)
    };
    let place = u32::try_from(parent).unwrap_or(u32::MAX);
    let entry = |(id, added)| {
        let score = path.log_prob + added;
        Entry {
            parent,
            id,
            score,
            key: choice.key(place, id, score),
        }
    };
    let mut found: Vec<Entry> = added.into_iter().map(entry).collect();
    keep(&mut found, choice.count, |entry| entry.key);
    found
}

/// The renormalised log-probabilities of the `count` best tokens, or of all that may be drawn.
fn log_probs(
    tree: &mut Tree,
    path: &Path,
    logits: &RankedLogits,
    count: Option<usize>,
) -> Vec<(u32, f64)> {
    let processed = tree.warp(path, logits);
    let kept = processed.kept_by_warped_rank().iter();
    let added = kept.map(|&id| (id, libm::log(processed.prob(id))));
    // The last ones may be so improbable that no number says so.
    let possible = added.take_while(|&(_, added)| added > f64::NEG_INFINITY);
    let best = possible.take(count.unwrap_or(usize::MAX)).collect();
    tree.reuse(processed);
    best
}

/// The model's log-probabilities as logits.
fn log_softmax(logits: &RankedLogits) -> Result<RankedLogits> {
    let total = logits.log_sum_exp();
    let values = logits.values().iter();
    #[expect(clippy::cast_possible_truncation, reason = "logits are f32")]
    let values: Vec<f32> = values.map(|&x| (f64::from(x) - total) as f32).collect();
    RankedLogits::new(values)
}

/// Keeps the `count` greatest.
fn keep(all: &mut Vec<Entry>, count: usize, key: impl Fn(&Entry) -> f64) {
    if all.len() > count {
        all.select_nth_unstable_by(count, |a, b| order(a, b, &key));
        all.truncate(count);
    }
}

/// Greatest first; ties by beam, then by token.
fn order(a: &Entry, b: &Entry, key: impl Fn(&Entry) -> f64) -> std::cmp::Ordering {
    let descending = key(b).total_cmp(&key(a));
    descending.then((a.parent, a.id).cmp(&(b.parent, b.id)))
}
