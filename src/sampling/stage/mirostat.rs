use super::{Candidates, Context, Rule};
use crate::sampling::softmax::Softmax;

/// Cuts so that the text keeps a surprise of τ bits a token, by feedback from the tokens so far.
///
/// S. Basu et al., "Mirostat: a neural text decoding algorithm that directly controls perplexity", 2021,
/// as read by llama.cpp. The state is the greatest surprise allowed, μ; [`mu`] computes it from the
/// surprises of the steps so far ([`Context::surprises`]), so a step can be replayed at any time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mirostat {
    /// Which algorithm.
    pub version: Version,
    /// The surprise to keep, τ, in bits.
    pub tau: f64,
    /// How fast μ follows, η.
    pub eta: f64,
}

/// Which of the two algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Estimates Zipf's exponent from the 100 best tokens, and from it how many tokens to keep.
    One,
    /// Removes every token with a surprise above μ.
    Two,
}

impl Rule for Mirostat {
    fn name(&self) -> &'static str {
        "mirostat"
    }

    fn is_off(&self) -> bool {
        false
    }

    fn apply(&self, candidates: &mut Candidates<'_>, context: &Context<'_>) {
        let mu = mu(self.tau, self.eta, context.surprises);
        match self.version {
            Version::One => {
                let count = zipf_count(candidates, mu);
                candidates.keep_first(count.max(1));
            }
            Version::Two => {
                let expected =
                    |softmax: Softmax| move |weight: f64| -libm::log2(weight / softmax.sum) <= mu;
                let count = candidates.leading(expected);
                candidates.keep_first(count.max(1));
            }
        }
        candidates.note(format!("μ is {mu:.3} bits"));
    }
}

/// μ after tokens with these surprises, in bits, each under the distribution that it was drawn from
/// (after mirostat's own cut, renormalised: [`Distribution::surprise`](crate::sampling::Distribution::surprise)).
///
/// μ₀ = 2τ; then μ = μ − η · (surprise − τ) after each.
#[must_use]
pub fn mu(tau: f64, eta: f64, surprises: &[f64]) -> f64 {
    let follow = |mu: f64, surprise: &f64| mu - eta * (surprise - tau);
    surprises.iter().fold(2.0 * tau, follow)
}

/// How many of the best tokens version 1 looks at.
const LOOKED_AT: usize = 100;

/// The number of best tokens that keeps the surprise at μ, if their probabilities fall by Zipf's law.
fn zipf_count(candidates: &mut Candidates<'_>, mu: f64) -> usize {
    let exponent = zipf_exponent(candidates);
    let epsilon = exponent - 1.0;
    let size = candidates.raw().len() as f64;
    let power = epsilon * libm::exp2(mu) / (1.0 - libm::pow(size, -epsilon));
    let count = libm::pow(power, 1.0 / exponent);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded down as in the reference; a cast of NaN is 0, one of ∞ the greatest number"
    )]
    let count = count as usize;
    count
}

/// The slope of ln p over ln rank, by least squares over neighbours.
fn zipf_exponent(candidates: &mut Candidates<'_>) -> f64 {
    let best = candidates.first(LOOKED_AT).to_vec();
    let (mut products, mut squares) = (0.0, 0.0);
    for (rank, pair) in (1_u32..).zip(best.windows(2)) {
        let run = libm::log(f64::from(rank + 1) / f64::from(rank));
        let fall = candidates.logit(pair[0]) - candidates.logit(pair[1]);
        products += run * fall;
        squares += run * run;
    }
    products / squares
}
