//! Knobs from JSON: unknown names and values out of range are refused by name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Knobs;
use super::stages::{Dialect, STAGES, stage};
use super::table::{KNOBS, Kind, KnobSpec, MOST_IDS, STOP_LENGTH, STOP_STRINGS, spec};
use crate::error::{Code, Error, Result};

impl Knobs {
    /// The knobs that a JSON object sets; those that it does not name keep their defaults.
    ///
    /// # Errors
    ///
    /// [`Code::UnknownKnob`] for a name that is not in [`KNOBS`], [`Code::KnobOutOfRange`] for a
    /// value that is out of range or of another form, [`Code::BadArgument`] if it is no object.
    pub fn from_json(value: &Value) -> Result<Self> {
        let Value::Object(object) = value else {
            let message = format!("knobs must be an object, not {}", shown(value));
            return Err(Error::new(Code::BadArgument, message));
        };
        let mut knobs = Self::default();
        for (key, value) in object {
            knobs.set(key, value)?;
        }
        Ok(knobs)
    }

    /// Sets one knob by its name in JSON.
    ///
    /// # Errors
    ///
    /// As [`Knobs::from_json`]; the knobs are then as they were.
    pub fn set(&mut self, key: &str, value: &Value) -> Result<()> {
        let spec = spec(key).ok_or_else(|| unknown(key))?;
        match key {
            "doSample" => self.do_sample = value.as_bool().ok_or_else(|| refused(spec, value))?,
            "dialect" => self.dialect = dialect(spec, value)?,
            "order" => self.order = stages(spec, value)?,
            "disabled" => self.disabled = stages(spec, value)?,
            "logitBias" => self.logit_bias = biases(spec, value)?,
            "bannedTokens" => self.banned_tokens = ids(spec, value)?,
            "repetitionPenalty" => self.repetition_penalty = number(spec, value)?,
            "penaltyLastN" => self.penalty_last_n = small(spec, value)?,
            "frequencyPenalty" => self.frequency_penalty = number(spec, value)?,
            "presencePenalty" => self.presence_penalty = number(spec, value)?,
            "noRepeatNgram" => self.no_repeat_ngram = small(spec, value)?,
            "dryMultiplier" => self.dry_multiplier = number(spec, value)?,
            "dryBase" => self.dry_base = number(spec, value)?,
            "dryAllowedLength" => self.dry_allowed_length = small(spec, value)?,
            "dryLastN" => self.dry_last_n = small(spec, value)?,
            "temperature" => self.temperature = number(spec, value)?,
            "dynatempRange" => self.dynatemp_range = number(spec, value)?,
            "dynatempExponent" => self.dynatemp_exponent = number(spec, value)?,
            "topK" => self.top_k = small(spec, value)?,
            "topP" => self.top_p = number(spec, value)?,
            "minP" => self.min_p = number(spec, value)?,
            "typicalP" => self.typical_p = number(spec, value)?,
            "epsilonCutoff" => self.epsilon_cutoff = number(spec, value)?,
            "etaCutoff" => self.eta_cutoff = number(spec, value)?,
            "topNSigma" => self.top_n_sigma = number(spec, value)?,
            "xtcProbability" => self.xtc_probability = number(spec, value)?,
            "xtcThreshold" => self.xtc_threshold = number(spec, value)?,
            "mirostat" => self.mirostat = small(spec, value)?,
            "mirostatTau" => self.mirostat_tau = number(spec, value)?,
            "mirostatEta" => self.mirostat_eta = number(spec, value)?,
            "minNewTokens" => self.min_new_tokens = small(spec, value)?,
            "maxNewTokens" => self.max_new_tokens = small(spec, value)?,
            "stop" => self.stop = strings(spec, value)?,
            "seed" => self.seed = whole(spec, value)?,
            _ => return Err(unknown(key)),
        }
        Ok(())
    }

    /// Sets a knob that is a number, as [`Knobs::set`] does.
    pub(crate) fn set_number(&mut self, key: &str, number: f64) -> Result<()> {
        self.set(key, &Value::from(number))
    }

    /// The value of a knob that is a number.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        let json = serde_json::to_value(self).ok()?;
        json.get(key)?.as_f64()
    }

    /// Checks every knob against its range.
    ///
    /// # Errors
    ///
    /// [`Code::KnobOutOfRange`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        let json = serde_json::to_value(self)
            .map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        Self::from_json(&json).map(drop)
    }
}

fn unknown(key: &str) -> Error {
    let known: Vec<_> = KNOBS.iter().map(|spec| spec.key).collect();
    let message = format!(
        "there is no knob \"{key}\"; the knobs are {}",
        known.join(", ")
    );
    Error::new(Code::UnknownKnob, message)
}

fn refused(spec: &KnobSpec, value: &Value) -> Error {
    let (key, wanted, value) = (spec.key, wanted(spec), shown(value));
    Error::new(
        Code::KnobOutOfRange,
        format!("{key} must be {wanted}, not {value}"),
    )
}

/// What the value of a knob must be, in words.
fn wanted(spec: &KnobSpec) -> String {
    let (min, max) = (spec.min.unwrap_or(0.0), spec.max.unwrap_or(0.0));
    match spec.kind {
        Kind::Bool => "true or false".to_owned(),
        Kind::Number => format!("a number from {min} to {max}"),
        Kind::Integer => format!("a whole number from {min} to {max}"),
        Kind::Strings => {
            format!("a list of at most {STOP_STRINGS} strings of 1 to {STOP_LENGTH} characters")
        }
        Kind::Choice => format!("one of {}", spec.choices.join(", ")),
        Kind::Stages => {
            let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
            format!("a list of different stages out of {}", names.join(", "))
        }
        Kind::Ids => format!("a list of at most {MOST_IDS} token ids"),
        Kind::Biases => format!(
            "an object with at most {MOST_IDS} token ids, each with a number from {min} to {max}"
        ),
    }
}

/// A value for a message: its beginning, if it is long.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn number(spec: &KnobSpec, value: &Value) -> Result<f64> {
    let in_range = |number: &f64| {
        spec.min.is_none_or(|min| *number >= min) && spec.max.is_none_or(|max| *number <= max)
    };
    value
        .as_f64()
        .filter(in_range)
        .ok_or_else(|| refused(spec, value))
}

/// A whole number; JavaScript may write it with a fraction of 0.
fn whole(spec: &KnobSpec, value: &Value) -> Result<u64> {
    let number = number(spec, value)?;
    if number.fract() == 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and within a range of the table, which is 0 to 2^53 - 1 at most"
        )]
        return Ok(number as u64);
    }
    Err(refused(spec, value))
}

fn small(spec: &KnobSpec, value: &Value) -> Result<u32> {
    u32::try_from(whole(spec, value)?).map_err(|_| refused(spec, value))
}

fn strings(spec: &KnobSpec, value: &Value) -> Result<Vec<String>> {
    let fits = |text: &&str| (1..=STOP_LENGTH).contains(&text.chars().count());
    let string = |item: &Value| item.as_str().filter(fits).map(str::to_owned);
    value
        .as_array()
        .filter(|items| items.len() <= STOP_STRINGS)
        .and_then(|items| items.iter().map(string).collect())
        .ok_or_else(|| refused(spec, value))
}

fn dialect(spec: &KnobSpec, value: &Value) -> Result<Dialect> {
    let named = value.as_str().and_then(Dialect::named);
    named.ok_or_else(|| refused(spec, value))
}

/// Names of stages, each once.
fn stages(spec: &KnobSpec, value: &Value) -> Result<Vec<&'static str>> {
    let mut names = Vec::new();
    for item in value.as_array().ok_or_else(|| refused(spec, value))? {
        match item.as_str().and_then(stage) {
            Some(stage) if !names.contains(&stage.name) => names.push(stage.name),
            _ => return Err(refused(spec, value)),
        }
    }
    Ok(names)
}

fn ids(spec: &KnobSpec, value: &Value) -> Result<Vec<u32>> {
    let id = |item: &Value| item.as_u64().and_then(|id| u32::try_from(id).ok());
    value
        .as_array()
        .filter(|items| items.len() <= MOST_IDS)
        .and_then(|items| items.iter().map(id).collect())
        .ok_or_else(|| refused(spec, value))
}

fn biases(spec: &KnobSpec, value: &Value) -> Result<BTreeMap<u32, f64>> {
    let entry = |(id, bias): (&String, &Value)| {
        let id = id.parse().ok()?;
        Some((id, number(spec, bias).ok()?))
    };
    value
        .as_object()
        .filter(|items| items.len() <= MOST_IDS)
        .and_then(|items| items.iter().map(entry).collect())
        .ok_or_else(|| refused(spec, value))
}
