//! What a picture of one position shows: bars, *others*, stages, the draw and the chosen token.

use serde::Serialize;

use super::distribution::{Distribution, Draw, StageReport};
use super::ranked::RankedLogits;
use super::softmax::Softmax;
use crate::error::{Code, Error, Result};

/// The text of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its text; bytes that are not whole UTF-8 are written as `\xE2`.
    pub text: String,
    /// Whether it has such bytes.
    pub partial: bool,
}

/// Which position a view is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The index in the token sequence, prompt included.
    pub position: usize,
    /// The same counted from the first generated token; negative in the prompt.
    pub step: i64,
    /// The token that stands there.
    pub chosen: u32,
    /// The draw, if there was one.
    pub draw: Option<Draw>,
}

/// Everything that a picture of one position shows. Its JSON is what crosses to the page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// See [`Place::position`].
    pub position: usize,
    /// See [`Place::step`].
    pub step: i64,
    /// The number of tokens in the vocabulary.
    pub vocabulary: usize,
    /// The first tokens by raw rank, then the chosen one if it is not among them.
    pub tokens: Vec<Bar>,
    /// All tokens without a bar.
    pub others: Others,
    /// Of the raw distribution.
    pub raw: Spread,
    /// Of the warped distribution.
    pub warped: Spread,
    /// The tokens that survive.
    pub kept: Kept,
    /// What each active stage did, in order.
    pub stages: Vec<StageReport>,
    /// The draw on the warped distribution, if there was one.
    pub draw: Option<Draw>,
    /// The token that stands at the position.
    pub chosen: Chosen,
}

/// One token as a bar.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bar {
    /// The token.
    pub id: u32,
    /// Its raw rank, from 0.
    pub rank: usize,
    /// See [`Piece::text`].
    pub text: String,
    /// See [`Piece::partial`].
    pub partial: bool,
    /// The raw logit.
    pub logit: f32,
    /// The logit after the biases and penalties that act before the temperature, also of a token that
    /// was removed; see [`Distribution::penalised_logit`].
    pub penalised: f64,
    /// The logit as the stages left it, so divided by the temperature, also of a token that was
    /// removed; see [`Distribution::warped_logit`].
    pub scaled: f64,
    /// The softmax of `scaled` over the whole vocabulary, removed tokens included: the probability
    /// that the token would have if nothing were cut or banned.
    pub softmax: f64,
    /// The raw probability.
    pub raw: f64,
    /// The warped probability.
    pub warped: f64,
    /// Where its interval on the cumulative warped distribution begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// The stage that removed it, if one did.
    pub removed_by: Option<&'static str>,
}

/// All tokens without a bar, together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Others {
    /// How many.
    pub count: usize,
    /// How many of them survive.
    pub kept: usize,
    /// Their raw probability mass.
    pub raw: f64,
    /// Their warped probability mass.
    pub warped: f64,
}

/// How spread out a distribution is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Entropy in bits.
    pub entropy: f64,
    /// 2^entropy: the number of equally likely tokens with this entropy.
    pub effective: f64,
}

/// The tokens that survive every stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Kept {
    /// How many.
    pub count: usize,
    /// Their raw probability mass.
    pub mass: f64,
}

/// The token that stands at the position.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// The token.
    pub id: u32,
    /// See [`Piece::text`].
    pub text: String,
    /// See [`Piece::partial`].
    pub partial: bool,
    /// Its raw rank, from 0.
    pub rank: usize,
    /// Its raw probability.
    pub raw: f64,
    /// Its warped probability.
    pub warped: f64,
    /// ln of its raw probability.
    pub log_prob: f64,
}

impl View {
    /// The view of a position, with bars for the first `top` tokens by raw rank.
    ///
    /// # Errors
    ///
    /// [`Code::OutOfRange`] if the vocabulary has no token `place.chosen`.
    pub fn new(
        distribution: &Distribution,
        place: &Place,
        top: usize,
        text: &dyn Fn(u32) -> Piece,
    ) -> Result<Self> {
        let logits = distribution.raw();
        let chosen = chosen(distribution, place.chosen, text)?;
        let top = top.min(logits.len());
        let chosen_apart = Some(chosen.rank).filter(|&rank| rank >= top);
        let bars = (0..top).chain(chosen_apart);
        let softmax = distribution.softmax_before_truncation();
        Ok(Self {
            position: place.position,
            step: place.step,
            vocabulary: logits.len(),
            tokens: bars
                .map(|rank| bar(distribution, &softmax, rank, text))
                .collect(),
            others: Others::beyond(distribution, top, chosen_apart),
            raw: spread(logits.entropy(), logits.effective()),
            warped: spread(distribution.entropy(), distribution.effective()),
            kept: Kept {
                count: distribution.kept_count(),
                mass: distribution.kept_mass(),
            },
            stages: distribution.reports().to_vec(),
            draw: place.draw,
            chosen,
        })
    }
}

fn chosen(distribution: &Distribution, id: u32, text: &dyn Fn(u32) -> Piece) -> Result<Chosen> {
    let logits: &RankedLogits = distribution.raw();
    if !logits.has(id) {
        let message = format!("there is no token {id} in a vocabulary of {}", logits.len());
        return Err(Error::new(Code::OutOfRange, message));
    }
    let Piece { text, partial } = text(id);
    Ok(Chosen {
        id,
        text,
        partial,
        rank: logits.rank(id),
        raw: logits.prob(id),
        warped: distribution.prob(id),
        log_prob: logits.log_prob(id),
    })
}

fn bar(
    distribution: &Distribution,
    softmax: &Softmax,
    rank: usize,
    text: &dyn Fn(u32) -> Piece,
) -> Bar {
    let id = distribution.raw().order()[rank];
    let (low, high) = distribution.interval_at(rank);
    let Piece { text, partial } = text(id);
    Bar {
        id,
        rank,
        text,
        partial,
        logit: distribution.raw().logit(id),
        penalised: distribution.penalised_logit(id),
        scaled: distribution.warped_logit(id),
        softmax: softmax.probability(distribution.warped_logit(id)),
        raw: distribution.raw_probabilities()[id as usize],
        warped: distribution.prob(id),
        low,
        high,
        removed_by: distribution.removed_by(id),
    }
}

const fn spread(entropy: f64, effective: f64) -> Spread {
    Spread { entropy, effective }
}

impl Others {
    /// The tokens from rank `top` on, but for the one at rank `apart`; added up by id.
    fn beyond(distribution: &Distribution, top: usize, apart: Option<usize>) -> Self {
        let logits = distribution.raw();
        let (mut shown, mut kept) = (vec![false; logits.len()], 0);
        let mut count = logits.len();
        for rank in (0..top).chain(apart) {
            let id = logits.order()[rank];
            shown[id as usize] = true;
            kept += usize::from(distribution.is_kept(id));
            count -= 1;
        }
        let kept_ids = distribution.kept_by_warped_rank().iter().rev();
        let hidden = kept_ids.filter(|&&id| !shown[id as usize]);
        Self {
            count,
            kept: distribution.kept_count() - kept,
            raw: sum_of_hidden(distribution.raw_probabilities(), &shown),
            warped: hidden.map(|&id| distribution.prob(id)).sum(),
        }
    }
}

/// The sum of the numbers that are not shown, in four running sums: a single one would wait for
/// itself at every step.
fn sum_of_hidden(numbers: &[f64], shown: &[bool]) -> f64 {
    let (numbers, last_numbers) = numbers.as_chunks::<4>();
    let (shown, last_shown) = shown.as_chunks::<4>();
    let term = |number: f64, shown: bool| if shown { 0.0 } else { number };
    let mut sums = [0.0; 4];
    for (numbers, shown) in numbers.iter().zip(shown) {
        for lane in 0..4 {
            sums[lane] += term(numbers[lane], shown[lane]);
        }
    }
    let last = last_numbers.iter().zip(last_shown);
    let last: f64 = last.map(|(number, shown)| term(*number, *shown)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + last
}
