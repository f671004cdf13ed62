use super::{Candidates, Context, Rule};

/// Divides every logit: below 1 sharpens the distribution, above 1 flattens it. Off at 1.
///
/// Hugging Face's `TemperatureLogitsWarper`, llama.cpp's `temp`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature {
    /// The divisor, τ; 0 stands for the limit τ → 0.
    pub temperature: f64,
}

/// Below this every temperature gives the limit distribution: `f32` logits that differ, penalised
/// or not, are then further apart than `exp` can tell from 0. It keeps the quotients finite.
pub(super) const LEAST: f64 = 1e-260;

impl Rule for Temperature {
    fn name(&self) -> &'static str {
        "temperature"
    }

    #[expect(clippy::float_cmp, reason = "exactly 1 is the off value")]
    fn is_off(&self) -> bool {
        self.temperature == 1.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        candidates.divide(self.temperature.max(LEAST));
    }
}
