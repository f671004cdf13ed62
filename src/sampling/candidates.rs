//! The tokens that are still in play while a chain runs, best first.

use super::distribution::Buffers;
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
}

impl<'a> Candidates<'a> {
    /// All tokens with their raw logits.
    pub(crate) fn new(raw: &'a RankedLogits, mut buffers: Buffers) -> Self {
        buffers.start(raw);
        Self {
            raw,
            buffers,
            stage: (KEPT, ""),
            note: None,
        }
    }

    /// From here on what is removed is removed by this stage.
    pub(crate) fn enter(&mut self, mark: u8, name: &'static str) {
        self.stage = (mark, name);
    }

    /// What the stage at work had to say, if anything.
    pub(crate) fn take_note(&mut self) -> Option<String> {
        self.note.take()
    }

    pub(crate) fn into_buffers(self) -> Buffers {
        self.buffers
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

    /// The probabilities of the candidates, in the order of [`Candidates::ids`]; they sum to 1.
    pub fn probabilities(&mut self) -> &[f64] {
        let Buffers {
            logits,
            order,
            scratch,
            ..
        } = &mut self.buffers;
        let at = |id: u32| logits[id as usize];
        scratch.clear();
        let ascending = order.iter().rev().map(|&id| (id, at(id)));
        let softmax = Softmax::sum(at(order[0]), ascending, |_, weight| scratch.push(weight));
        scratch.reverse();
        for weight in scratch.iter_mut() {
            *weight /= softmax.sum;
        }
        scratch
    }

    /// Leaves a remark in the report of the stage at work.
    pub fn note(&mut self, note: impl Into<String>) {
        self.note = Some(note.into());
    }

    /// Divides every logit by the same positive number.
    pub fn divide(&mut self, divisor: f64) {
        for logit in &mut self.buffers.logits {
            *logit /= divisor;
        }
    }

    /// Gives each of these tokens a new logit, once however often it is named; ids outside the
    /// vocabulary are passed over.
    pub fn rescore(&mut self, ids: &[u32], new: impl Fn(f64) -> f64) {
        let mut marked = vec![false; self.raw.len()];
        let mut changed = Vec::new();
        for &id in ids {
            if self.raw.has(id) && !marked[id as usize] {
                marked[id as usize] = true;
                self.buffers.logits[id as usize] = new(self.buffers.logits[id as usize]);
                if self.buffers.removed_by[id as usize] == KEPT {
                    changed.push(id);
                }
            }
        }
        self.reorder(changed, &marked);
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
        let count = count.clamp(1, self.len());
        for &id in &self.buffers.order[count..] {
            self.buffers.removed_by[id as usize] = self.stage.0;
        }
        self.buffers.order.truncate(count);
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
        let best = self.best();
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
    }

    fn note_the_spared(&mut self) {
        let (best, stage) = (self.best(), self.stage.1);
        self.note(format!(
            "kept token {best}, the best one left, though {stage} would have removed it"
        ));
    }
}
