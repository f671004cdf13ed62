use super::{Candidates, Context, Rule};

/// Removes tokens whose logit is more than n standard deviations below the greatest. Off at 0.
///
/// C. Tang et al., "Top-nσ: not all logits are you need", 2024; llama.cpp's top-n-σ. The deviation is
/// that of the population of all candidates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopNSigma {
    /// How many standard deviations, n.
    pub n: f64,
}

impl Rule for TopNSigma {
    fn name(&self) -> &'static str {
        "topNSigma"
    }

    fn is_off(&self) -> bool {
        self.n <= 0.0
    }

    fn apply(&self, candidates: &mut Candidates<'_>, _: &Context<'_>) {
        let count = candidates.len() as f64;
        let best = candidates.logit(candidates.best());
        let ids = candidates.ids().to_vec();
        // Distances from the greatest: sums of numbers of one sign, and exact where all are equal.
        let below = || {
            let least_first = ids.iter().rev();
            least_first.map(|&id| best - candidates.logit(id))
        };
        let mean = below().sum::<f64>() / count;
        let variance = below()
            .map(|below| (below - mean) * (below - mean))
            .sum::<f64>()
            / count;
        let least = best - self.n * variance.sqrt();
        candidates.keep_while(0, |logit| logit >= least);
    }
}
