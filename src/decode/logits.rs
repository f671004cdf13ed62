//! The logits of every position, within a budget of memory.
//!
//! What is kept for good is the model's output at each position, which is small. Ranked logits are
//! made from it when they are wanted, without a forward pass, and those that were not used for
//! longest make room for others.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::engine::Engine;
use crate::error::{Error, Result};
use crate::model::Output;
use crate::sampling::{Buffers, RankedLogits};

/// The most memory that the ranked logits of a text and all its branches take together, in bytes: at
/// least 85 positions of the default model, and 340 whose whole vocabulary no one had to rank.
pub const BUDGET_BYTES: usize = 64 << 20;

/// Ranked logits of one position, as long as there is room for them. A text and its branches share
/// those of the positions that they have in common.
#[derive(Debug, Default)]
struct Slot {
    ranked: RefCell<Option<RankedLogits>>,
    /// When they were last used.
    used: Cell<u64>,
}

impl Slot {
    fn bytes(&self) -> usize {
        let ranked = self.ranked.borrow();
        ranked.as_ref().map_or(0, RankedLogits::bytes)
    }
}

/// What a text and its branches hold.
#[derive(Debug, Default)]
struct Pool {
    /// The slots that are filled, and some that went with their texts.
    filled: RefCell<Vec<Weak<Slot>>>,
    clock: Cell<u64>,
    /// Memory for the next distribution, whosever it is: it takes 17 bytes a token.
    buffers: RefCell<Buffers>,
    /// Logits that are looked at more closely for a while, and whose they are.
    passing: RefCell<Option<(Weak<Slot>, RankedLogits)>>,
}

impl Pool {
    /// Notes a use, and the order of uses.
    fn touch(&self, slot: &Slot) {
        self.clock.set(self.clock.get() + 1);
        slot.used.set(self.clock.get());
    }

    /// Lets go of the ranked logits that were not used for longest, but never of the last used.
    /// Bytes are counted anew each time: they grow when more of an order is asked for.
    fn make_room(&self) {
        let mut filled = self.filled.borrow_mut();
        let mut slots: Vec<Rc<Slot>> = filled.iter().filter_map(Weak::upgrade).collect();
        let mut bytes: usize = slots.iter().map(|slot| slot.bytes()).sum();
        if bytes > BUDGET_BYTES {
            slots.sort_by_key(|slot| slot.used.get());
        }
        let mut gone = 0;
        while bytes > BUDGET_BYTES && gone + 1 < slots.len() {
            bytes -= slots[gone].bytes();
            slots[gone].ranked.take();
            gone += 1;
        }
        *filled = slots[gone..].iter().map(Rc::downgrade).collect();
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
        let Entry { output, slot } = &self.entries[position];
        self.pool.touch(slot);
        if let Some(ranked) = &*slot.ranked.borrow() {
            return Ok(ranked.clone());
        }
        let ranked = rank(engine, output, position)?;
        slot.ranked.replace(Some(ranked.clone()));
        self.pool.filled.borrow_mut().push(Rc::downgrade(slot));
        self.pool.make_room();
        Ok(ranked)
    }

    /// The same, for a look at every rank of one position after another: what is ranked of them is not
    /// kept, and takes no other position's room.
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
        let logits = kept.map_or_else(|| rank(engine, output, position), Ok)?;
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

fn rank(engine: &Engine, output: &Output, position: usize) -> Result<RankedLogits> {
    let mut logits = engine.model().logits(&[output])?;
    ranked(logits.remove(0), position)
}

/// The logits after token `position`, checked and ranked.
pub(super) fn ranked(logits: Arc<[f32]>, position: usize) -> Result<RankedLogits> {
    RankedLogits::new(logits).map_err(|error| {
        let message = format!(
            "the model failed after token {position}: {}",
            error.message()
        );
        Error::new(error.code(), message)
    })
}
