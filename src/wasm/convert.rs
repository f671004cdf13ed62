//! Values and errors across the wall.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::decode::{ReplayPart, SessionOptions, Template};
use crate::error::{Code, Error};
use crate::sampling::Knobs;
use crate::tokenizer::{Moment, Special};

/// Plain objects, arrays, numbers and null, as `JSON.parse` would make them.
pub(super) fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    let written = value.serialize(&serializer);
    written.map_err(|error| js_error(Error::new(Code::Internal, error.to_string())))
}

/// The same as JSON in UTF-8, which the page parses. One array of bytes crosses, and is handed on from
/// the worker to the page, in a fraction of the time that an object of hundreds of properties takes.
/// Numbers must be finite, as all of a view are.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, JsValue> {
    let mut json = Vec::new();
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut json, Exact,
    ));
    written.map_err(|error| js_error(Error::new(Code::Internal, error.to_string())))?;
    Ok(json)
}

/// A piece of a replay, all of its steps as JSON.
pub(super) fn replay(part: &ReplayPart) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Crossing {
        flip: Option<usize>,
        last: bool,
    }
    let crossing = to_js(&Crossing {
        flip: part.replay.flip,
        last: part.last,
    })?;
    let steps = js_sys::Uint8Array::from(&*to_json(&part.replay.steps)?);
    js_sys::Reflect::set(&crossing, &"steps".into(), &steps.into())?;
    Ok(crossing)
}

/// Writes numbers of single precision as the doubles that JavaScript takes them for.
struct Exact;

impl serde_json::ser::Formatter for Exact {
    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, f64::from(value))
    }
}

pub(super) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| js_error(Error::new(Code::BadArgument, error.to_string())))
}

pub(super) fn knobs(value: JsValue) -> Result<Knobs, JsValue> {
    let value: serde_json::Value = from_js(value)?;
    Knobs::from_json(&value).map_err(js_error)
}

/// An `Error` with a `code`.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn js_error(error: Error) -> JsValue {
    let thrown = js_sys::Error::new(error.message());
    // Setting a property of a new plain object does not fail.
    let _ = js_sys::Reflect::set(&thrown, &"code".into(), &error.code().name().into());
    thrown.into()
}

#[derive(Deserialize)]
pub(super) struct Tokenize {
    special: bool,
}

impl Tokenize {
    pub(super) fn special(&self) -> Special {
        if self.special {
            Special::Parse
        } else {
            Special::AsText
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Prompt {
    prompt: String,
    template: TemplateName,
    system: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum TemplateName {
    Raw,
    Chat,
}

impl Prompt {
    pub(super) fn options(self) -> SessionOptions {
        SessionOptions {
            prompt: self.prompt,
            template: match self.template {
                TemplateName::Raw => Template::Raw,
                TemplateName::Chat => Template::Chat,
            },
            system: self.system,
            now: Some(now()),
            end_tokens: None,
        }
    }
}

/// The time on the reader's own clock, which some chat templates write into the prompt.
#[allow(clippy::cast_possible_truncation, reason = "seconds since 1970")]
fn now() -> Moment {
    let date = js_sys::Date::new_0();
    Moment((date.get_time() / 1000.0 - date.get_timezone_offset() * 60.0) as i64)
}
