use super::{Candidates, Context, Rule};

/// Keeps only the best token; of several that tie, the one with the lowest id. Never off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greedy {
    /// Because sampling is switched off.
    NotSampling,
    /// Because the temperature is 0, which cannot divide.
    ZeroTemperature,
}

impl Rule for Greedy {
    fn name(&self) -> &'static str {
        "greedy"
    }

    fn is_off(&self) -> bool {
        false
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        candidates.keep_first(1);
        if *self == Self::ZeroTemperature {
            candidates.note("temperature 0 means greedy");
        }
    }
}
