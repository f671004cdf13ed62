//! The logits of every position, within a budget of memory.
//!
//! What is kept for good is the model's output at each position, which is small. Ranked logits are
//! made from it when they are wanted, without a forward pass: one position's for a look at it, those of
//! several together for who reads on from one to the next, as a replay does. A replay begins at the
//! first again, so that what it has just passed it needs last, and that makes room for others.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::engine::Engine;
use crate::error::{Error, Result};
use crate::model::{Output, threads};
use crate::sampling::{Buffers, RankedLogits};

/// The most memory that the ranked logits of a text and all its branches take together, in bytes: at
/// least 53 positions of the default model, and some 210 whose whole vocabulary no one had to rank.
pub const BUDGET_BYTES: usize = 40 << 20;

/// So many positions' logits are made together for who reads on: the output layer is then read once for
/// all, and a call that waits for them still waits only some milliseconds.
const TOGETHER: usize = 8;

/// Ranked logits of one position, as long as there is room for them. A text and its branches share
/// those of the positions that they have in common.
#[derive(Debug, Default)]
struct Slot {
    ranked: RefCell<Option<RankedLogits>>,
    /// When they were last used.
    used: Cell<u64>,
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.ranked.borrow().is_none()
    }

    fn bytes(&self) -> usize {
        let ranked = self.ranked.borrow();
        ranked.as_ref().map_or(0, RankedLogits::bytes)
    }
}

/// What a text and its branches hold.
#[derive(Debug)]
struct Pool {
    /// Bytes that the slots may take together.
    budget: usize,
    /// The slots that are filled, and some that went with their texts.
    filled: RefCell<Vec<Weak<Slot>>>,
    clock: Cell<u64>,
    /// Memory for the next distribution, whosever it is: it takes 17 bytes a token.
    buffers: RefCell<Buffers>,
    /// Logits that are looked at more closely for a while, and whose they are.
    passing: RefCell<Option<(Weak<Slot>, RankedLogits)>>,
}

impl Default for Pool {
    fn default() -> Self {
        Self::new(BUDGET_BYTES)
    }
}

impl Pool {
    fn new(budget: usize) -> Self {
        Self {
            budget,
            filled: RefCell::default(),
            clock: Cell::default(),
            buffers: RefCell::default(),
            passing: RefCell::default(),
        }
    }

    /// Notes a use, and the order of uses.
    fn touch(&self, slot: &Slot) {
        self.clock.set(self.clock.get() + 1);
        slot.used.set(self.clock.get());
    }

    /// Fills an empty slot.
    fn put(&self, slot: &Rc<Slot>, ranked: RankedLogits) {
        slot.ranked.replace(Some(ranked));
        self.filled.borrow_mut().push(Rc::downgrade(slot));
    }

    /// The slots that are filled, of all texts that are still there.
    fn filled(&self) -> Vec<Rc<Slot>> {
        let filled = self.filled.borrow();
        filled.iter().filter_map(Weak::upgrade).collect()
    }
}

/// What is known of one position.
#[derive(Clone, Debug)]
struct Entry {
    output: Output,
    slot: Rc<Slot>,
}

/// Logits by position: those at index p say what follows token p. A clone is that of a branch.
#[derive(Clone, Debug, Default)]
pub(super) struct LogitsCache {
    entries: Vec<Entry>,
    /// The position whose ranked logits were wanted last.
    last: usize,
    pool: Rc<Pool>,
}

impl LogitsCache {
    /// Appends what the model gave.
    pub(super) fn extend(&mut self, outputs: Vec<Output>) {
        self.entries.extend(outputs.into_iter().map(|output| Entry {
            output,
            slot: Rc::default(),
        }));
    }

    /// What the model gave after token `position`.
    pub(super) fn output(&self, position: usize) -> &Output {
        &self.entries[position].output
    }

    /// Forgets all but the first `positions`.
    pub(super) fn truncate(&mut self, positions: usize) {
        self.entries.truncate(positions);
    }

    /// Bytes of outputs and ranked logits, those shared with branches included.
    pub(super) fn bytes(&self) -> usize {
        let of = |entry: &Entry| entry.output.bytes() + entry.slot.bytes();
        self.entries.iter().map(of).sum()
    }

    /// The logits after token `position`, checked and ranked.
    ///
    /// # Errors
    /// [`BadLogits`](crate::error::Code::BadLogits), with the position, and those of
    /// [`Model::logits`](crate::model::Model::logits).
    pub(super) fn ranked(&mut self, engine: &Engine, position: usize) -> Result<RankedLogits> {
        let reads_on = position == self.last + 1;
        self.last = position;
        let slot = &self.entries[position].slot;
        self.pool.touch(slot);
        if let Some(ranked) = &*slot.ranked.borrow() {
            return Ok(ranked.clone());
        }
        let ranked = self.fill(engine, position, if reads_on { TOGETHER } else { 1 })?;
        self.make_room(position);
        Ok(ranked)
    }

    /// Fills the slot after token `position`, which is empty, and with it those that follow, as far as
    /// they are empty too: `most` in all.
    fn fill(&self, engine: &Engine, position: usize, most: usize) -> Result<RankedLogits> {
        let behind = &self.entries[position + 1..];
        let empty = |entry: &&Entry| entry.slot.is_empty() && entry.output.has_logits();
        let more = behind.iter().take(most - 1).take_while(empty).count();
        let entries = &self.entries[position..=position + more];
        let outputs = entries.iter().map(|entry| &entry.output);
        let mut made = rank(engine, (position..).zip(outputs))?;
        for (entry, made) in entries.iter().zip(&made) {
            // Where a later one is bad, who wants that one is told.
            if let Ok(ranked) = made {
                self.pool.put(&entry.slot, ranked.clone());
            }
        }
        made.swap_remove(0)
    }

    /// Lets go of ranked logits beyond the budget, but not of those that are wanted now, after token
    /// `position`, or next. Bytes are counted anew each time: they grow when more of an order is asked for.
    fn make_room(&self, position: usize) {
        let mut filled = self.pool.filled();
        let mut bytes: usize = filled.iter().map(|slot| slot.bytes()).sum();
        if bytes > self.pool.budget {
            for slot in self.expendable(position, &filled) {
                bytes -= slot.bytes();
                slot.ranked.take();
                if bytes <= self.pool.budget {
                    break;
                }
            }
            filled.retain(|slot| !slot.is_empty());
        }
        let filled = filled.iter().map(Rc::downgrade).collect();
        self.pool.filled.replace(filled);
    }

    /// The slots that can be spared, in the order in which they should go: those of other texts, what was
    /// not used for longest first; then this text's own, first what is needed last by who reads it over
    /// and over and is at `position`.
    fn expendable(&self, position: usize, filled: &[Rc<Slot>]) -> Vec<Rc<Slot>> {
        let own: HashSet<*const Slot> = self.entries.iter().map(|e| Rc::as_ptr(&e.slot)).collect();
        let mut others = filled.to_vec();
        others.retain(|slot| !own.contains(&Rc::as_ptr(slot)));
        others.sort_by_key(|slot| slot.used.get());
        let (passed, behind) = self.entries.split_at(position);
        let later = behind.iter().skip(TOGETHER);
        let own = passed.iter().rev().chain(later.rev());
        others.extend(own.map(|entry| Rc::clone(&entry.slot)));
        others
    }

    /// As [`LogitsCache::ranked`], for a look at every rank of one position after another: what is ranked
    /// of them is not kept, and takes no other position's room.
    ///
    /// # Errors
    /// Those of [`LogitsCache::ranked`].
    pub(super) fn passing(&self, engine: &Engine, position: usize) -> Result<RankedLogits> {
        let Entry { output, slot } = &self.entries[position];
        let mut passing = self.pool.passing.borrow_mut();
        if let Some((of, logits)) = &*passing
            && of.as_ptr() == Rc::as_ptr(slot)
        {
            return Ok(logits.clone());
        }
        let kept = slot.ranked.borrow().as_ref().map(RankedLogits::detached);
        let logits = match kept {
            Some(logits) => logits,
            None => rank(engine, [(position, output)])?.remove(0)?,
        };
        *passing = Some((Rc::downgrade(slot), logits.clone()));
        Ok(logits)
    }

    /// Memory for a distribution, to be given back.
    pub(super) fn take_buffers(&self) -> Buffers {
        self.pool.buffers.take()
    }

    pub(super) fn give_buffers(&self, buffers: Buffers) {
        self.pool.buffers.replace(buffers);
    }

    /// The logits after positions `from..to`, unranked and not kept; `None` where the model gave none.
    pub(super) fn plain(
        &self,
        engine: &Engine,
        from: usize,
        to: usize,
    ) -> Result<Vec<Option<Arc<[f32]>>>> {
        let outputs: Vec<&Output> = self.entries[from..to].iter().map(|e| &e.output).collect();
        if outputs.iter().all(|output| output.has_logits()) {
            let logits = engine.model().logits(&outputs)?;
            return Ok(logits.into_iter().map(Some).collect());
        }
        Ok(vec![None; outputs.len()])
    }
}

/// The logits of some outputs, each the model's after the token at its position: checked and ranked, with
/// the softmax, which whoever asks for probabilities needs: here each thread computes some.
///
/// # Errors
/// Those of [`Model::logits`](crate::model::Model::logits); for each output
/// [`BadLogits`](crate::error::Code::BadLogits), with the position.
pub(super) fn rank<'a>(
    engine: &Engine,
    outputs: impl IntoIterator<Item = (usize, &'a Output)>,
) -> Result<Vec<Result<RankedLogits>>> {
    let (positions, outputs): (Vec<_>, Vec<_>) = outputs.into_iter().unzip();
    let logits = engine.model().logits(&outputs)?;
    let all: Vec<_> = positions.into_iter().zip(logits).collect();
    Ok(threads::map(&all, |(position, logits)| {
        let ranked = ranked(Arc::clone(logits), *position)?;
        ranked.softmax();
        Ok(ranked)
    }))
}

fn ranked(logits: Arc<[f32]>, position: usize) -> Result<RankedLogits> {
    RankedLogits::new(logits).map_err(|error| {
        let message = format!(
            "the model failed after token {position}: {}",
            error.message()
        );
        Error::new(error.code(), message)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::Loader;

    const POSITIONS: usize = 100;

    fn tiny() -> Engine {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/models/tiny/llama.gguf");
        let mut loader = Loader::new(None);
        loader
            .push(&std::fs::read(file).expect("a file"))
            .expect("a good file");
        Engine::new(loader).expect("an engine")
    }

    /// A text of [`POSITIONS`] tokens, and room for the logits of so many of them.
    fn text(engine: &Engine, room: usize) -> LogitsCache {
        let tokens: Vec<u32> = (0..POSITIONS as u32).collect();
        let mut state = engine.model().start();
        let outputs = engine.model_mut().run(&mut state, &tokens);
        let mut cache = LogitsCache::default();
        cache.extend(outputs.expect("outputs"));
        let one = cache.ranked(engine, 0).expect("logits").bytes();
        cache.pool = Rc::new(Pool::new(room * one));
        cache.entries[0].slot = Rc::default();
        cache
    }

    /// How often the model had to make logits, for one position or several, when those of all were wanted
    /// one after another.
    fn calls(cache: &mut LogitsCache, engine: &Engine) -> usize {
        let missed = |at: &usize| {
            let missing = cache.entries[*at].slot.is_empty();
            cache.ranked(engine, *at).expect("logits");
            assert!(!cache.entries[*at].slot.is_empty(), "position {at}");
            missing
        };
        (0..POSITIONS).filter(missed).count()
    }

    #[test]
    fn who_reads_a_text_over_and_over_finds_what_there_is_room_for() {
        let engine = tiny();
        let mut cache = text(&engine, 60);
        // The first alone, and then as many together as may be.
        let all = 1 + (POSITIONS - 1).div_ceil(TOGETHER);
        assert_eq!(calls(&mut cache, &engine), all);
        for _ in 0..3 {
            let again = calls(&mut cache, &engine);
            let most = (POSITIONS - 60).div_ceil(TOGETHER) + 2;
            assert!(again <= most, "{again} calls, more than {most}");
        }
    }

    #[test]
    fn what_other_texts_hold_goes_first() {
        let engine = tiny();
        let mut trunk = text(&engine, 60);
        let mut branch = trunk.clone();
        branch.truncate(30);
        let more = text(&engine, 0).entries.split_off(30);
        branch.entries.extend(more);
        calls(&mut trunk, &engine);
        calls(&mut branch, &engine);
        let held = |entries: &[Entry]| entries.iter().filter(|e| !e.slot.is_empty()).count();
        // All that is left of the trunk's is the branch's, too.
        let shared = held(&trunk.entries[..30]);
        assert_eq!((held(&branch.entries), held(&trunk.entries)), (60, shared));
    }
}
