use super::temperature::LEAST;
use super::{Candidates, Context, Rule};

/// Divides by a temperature that rises with the entropy of the candidates. Off at a range of 0.
///
/// T = low + (high − low) · (H / H_max)^exponent, where low and high are the temperature minus (at least
/// 0) and plus the range, and H_max is ln of the number of candidates. kalomaze, "dynamic temperature",
/// 2023; llama.cpp's `temp_ext`. (That counts tokens which top-n-σ has cut among the candidates still.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DynamicTemperature {
    /// The middle of the range.
    pub temperature: f64,
    /// How far from the middle it goes.
    pub range: f64,
    /// How the share of the entropy maps to the range.
    pub exponent: f64,
}

impl Rule for DynamicTemperature {
    fn name(&self) -> &'static str {
        "dynamicTemperature"
    }

    fn is_off(&self) -> bool {
        self.range == 0.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        if candidates.len() == 1 {
            return;
        }
        let most = libm::log(candidates.len() as f64);
        // Rounding may lift the entropy of equal logits a hair above its greatest value.
        let share = (candidates.entropy() / most).min(1.0);
        let low = f64::max(0.0, self.temperature - self.range);
        let high = self.temperature + self.range;
        let temperature = low + (high - low) * libm::pow(share, self.exponent);
        candidates.divide(temperature.max(LEAST));
        candidates.note(format!("temperature {temperature:.3}"));
    }
}
