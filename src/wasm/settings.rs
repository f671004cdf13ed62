//! What a search is asked for: its own settings beside the knobs, in one object.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use wasm_bindgen::JsValue;

use super::convert::{from_js, js_error};
use crate::decode::{BeamSettings, EarlyStopping, EnumerateSettings, OutcomesSettings};
use crate::error::{Code, Error, Result};
use crate::sampling::Knobs;

pub(super) fn outcomes(value: JsValue) -> Result<OutcomesSettings, JsValue> {
    let mut given = Given::new(value)?;
    let read = |given: &mut Given| {
        let n = given.needed("n", "a whole number")?;
        let knobs = given.knobs()?;
        Ok(OutcomesSettings { knobs, n })
    };
    read(&mut given).map_err(js_error)
}

pub(super) fn enumerate(value: JsValue) -> Result<EnumerateSettings, JsValue> {
    let mut given = Given::new(value)?;
    let read = |given: &mut Given| {
        let m = given.needed("m", "a whole number")?;
        let limit = given.optional("limit", "a whole number")?;
        let mut settings = EnumerateSettings::new(given.knobs()?, m);
        settings.limit = limit.unwrap_or(settings.limit);
        Ok(settings)
    };
    read(&mut given).map_err(js_error)
}

pub(super) fn beams(value: JsValue) -> Result<BeamSettings, JsValue> {
    let mut given = Given::new(value)?;
    let read = |given: &mut Given| {
        let num_beams = given.needed("numBeams", "a whole number")?;
        let length_penalty = given.optional("lengthPenalty", "a number")?;
        let num_return = given.optional("numReturn", "a whole number")?;
        let early_stopping = given.early_stopping()?;
        let mut settings = BeamSettings::new(given.knobs()?, num_beams);
        settings.length_penalty = length_penalty.unwrap_or(settings.length_penalty);
        settings.num_return = num_return.unwrap_or(settings.num_return);
        settings.early_stopping = early_stopping;
        Ok(settings)
    };
    read(&mut given).map_err(js_error)
}

/// An object from which settings are taken; what is left are knobs.
struct Given(Map<String, Value>);

impl Given {
    fn new(value: JsValue) -> Result<Self, JsValue> {
        from_js(value).map(Self)
    }

    fn optional<T: DeserializeOwned>(&mut self, key: &str, wanted: &str) -> Result<Option<T>> {
        let Some(value) = self.0.remove(key) else {
            return Ok(None);
        };
        let shown = value.to_string();
        serde_json::from_value(whole(value)).map(Some).map_err(|_| {
            Error::new(
                Code::KnobOutOfRange,
                format!("{key} must be {wanted}, not {shown}"),
            )
        })
    }

    fn needed<T: DeserializeOwned>(&mut self, key: &str, wanted: &str) -> Result<T> {
        self.optional(key, wanted)?.ok_or_else(|| {
            let message = format!("{key} is missing; it must be {wanted}");
            Error::new(Code::BadArgument, message)
        })
    }

    fn early_stopping(&mut self) -> Result<EarlyStopping> {
        match self.0.remove("earlyStopping") {
            None | Some(Value::Bool(false)) => Ok(EarlyStopping::No),
            Some(Value::Bool(true)) => Ok(EarlyStopping::Yes),
            Some(Value::String(text)) if text == "never" => Ok(EarlyStopping::Never),
            Some(other) => Err(Error::new(
                Code::KnobOutOfRange,
                format!("earlyStopping must be true, false or \"never\", not {other}"),
            )),
        }
    }

    fn knobs(&mut self) -> Result<Knobs> {
        Knobs::from_json(&Value::Object(std::mem::take(&mut self.0)))
    }
}

/// JavaScript writes whole numbers as floating-point ones.
fn whole(value: Value) -> Value {
    match value.as_f64() {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and far from the limits"
        )]
        Some(number) if number.fract() == 0.0 && (0.0..1e15).contains(&number) => {
            Value::from(number as u64)
        }
        _ => value,
    }
}
