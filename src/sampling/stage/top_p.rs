use super::{Candidates, Context, Rule};

/// Keeps the smallest set of best tokens whose probabilities sum to at least p. Off at 1.
///
/// A. Holtzman et al., "The curious case of neural text degeneration", 2020, section 3.1, computed
/// as Hugging Face's `TopPLogitsWarper` does: from the least likely token upwards, a token goes
/// while the sum up to and with it is at most 1 − p; the best one stays. The probabilities are
/// those of the tokens that earlier stages left, renormalised.
///
/// Of tokens that tie where the cut falls, those with the lowest ids stay. (The library leaves
/// that to an unstable sort.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopP {
    /// The mass to reach, 0 to 1.
    pub p: f64,
}

impl Rule for TopP {
    fn name(&self) -> &'static str {
        "topP"
    }

    fn is_off(&self) -> bool {
        self.p >= 1.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        let may_go = 1.0 - self.p;
        let mut tail = 0.0;
        let probabilities = candidates.probabilities();
        let going = probabilities
            .iter()
            .rev()
            .take_while(|&&probability| {
                tail += probability;
                tail <= may_go
            })
            .count();
        let left = probabilities.len() - going;
        candidates.keep_first(left.max(1));
    }
}
