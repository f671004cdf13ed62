//! The command line's `distribution`: one JSON object in, one out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chain::Chain;
use super::distribution::{Distribution, Draw, StageReport};
use super::knobs::Knobs;
use super::ranked::RankedLogits;
use super::rng::uniform;
use super::stage::Context;
use crate::error::{Code, Error, Result};

/// What a line may say; all but the logits may be left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    /// By token id. JSON has no NaN: writers put null in its place, which is then refused by name.
    logits: Vec<Option<f32>>,
    #[serde(default)]
    context: Vec<u32>,
    #[serde(default)]
    new_tokens: usize,
    #[serde(default)]
    end_tokens: Vec<u32>,
    #[serde(default)]
    breakers: Vec<u32>,
    /// Of each token of the output so far.
    #[serde(default)]
    surprises: Vec<f64>,
    #[serde(default)]
    knobs: Option<Value>,
    /// Without it, the step that follows `new_tokens` new tokens.
    step: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    /// Raw-rank order.
    kept: Vec<u32>,
    /// Warped, in the order of `kept`.
    probabilities: Vec<f64>,
    kept_mass: f64,
    removed: Vec<Removed>,
    stages: &'a [StageReport],
    draw: Draw,
    entropy: Entropy,
}

/// What a stage removed, in raw-rank order.
#[derive(Serialize)]
struct Removed {
    stage: &'static str,
    ids: Vec<u32>,
}

/// In bits.
#[derive(Serialize)]
struct Entropy {
    raw: f64,
    warped: f64,
}

/// Warps the logits of one line of JSON and answers with one line of JSON: the whole distribution,
/// what each stage did, and the draw.
///
/// In: `{"logits":[…], "context":[ids], "newTokens":n, "endTokens":[ids], "breakers":[ids],
/// "surprises":[bits], "knobs":{…}, "step":t}`, all but `logits` optional. Logits are read as `f32`;
/// `breakers` are for DRY, `surprises` (of the output so far) for mirostat.
///
/// Out: `{"kept":[ids], "probabilities":[…], "keptMass":…, "removed":[{"stage","ids"}],
/// "stages":[{"stage","removed","rawMass","note"}], "draw":{"u","id","low","high"},
/// "entropy":{"raw","warped"}}`; ids in raw-rank order, `probabilities` beside `kept`, entropies in bits.
///
/// # Errors
///
/// [`Code::BadArgument`] if the line is not such an object, and what [`RankedLogits::new`] and
/// [`Knobs::from_json`] refuse.
pub fn distribution_line(input: &str) -> Result<String> {
    let request: Request = serde_json::from_str(input).map_err(|error| {
        Error::new(
            Code::BadArgument,
            format!("not a distribution request: {error}"),
        )
    })?;
    let logits: Vec<f32> = request
        .logits
        .iter()
        .map(|logit| logit.unwrap_or(f32::NAN))
        .collect();
    let logits = RankedLogits::new(logits)?;
    let knobs = request
        .knobs
        .as_ref()
        .map_or_else(|| Ok(Knobs::default()), Knobs::from_json)?;
    let context = Context {
        tokens: &request.context,
        new_tokens: request.new_tokens,
        end_tokens: &request.end_tokens,
        breakers: &request.breakers,
        step: request.step.unwrap_or(request.new_tokens as u64),
        surprises: &request.surprises,
        min_tokens_to_keep: 1,
    };
    let distribution = Chain::from_knobs(&knobs).warp(&logits, &context);
    let answer = Answer::new(&distribution, uniform(knobs.seed, context.step));
    serde_json::to_string(&answer).map_err(|error| Error::new(Code::Internal, error.to_string()))
}

impl<'a> Answer<'a> {
    fn new(distribution: &'a Distribution, u: f64) -> Self {
        let kept: Vec<u32> = distribution.kept_ids().collect();
        Self {
            probabilities: kept.iter().map(|&id| distribution.prob(id)).collect(),
            kept,
            kept_mass: distribution.kept_mass(),
            removed: removed(distribution),
            stages: distribution.reports(),
            draw: distribution.draw(u),
            entropy: Entropy {
                raw: distribution.raw().entropy(),
                warped: distribution.entropy(),
            },
        }
    }
}

/// What each active stage removed.
fn removed(distribution: &Distribution) -> Vec<Removed> {
    let reports = distribution.reports();
    let blank = |report: &StageReport| Removed {
        stage: report.stage,
        ids: Vec::with_capacity(report.removed),
    };
    let mut removed: Vec<Removed> = reports.iter().map(blank).collect();
    for &id in distribution.raw().order() {
        if let Some(index) = distribution.remover(id) {
            removed[index].ids.push(id);
        }
    }
    removed
}
