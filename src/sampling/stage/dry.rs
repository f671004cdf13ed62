use std::collections::BTreeMap;

use super::{Candidates, Context, Rule};

/// Penalises a token by how long a repetition it would continue ("don't repeat yourself"). Off at a
/// multiplier of 0.
///
/// If the text ends with m tokens that stand earlier in it too, followed there by token x, then
/// multiplier · base^(m − allowed) is taken off the logit of x, for the greatest m ≥ allowed. A repetition
/// does not reach over a breaker, and a breaker is not penalised. p-e-w, "DRY: a modern repetition
/// penalty", 2024, as read by llama.cpp; breakers here are single tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dry {
    /// The penalty of a repetition that is just too long.
    pub multiplier: f64,
    /// What each further token multiplies it by, at least 1.
    pub base: f64,
    /// The length from which on a repetition is penalised.
    pub allowed: usize,
    /// How many of the last tokens count.
    pub window: usize,
}

impl Rule for Dry {
    fn name(&self) -> &'static str {
        "dry"
    }

    fn is_off(&self) -> bool {
        self.multiplier == 0.0 || self.window == 0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let tokens = context.last(Some(self.window));
        let is_breaker = |id: &u32| context.breakers.contains(id);
        let reach = tokens.iter().rev().take_while(|id| !is_breaker(id)).count();
        if tokens.len() <= self.allowed || reach < self.allowed {
            return;
        }
        let mut longest = BTreeMap::new();
        for (end, length) in (1..).zip(common_suffixes(tokens)) {
            let length = length.min(reach);
            let next = tokens[end];
            if length >= self.allowed && !is_breaker(&next) {
                let known = longest.entry(next).or_insert(0);
                *known = length.max(*known);
            }
        }
        candidates.rescore(longest.keys().copied(), |id, logit| {
            logit - self.penalty(longest[&id])
        });
    }
}

/// ln of the greatest `f32`, which llama.cpp does not let the power exceed.
const MOST: f64 = 88.722_839_1;

impl Dry {
    fn penalty(&self, length: usize) -> f64 {
        let mut exponent = (length - self.allowed) as f64;
        if self.base > 1.000_001 {
            exponent = exponent.min((MOST / libm::log(self.base)).floor());
        }
        self.multiplier * libm::pow(self.base, exponent)
    }
}

/// For each proper prefix of the tokens, from that of one on: how many of its last tokens are also
/// the last tokens of the whole. Linear in their number (the Z-algorithm, from the back).
fn common_suffixes(tokens: &[u32]) -> Vec<usize> {
    let size = tokens.len();
    let at = |index: usize| tokens[size - 1 - index];
    let mut common = vec![0; size];
    // The stretch [left, right) of the reversed text is known to equal its beginning.
    let (mut left, mut right) = (0, 0);
    for start in 1..size {
        let mut length = 0;
        if start < right {
            length = usize::min(right - start, common[start - left]);
        }
        while start + length < size && at(length) == at(start + length) {
            length += 1;
        }
        if start + length > right {
            (left, right) = (start, start + length);
        }
        common[start] = length;
    }
    // `start` tokens from the end is the prefix of length `size − start`.
    common.drain(1..).rev().collect()
}
