//! How far each knob can move before the choice of a step changes.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use super::session::Session;
use crate::error::Result;
use crate::sampling::knobs::KNOBS;
use crate::sampling::{Chain, Knobs, interval};

/// By the name of the knob: the least and the greatest value at which the choice is the same.
pub type Intervals = BTreeMap<&'static str, (f64, f64)>;

/// The intervals of some of the knobs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IntervalsPart {
    /// Of the knobs that were asked about.
    pub intervals: Intervals,
    /// No other knob has one.
    pub last: bool,
}

impl Session {
    /// For every scalar knob that shapes the distribution, the interval around its present value in
    /// which the token at `position` stays, the other knobs held ([`interval`]). Empty in the prompt,
    /// and where these knobs would draw another token than the one that stands there.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::error::Code::OutOfRange),
    /// [`KnobOutOfRange`](crate::error::Code::KnobOutOfRange).
    pub fn intervals(&mut self, position: usize, knobs: &Knobs) -> Result<Intervals> {
        self.intervals_part(position, knobs, 0..KNOBS.len())
            .map(|part| part.intervals)
    }

    /// As [`Session::intervals`], but only of these rows of the table of knobs, so that they can be
    /// found in pieces.
    ///
    /// # Errors
    /// As [`Session::intervals`].
    pub fn intervals_part(
        &mut self,
        position: usize,
        knobs: &Knobs,
        part: Range<usize>,
    ) -> Result<IntervalsPart> {
        knobs.validate()?;
        self.check_position(position)?;
        let end = part.end.min(KNOBS.len());
        let mut found = IntervalsPart {
            intervals: Intervals::new(),
            last: true,
        };
        if position < self.prompt_length() {
            return Ok(found);
        }
        self.read_to(position)?;
        let chain = Chain::from_knobs(knobs);
        let surprises = self.surprises(position, knobs, &chain)?;
        // Whole orders are asked for here, which would take the room of other positions' logits.
        let logits = self.logits.passing(&self.engine, position - 1)?;
        let distribution = self.warp_logits(&logits, position, &chain, &surprises);
        let draw = self.draw(&distribution, position, knobs);
        self.reuse(distribution);
        if self.tokens.get(position) == Some(&draw.id) {
            let (context, u) = (
                self.rules.context(&self.tokens[..position], &surprises),
                draw.u,
            );
            let of = |key| interval(knobs, key, &logits, &context, u).map(|found| (key, found));
            let rows = KNOBS.get(part.start..end).unwrap_or_default().iter();
            found.intervals = rows.filter_map(|spec| of(spec.key)).collect();
            found.last = end == KNOBS.len();
        }
        Ok(found)
    }
}
