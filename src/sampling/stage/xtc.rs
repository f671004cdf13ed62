use super::{Candidates, Context, Rule};
use crate::sampling::rng::{Purpose, uniform_for};
use crate::sampling::softmax::Softmax;

/// Now and then removes all tokens that reach a threshold except the least likely of them ("exclude
/// top choices"). Off at a probability of 0, and above a threshold of 0.5.
///
/// p-e-w, "XTC", 2024, as read by llama.cpp. Whether it acts in a step is a function of (seed, step),
/// like the draw but independent of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Xtc {
    /// How often it acts.
    pub probability: f64,
    /// The least probability of a top choice.
    pub threshold: f64,
    /// What its random numbers are made of: [`Knobs::seed`](crate::sampling::Knobs::seed).
    pub seed: u64,
}

impl Rule for Xtc {
    fn name(&self) -> &'static str {
        "xtc"
    }

    fn is_off(&self) -> bool {
        self.probability == 0.0 || self.threshold > 0.5
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let chance = uniform_for(Purpose::Xtc, self.seed, context.step);
        if chance > self.probability {
            candidates.note(format!("not this time: {chance:.3} > {}", self.probability));
            return;
        }
        let top = |softmax: Softmax| move |weight: f64| weight / softmax.sum >= self.threshold;
        let choices = candidates.leading(top);
        candidates.keep_range(choices.saturating_sub(1)..usize::MAX);
    }
}
