//! The logits of every position, within a budget of memory.
//!
//! What is kept for good is the model's output at each position, which is small. Ranked logits are
//! made from it when they are wanted, without a forward pass, and those that were not used for
//! longest make room for others.

use std::sync::Arc;

use super::engine::Engine;
use crate::error::{Error, Result};
use crate::model::Output;
use crate::sampling::RankedLogits;

/// The most memory that ranked logits take, in bytes: at least 85 positions of the default model, and
/// 340 whose whole vocabulary no one had to rank.
pub const BUDGET_BYTES: usize = 64 << 20;

/// What is known of one position.
#[derive(Clone, Debug)]
struct Entry {
    output: Output,
    ranked: Option<RankedLogits>,
    /// When it was last used.
    used: u64,
}

/// Logits by position: those at index p say what follows token p.
#[derive(Clone, Debug, Default)]
pub(super) struct LogitsCache {
    entries: Vec<Entry>,
    clock: u64,
}

impl LogitsCache {
    /// Appends what the model gave.
    pub(super) fn extend(&mut self, outputs: Vec<Output>) {
        self.entries.extend(outputs.into_iter().map(|output| Entry {
            output,
            ranked: None,
            used: 0,
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

    /// Bytes of outputs and ranked logits.
    pub(super) fn bytes(&self) -> usize {
        let outputs: usize = self.entries.iter().map(|entry| entry.output.bytes()).sum();
        outputs + self.ranked_bytes()
    }

    /// Bytes of ranked logits. Counted anew each time: they grow when more of their order is asked for.
    fn ranked_bytes(&self) -> usize {
        let ranked = self
            .entries
            .iter()
            .filter_map(|entry| entry.ranked.as_ref());
        ranked.map(RankedLogits::bytes).sum()
    }

    /// The logits after token `position`, checked and ranked.
    ///
    /// # Errors
    /// [`BadLogits`](crate::error::Code::BadLogits), with the position, and those of
    /// [`Model::logits`](crate::model::Model::logits).
    pub(super) fn ranked(&mut self, engine: &Engine, position: usize) -> Result<RankedLogits> {
        self.clock += 1;
        let entry = &mut self.entries[position];
        entry.used = self.clock;
        let ranked = match &entry.ranked {
            Some(ranked) => ranked.clone(),
            None => rank(engine, &entry.output, position)?,
        };
        entry.ranked = Some(ranked.clone());
        self.make_room();
        Ok(ranked)
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

    /// Lets go of the ranked logits that were not used for longest, but never of the last used.
    fn make_room(&mut self) {
        let mut bytes = self.ranked_bytes();
        while bytes > BUDGET_BYTES {
            let held = self.entries.iter_mut().filter(|e| e.ranked.is_some());
            let Some(oldest) = held.min_by_key(|entry| entry.used) else {
                return;
            };
            if oldest.used == self.clock {
                return;
            }
            bytes -= oldest.ranked.take().map_or(0, |ranked| ranked.bytes());
        }
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
