use super::{Candidates, Context, Rule};

/// Keeps the tokens whose surprise is nearest to the entropy, until they hold a mass. Off at 1.
///
/// C. Meister et al., "Locally typical sampling", 2022. Tokens are taken by |−ln p − H|, least first,
/// until their probabilities sum to the mass. With Hugging Face's `TypicalLogitsWarper` the sum must
/// reach it, and all that are as near as the last one stay; in llama.cpp the sum must exceed it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typical {
    /// The mass to reach, 0 to 1.
    pub mass: f64,
    /// Hugging Face's rule, or llama.cpp's.
    pub ties: bool,
}

impl Rule for Typical {
    fn name(&self) -> &'static str {
        "typicalP"
    }

    fn is_off(&self) -> bool {
        self.mass >= 1.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let entropy = candidates.entropy();
        let (weights, softmax) = candidates.weights();
        let probability: Vec<f64> = weights.iter().map(|weight| weight / softmax.sum).collect();
        let ids = candidates.ids().to_vec();
        let logits = ids.iter().map(|&id| candidates.logit(id));
        let surprises: Vec<f64> = logits
            .map(|logit| -softmax.log_probability(logit))
            .collect();
        let expected = surprises.partition_point(|&surprise| surprise < entropy);
        let shifts: Vec<f64> = surprises
            .iter()
            .map(|surprise| (surprise - entropy).abs())
            .collect();
        let enough = |sum: f64| sum > self.mass || (self.ties && sum == self.mass);
        let mut nearest = Nearest::new(&shifts, expected);
        let (mut sum, mut last) = (0.0, 0.0);
        for place in nearest.by_ref() {
            sum += probability[place];
            last = shifts[place];
            if enough(sum) {
                break;
            }
        }
        while self.ties && nearest.peek().is_some_and(|place| shifts[place] <= last) {
            nearest.next();
        }
        while nearest.high - nearest.low < context.min_tokens_to_keep && nearest.next().is_some() {}
        let kept = nearest.low..nearest.high;
        candidates.keep_range(kept);
    }
}

/// Places by ascending shift. Surprise rises along the candidates, so the shift falls towards one
/// place and rises after it: those taken so far are always one run, `low..high`.
struct Nearest<'a> {
    shifts: &'a [f64],
    low: usize,
    high: usize,
}

impl<'a> Nearest<'a> {
    /// None taken yet; the shifts fall before `start`, and rise from there on.
    fn new(shifts: &'a [f64], start: usize) -> Self {
        Self {
            shifts,
            low: start,
            high: start,
        }
    }

    /// The next place: on the side that is nearer, the likelier token first.
    fn peek(&self) -> Option<usize> {
        let above = self.low.checked_sub(1);
        let below = Some(self.high).filter(|&place| place < self.shifts.len());
        match (above, below) {
            (Some(above), Some(below)) if self.shifts[below] < self.shifts[above] => Some(below),
            (above, below) => above.or(below),
        }
    }
}

impl Iterator for Nearest<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = self.peek()?;
        self.low = self.low.min(place);
        self.high = self.high.max(place + 1);
        Some(place)
    }
}
