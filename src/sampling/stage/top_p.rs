use super::{Candidates, Context, Rule};
use crate::sampling::softmax::Softmax;

/// Keeps the smallest set of best tokens whose probabilities sum to at least p. Off at 1.
///
/// A. Holtzman et al., "The curious case of neural text degeneration", 2020, section 3.1. The
/// probabilities are those of the tokens that earlier stages left, renormalised.
///
/// Of tokens that tie where the cut falls, those with the lowest ids stay. (The libraries leave
/// that to an unstable sort.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopP {
    /// The mass to reach, 0 to 1.
    pub p: f64,
    /// From which end the probabilities are added up, which matters where rounding does.
    pub sum: Sum,
}

/// The end from which top-p adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// As Hugging Face's `TopPLogitsWarper`: from the least likely token upwards, a token goes while
    /// the sum up to and with it is at most 1 − p; the best one stays.
    FromTheLeast,
    /// As llama.cpp: from the likeliest token downwards, until the sum is at least p.
    FromTheBest,
}

impl Rule for TopP {
    fn name(&self) -> &'static str {
        "topP"
    }

    fn is_off(&self) -> bool {
        self.p >= 1.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let left = match self.sum {
            Sum::FromTheLeast => {
                let (weights, softmax) = candidates.weights();
                let probabilities = weights.iter().map(|weight| weight / softmax.sum);
                let mut sum = 0.0;
                let may_go = |probability: &f64| {
                    sum += probability;
                    sum <= 1.0 - self.p
                };
                weights.len() - probabilities.rev().take_while(may_go).count()
            }
            Sum::FromTheBest => {
                let short = |softmax: Softmax| {
                    let mut sum = 0.0;
                    move |weight: f64| {
                        sum += weight / softmax.sum;
                        sum < self.p
                    }
                };
                candidates.leading(short) + 1
            }
        };
        candidates.keep_first(left.max(context.min_tokens_to_keep).max(1));
    }
}
