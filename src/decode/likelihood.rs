//! Exact probabilities of a text that is there, and how far two settings are apart.

use std::ops::Range;

use serde::Serialize;

use super::session::Session;
use crate::error::Result;
use crate::sampling::Knobs;

/// A text under the model's own distribution and under that of the knobs (teacher forcing).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likelihood {
    /// The output, token by token.
    pub tokens: Vec<TokenLikelihood>,
    /// ln p of the whole output.
    pub raw: f64,
    /// The same under the knobs; `None` if they forbid one of its tokens.
    pub warped: Option<f64>,
    /// `exp(−raw / tokens)`; `None` without tokens.
    pub perplexity: Option<f64>,
}

/// One token of a [`Likelihood`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenLikelihood {
    /// The token.
    pub id: u32,
    /// The index in the token sequence.
    pub position: usize,
    /// Its text.
    pub text: String,
    /// ln of its probability.
    pub raw: f64,
    /// The same under the knobs; `None` if they forbid it.
    pub warped: Option<f64>,
}

/// How far two settings are apart at one position, over the whole vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Divergence {
    /// The index in the token sequence.
    pub position: usize,
    /// Half the sum of the absolute differences, 0 to 1.
    pub total_variation: f64,
    /// Kullback-Leibler divergence of B from A, `Σ a·log₂(a/b)`, in bits; `None` if it is infinite.
    pub kl: Option<f64>,
}

impl Session {
    /// The probabilities of the output so far, each token given those before it.
    ///
    /// # Errors
    /// [`KnobOutOfRange`](crate::error::Code::KnobOutOfRange),
    /// [`BadLogits`](crate::error::Code::BadLogits), and
    /// [`UnsupportedFeature`](crate::error::Code::UnsupportedFeature) inside tokens that
    /// candle-transformers read together.
    pub fn likelihood(&mut self, knobs: &Knobs) -> Result<Likelihood> {
        let tokens = self.token_likelihoods(knobs, 0..self.output().len())?;
        let raw: f64 = tokens.iter().map(|token| token.raw).sum();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a text has fewer than 2^53 tokens"
        )]
        let perplexity = (!tokens.is_empty()).then(|| libm::exp(-raw / tokens.len() as f64));
        Ok(Likelihood {
            warped: tokens.iter().map(|token| token.warped).sum(),
            raw,
            perplexity,
            tokens,
        })
    }

    /// The same for some tokens of the output, counted from its first, so that a long text can be
    /// looked at in pieces. Those that do not exist are left out.
    ///
    /// # Errors
    /// Those of [`Session::likelihood`].
    pub fn token_likelihoods(
        &mut self,
        knobs: &Knobs,
        tokens: Range<usize>,
    ) -> Result<Vec<TokenLikelihood>> {
        knobs.validate()?;
        let tokens = tokens.start..tokens.end.min(self.output().len());
        let first = self.prompt_length();
        tokens
            .map(|token| self.token_likelihood(first + token, knobs))
            .collect()
    }

    fn token_likelihood(&mut self, position: usize, knobs: &Knobs) -> Result<TokenLikelihood> {
        self.read_to(position)?;
        let id = self.tokens[position];
        let distribution = self.distribution(position, knobs)?;
        let warped = distribution.prob(id);
        let raw = distribution.raw().log_prob(id);
        self.reuse(distribution);
        Ok(TokenLikelihood {
            id,
            position,
            text: self.engine.piece(id).text,
            raw,
            warped: (warped > 0.0).then(|| libm::log(warped)),
        })
    }

    /// How far the distributions of knobs `a` and `b` are apart at a position of the sequence, or
    /// at the one after it. No forward pass.
    ///
    /// # Errors
    /// Those of [`Session::view`].
    pub fn divergence(&mut self, position: usize, a: &Knobs, b: &Knobs) -> Result<Divergence> {
        a.validate()?;
        b.validate()?;
        self.check_position(position)?;
        self.read_to(position)?;
        let a = self.distribution(position, a)?;
        let b = self.distribution(position, b)?;
        let (total_variation, kl) = apart(a.probabilities(), b.probabilities());
        self.reuse(a);
        Ok(Divergence {
            position,
            total_variation,
            kl,
        })
    }
}

/// Total variation, and the Kullback-Leibler divergence of `b` from `a` in bits where it is finite.
fn apart(a: &[f64], b: &[f64]) -> (f64, Option<f64>) {
    let pairs = || a.iter().zip(b);
    let variation: f64 = pairs().map(|(a, b)| (a - b).abs()).sum();
    let terms = pairs().filter(|(a, _)| **a > 0.0);
    let kl: Option<f64> = terms
        .map(|(a, b)| (*b > 0.0).then(|| a * libm::log2(a / b)))
        .sum();
    // Rounding may leave a little below 0 between equal distributions, or above 1.
    (f64::min(variation / 2.0, 1.0), kl.map(|kl| kl.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn distances_of_small_distributions() {
        assert_eq!(apart(&[0.5, 0.5], &[0.5, 0.5]), (0.0, Some(0.0)));
        assert_eq!(apart(&[1.0, 0.0], &[0.5, 0.5]), (0.5, Some(1.0)));
        assert_eq!(apart(&[0.5, 0.5], &[1.0, 0.0]), (0.5, None));
        assert_eq!(apart(&[1.0, 0.0], &[0.0, 1.0]), (1.0, None));
    }
}
