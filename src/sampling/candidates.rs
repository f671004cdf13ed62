//! The tokens that are still in play while a chain runs, best first.

use std::ops::Range;

use super::distribution::Buffers;
use super::exp::exp_all;
use super::ranked::RankedLogits;
use super::softmax::Softmax;

/// The mark of a token that no stage has removed; other marks count the active stages from 1.
pub(crate) const KEPT: u8 = 0;

/// The candidates of one position: their current logits, and their order.
///
/// Stages see them best first (current logit descending, ties by id), and change them only through
/// the methods here. So two promises hold whatever a stage asks for: the order is always right,
/// and one candidate always stays.
#[derive(Debug)]
pub struct Candidates<'a> {
    raw: &'a RankedLogits,
    buffers: Buffers,
    /// The mark of the stage at work, and its name.
    stage: (u8, &'static str),
    note: Option<String>,
    /// What the logits now in play sum to, once a stage has asked.
    softmax: Option<Softmax>,
}

impl<'a> Candidates<'a> {
    /// All tokens with their raw logits.
    pub(crate) fn new(raw: &'a RankedLogits, mut buffers: Buffers) -> Self {
        buffers.start(raw);
        Self::resume(raw, buffers, None)
    }

    /// The candidates that buffers hold already, and what their weights sum to, if these are known.
    pub(crate) const fn resume(
        raw: &'a RankedLogits,
        buffers: Buffers,
        softmax: Option<Softmax>,
    ) -> Self {
        Self {
            raw,
            buffers,
            stage: (KEPT, ""),
            note: None,
            softmax,
        }
    }

    pub(crate) fn into_buffers(self) -> Buffers {
        self.buffers
    }

    /// From here on what is removed is removed by this stage.
    pub(crate) fn enter(&mut self, mark: u8, name: &'static str) {
        self.stage = (mark, name);
    }

    /// What the stage at work had to say, if anything.
    pub(crate) fn take_note(&mut self) -> Option<String> {
        self.note.take()
    }

    /// The buffers, with the weights of the survivors, and what these sum to.
    pub(crate) fn finish(mut self) -> (Buffers, Softmax) {
        let softmax = self.softmax();
        (self.buffers, softmax)
    }

    /// The logits as the model gave them.
    #[must_use]
    pub fn raw(&self) -> &RankedLogits {
        self.raw
    }

    /// The ids still in play: current logit descending, ties by id. Never empty.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        &self.buffers.order
    }

    /// How many are still in play, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.buffers.order.len()
    }

    /// The best candidate: the greatest current logit, of several the lowest id.
    #[must_use]
    pub fn best(&self) -> u32 {
        self.buffers.order[0]
    }

    /// The current logit of a token, as the stages before have left it.
    #[must_use]
    pub fn logit(&self, id: u32) -> f64 {
        self.buffers.logits[id as usize]
    }

    /// What the softmax over the candidates needs, and exp(logit − greatest logit) of each, in the
    /// order of [`Candidates::ids`]. Computed once, until a stage changes a logit or the best one goes.
    pub(crate) fn weights(&mut self) -> (&[f64], Softmax) {
        let softmax = self.softmax();
        (&self.buffers.weights, softmax)
    }

    /// The entropy of the candidates' distribution, in nats.
    pub fn entropy(&mut self) -> f64 {
        self.softmax().entropy
    }

    fn softmax(&mut self) -> Softmax {
        if let Some(softmax) = self.softmax {
            return softmax;
        }
        let Buffers {
            logits,
            order,
            weights,
            ..
        } = &mut self.buffers;
        let max = logits[order[0] as usize];
        let scores = order.iter().map(|&id| logits[id as usize]);
        if weights.len() != order.len() {
            weights.clear();
            weights.extend(scores.clone().map(|score| score - max));
            exp_all(weights);
        }
        let softmax = Softmax::of_weights(max, scores.zip(weights.iter().copied()).rev());
        self.softmax = Some(softmax);
        softmax
    }

    /// To be called when logits have changed: weights must then be computed anew.
    fn forget_weights(&mut self) {
        self.buffers.weights.clear();
        self.softmax = None;
    }

    /// Leaves a remark in the report of the stage at work.
    pub fn note(&mut self, note: impl Into<String>) {
        self.note = Some(note.into());
    }

    /// Divides every logit by the same positive number. What they were before is kept for the trace.
    pub fn divide(&mut self, divisor: f64) {
        let Buffers {
            logits, unscaled, ..
        } = &mut self.buffers;
        std::mem::swap(logits, unscaled);
        logits.clear();
        logits.extend(unscaled.iter().map(|logit| logit / divisor));
        self.forget_weights();
    }

    /// Gives each of these tokens a new logit, made of its id and its logit, once however often it is
    /// named; ids outside the vocabulary are passed over.
    pub fn rescore(&mut self, ids: impl IntoIterator<Item = u32>, new: impl Fn(u32, f64) -> f64) {
        let mut marked = vec![false; self.raw.len()];
        let mut changed = Vec::new();
        for id in ids {
            if self.raw.has(id) && !marked[id as usize] {
                marked[id as usize] = true;
                self.buffers.logits[id as usize] = new(id, self.buffers.logits[id as usize]);
                if self.buffers.removed_by[id as usize] == KEPT {
                    changed.push(id);
                }
            }
        }
        if !changed.is_empty() {
            self.reorder(changed, &marked);
            self.forget_weights();
        }
    }

    /// Puts the few `changed` ids (which are `marked`) back in their places among the many others.
    fn reorder(&mut self, mut changed: Vec<u32>, marked: &[bool]) {
        let Buffers { logits, order, .. } = &mut self.buffers;
        let place = |a: u32, b: u32| {
            let descending = logits[b as usize].total_cmp(&logits[a as usize]);
            descending.then(a.cmp(&b))
        };
        changed.sort_unstable_by(|&a, &b| place(a, b));
        order.retain(|&id| !marked[id as usize]);
        // A merge from the back, in place: `read` is the end of what has not moved yet.
        let mut read = order.len();
        order.resize(read + changed.len(), 0);
        let mut write = order.len();
        while let Some(&id) = changed.last() {
            write -= 1;
            if read > 0 && place(id, order[read - 1]).is_lt() {
                read -= 1;
                order[write] = order[read];
            } else {
                order[write] = id;
                changed.pop();
            }
        }
    }

    /// Removes all but the first `count`; the best one stays in any case.
    pub fn keep_first(&mut self, count: usize) {
        if count == 0 {
            self.note_the_spared();
        }
        self.keep_range(0..count.max(1));
    }

    /// Removes all but those at these places, of which there must be one.
    pub(crate) fn keep_range(&mut self, places: Range<usize>) {
        let places = places.start..places.end.min(self.len());
        debug_assert!(!places.is_empty(), "{places:?}");
        if places.len() == self.len() {
            return;
        }
        let Buffers {
            order,
            removed_by,
            weights,
            ..
        } = &mut self.buffers;
        for &id in order[..places.start].iter().chain(&order[places.end..]) {
            removed_by[id as usize] = self.stage.0;
        }
        // The weights of those that stay are the same as long as the best one stays.
        weights.truncate(if places.start == 0 { places.end } else { 0 });
        order.truncate(places.end);
        order.drain(..places.start);
        self.softmax = None;
    }

    /// Keeps the candidates up to the first whose logit fails the test, which must be one that
    /// no logit below a failing one passes.
    pub fn keep_while(&mut self, test: impl Fn(f64) -> bool) {
        let logits = &self.buffers.logits;
        let count = self
            .buffers
            .order
            .partition_point(|&id| test(logits[id as usize]));
        self.keep_first(count);
    }

    /// Removes these tokens where they are still in play; if nothing would be left, the best stays.
    pub fn remove(&mut self, ids: &[u32]) {
        let (best, before) = (self.best(), self.len());
        let Buffers {
            order, removed_by, ..
        } = &mut self.buffers;
        for &id in ids {
            if let Some(mark) = removed_by.get_mut(id as usize)
                && *mark == KEPT
            {
                *mark = self.stage.0;
            }
        }
        order.retain(|&id| removed_by[id as usize] == KEPT);
        if order.is_empty() {
            order.push(best);
            removed_by[best as usize] = KEPT;
            self.note_the_spared();
        }
        if self.len() != before {
            self.forget_weights();
        }
    }

    fn note_the_spared(&mut self) {
        let (best, stage) = (self.best(), self.stage.1);
        self.note(format!(
            "kept token {best}, the best one left, though {stage} would have removed it"
        ));
    }
}
