//! How far each knob can move before the choice of a step changes.

use std::collections::BTreeMap;

use super::session::Session;
use crate::error::Result;
use crate::sampling::knobs::KNOBS;
use crate::sampling::{Chain, Knobs, interval, uniform};

/// By the name of the knob: the least and the greatest value at which the choice is the same.
pub type Intervals = BTreeMap<&'static str, (f64, f64)>;

impl Session {
    /// For every scalar knob that shapes the distribution, the interval around its present value in
    /// which the token at `position` stays, the other knobs held ([`interval`]). Empty in the prompt,
    /// and where these knobs would draw another token than the one that stands there.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::error::Code::OutOfRange),
    /// [`KnobOutOfRange`](crate::error::Code::KnobOutOfRange).
    pub fn intervals(&mut self, position: usize, knobs: &Knobs) -> Result<Intervals> {
        knobs.validate()?;
        self.check_position(position)?;
        let Some(step) = position.checked_sub(self.prompt_length()) else {
            return Ok(Intervals::new());
        };
        self.read_to(position)?;
        let u = uniform(knobs.seed, step as u64);
        let distribution = self.distribution(position, knobs)?;
        let drawn = distribution.draw(u).id;
        self.reuse(distribution);
        if self.tokens.get(position) != Some(&drawn) {
            return Ok(Intervals::new());
        }
        let surprises = self.surprises(position, knobs, &Chain::from_knobs(knobs))?;
        let logits = self.logits.ranked(&self.engine, position - 1)?;
        let context = self.rules.context(&self.tokens[..position], &surprises);
        let of = |key| interval(knobs, key, &logits, &context, u).map(|interval| (key, interval));
        Ok(KNOBS.iter().filter_map(|spec| of(spec.key)).collect())
    }
}
