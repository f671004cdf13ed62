//! What a picture of one position shows: bars, *others*, stages, the draw and the chosen token.

use serde::Serialize;

use super::distribution::{Distribution, Draw, StageReport};
use super::ranked::{RankedLogits, score};
use super::softmax::Softmax;
use super::total::Total;
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
    /// The view of a position, with bars for the first `top` tokens by raw rank and for the chosen
    /// one; with none at all if `top` is 0, which spares their pass over the vocabulary.
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
        let chosen_apart = Some(chosen.rank).filter(|&rank| top > 0 && rank >= top);
        Ok(Self {
            position: place.position,
            step: place.step,
            vocabulary: logits.len(),
            tokens: bars(distribution, (0..top).chain(chosen_apart), text),
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

fn bars(
    distribution: &Distribution,
    ranks: impl Iterator<Item = usize>,
    text: &dyn Fn(u32) -> Piece,
) -> Vec<Bar> {
    let mut ranks = ranks.peekable();
    if ranks.peek().is_none() {
        return Vec::new();
    }
    let softmax = distribution.softmax_before_truncation();
    ranks
        .map(|rank| bar(distribution, &softmax, rank, text))
        .collect()
}

fn bar(
    distribution: &Distribution,
    softmax: &Softmax,
    rank: usize,
    text: &dyn Fn(u32) -> Piece,
) -> Bar {
    let id = distribution.raw().at(rank);
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
        raw: distribution.raw().prob(id),
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
    /// The tokens from rank `top` on, but for the one at rank `apart`: what the shown ones leave.
    fn beyond(distribution: &Distribution, top: usize, apart: Option<usize>) -> Self {
        let logits = distribution.raw();
        let ranks = (0..top).chain(apart);
        let shown: Vec<u32> = ranks.map(|rank| logits.at(rank)).collect();
        let kept = || shown.iter().filter(|&&id| distribution.is_kept(id));
        let (mut raw, mut warped) = (Total::default(), Total::default());
        shown.iter().for_each(|&id| raw.add(logits.weight(id)));
        let softmax = distribution.softmax();
        let weight = |id: u32| softmax.weight(distribution.warped_logit(id));
        kept().for_each(|&id| warped.add(weight(id)));
        let hidden_kept = distribution.kept_count() - kept().count();
        Self {
            count: logits.len() - shown.len(),
            kept: hidden_kept,
            raw: logits.softmax().rest(raw).unwrap_or_else(|| {
                hidden_sum(logits.softmax(), &shown, logits.len(), |id| {
                    score(logits.logit(id))
                })
            }),
            warped: if hidden_kept == 0 {
                0.0
            } else {
                softmax.rest(warped).unwrap_or_else(|| {
                    hidden_sum(softmax, &shown, logits.len(), |id| {
                        match distribution.is_kept(id) {
                            true => distribution.warped_logit(id),
                            false => f64::NEG_INFINITY,
                        }
                    })
                })
            },
        }
    }
}

/// The probability of the tokens that are not shown, added up itself; −∞ stands for a token that
/// has none.
fn hidden_sum(softmax: &Softmax, shown: &[u32], count: usize, score: impl Fn(u32) -> f64) -> f64 {
    let mut shown = shown.to_vec();
    shown.sort_unstable();
    softmax.part(count, |start, scores| {
        let ids = start as u32..(start + scores.len()) as u32;
        let places = ids.clone().zip(scores.iter_mut());
        places.for_each(|(id, place)| *place = score(id));
        let first = shown.partition_point(|&id| id < ids.start);
        let here = shown[first..].iter().take_while(|&&id| id < ids.end);
        here.for_each(|id| scores[(id - ids.start) as usize] = f64::NEG_INFINITY);
    })
}
