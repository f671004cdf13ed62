//! The tokens that are still in play while a chain runs, best first.

use std::ops::Range;

use super::in_play::{Buffers, KEPT};
use super::ranked::RankedLogits;
use super::softmax::Softmax;

/// The candidates of one position: their current logits, and their order.
///
/// Stages see them best first (current logit descending, ties by id), and change them only through
/// the methods here. So two promises hold whatever a stage asks for: the order is always right,
/// and one candidate always stays. They are put in order only as far as a stage looks: prefer
/// [`Candidates::best`], [`Candidates::first`] and the methods that keep to [`Candidates::ids`].
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

    /// The buffers, and what the weights of the survivors sum to; their entropy may be missing.
    pub(crate) fn finish_sum(mut self) -> (Buffers, Softmax) {
        let known = self.softmax;
        let softmax = known.unwrap_or_else(|| self.buffers.softmax_sum(self.raw));
        (self.buffers, softmax)
    }

    /// The logits as the model gave them.
    #[must_use]
    pub fn raw(&self) -> &RankedLogits {
        self.raw
    }

    /// The ids still in play: current logit descending, ties by id. Never empty. Sorts them all.
    #[must_use]
    pub fn ids(&mut self) -> &[u32] {
        self.buffers.sort_all(self.raw);
        &self.buffers.first
    }

    /// The first `count` of [`Candidates::ids`], or all if there are fewer.
    #[must_use]
    pub fn first(&mut self, count: usize) -> &[u32] {
        if count > self.buffers.first.len() {
            self.buffers.sort_all(self.raw);
        }
        let first = &self.buffers.first;
        &first[..count.min(first.len())]
    }

    /// The ids still in play, in their own order.
    pub(crate) fn in_play(&self) -> impl Iterator<Item = u32> {
        let marks = (0..).zip(&self.buffers.removed_by);
        marks.filter(|&(_, &mark)| mark == KEPT).map(|(id, _)| id)
    }

    /// How many are still in play, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.buffers.count
    }

    /// The best candidate: the greatest current logit, of several the lowest id.
    #[must_use]
    pub fn best(&self) -> u32 {
        self.buffers.first[0]
    }

    /// The current logit of a token, as the stages before have left it.
    #[must_use]
    pub fn logit(&self, id: u32) -> f64 {
        self.buffers.logits[id as usize]
    }

    /// What the softmax over the candidates needs, and exp(logit − greatest logit) of each, in the
    /// order of [`Candidates::ids`]. Computed once, until a stage changes a logit or the best one goes.
    pub(crate) fn weights(&mut self) -> (&[f64], Softmax) {
        self.buffers.sort_all(self.raw);
        self.first_weights()
    }

    /// As [`Candidates::weights`], but of those alone that are in order already.
    fn first_weights(&mut self) -> (&[f64], Softmax) {
        let softmax = self.softmax();
        self.buffers.weigh_first(softmax.max);
        (&self.buffers.weights, softmax)
    }

    /// How many candidates, from the best on, pass before the first that does not. The test, made
    /// anew for each pass, is called with their weights (see [`Candidates::weights`]) in their order.
    pub(crate) fn leading<T: FnMut(f64) -> bool>(&mut self, test: impl Fn(Softmax) -> T) -> usize {
        let (weights, softmax) = self.first_weights();
        let mut passes = test(softmax);
        let end = weights.iter().position(|&weight| !passes(weight));
        let looked_at = weights.len();
        match end {
            Some(end) => end,
            None if looked_at == self.len() => looked_at,
            None => {
                self.buffers.sort_all(self.raw);
                self.leading(test)
            }
        }
    }

    /// The entropy of the candidates' distribution, in nats.
    pub fn entropy(&mut self) -> f64 {
        self.softmax().entropy
    }

    fn softmax(&mut self) -> Softmax {
        *self
            .softmax
            .get_or_insert_with(|| self.buffers.softmax(self.raw))
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
        self.buffers.divide(divisor);
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
                self.buffers.changed = true;
                self.buffers.logits[id as usize] = new(id, self.buffers.logits[id as usize]);
                if self.buffers.removed_by[id as usize] == KEPT {
                    changed.push(id);
                }
            }
        }
        if !changed.is_empty() {
            self.buffers.reorder(self.raw, changed, &marked);
            self.forget_weights();
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
        self.buffers.keep(self.raw, places, self.stage.0);
        self.softmax = None;
    }

    /// Keeps the candidates up to the first whose logit fails the test, which must be one that
    /// no logit below a failing one passes; and at least the `floor` best.
    pub fn keep_while(&mut self, floor: usize, test: impl Fn(f64) -> bool) {
        let passing = |buffers: &Buffers| {
            let logit = |id: u32| buffers.logits[id as usize];
            buffers.first.partition_point(|&id| test(logit(id)))
        };
        let mut count = passing(&self.buffers);
        if count == self.buffers.first.len() && count < self.len() {
            self.buffers.sort_all(self.raw);
            count = passing(&self.buffers);
        }
        self.keep_first(count.max(floor));
    }

    /// Removes these tokens where they are still in play; if nothing would be left, the best stays.
    pub fn remove(&mut self, ids: &[u32]) {
        let before = self.len();
        if self.buffers.remove(self.raw, ids, self.stage.0) {
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
