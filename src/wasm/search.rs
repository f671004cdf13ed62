//! Outcomes, enumeration and beam search, advanced piece by piece.

use wasm_bindgen::prelude::*;

use super::Result;
use super::convert::{js_error, to_js};
use super::settings;
use crate::decode::{Beams, Enumerate, Outcomes, Session};

/// A search that goes on from a session's prompt. It keeps what it needs of the session.
#[wasm_bindgen]
pub struct Search(Kind);

enum Kind {
    Outcomes(Box<Outcomes>),
    Enumerate(Box<Enumerate>),
    Beams(Box<Beams>),
}

impl Search {
    pub(super) fn new(session: &mut Session, kind: &str, given: JsValue) -> Result<Self> {
        let kind = match kind {
            "outcomes" => session
                .outcomes(settings::outcomes(given)?)
                .map(|search| Kind::Outcomes(Box::new(search))),
            "enumerate" => session
                .enumerate(settings::enumerate(given)?)
                .map(|search| Kind::Enumerate(Box::new(search))),
            _ => session
                .beams(settings::beams(given)?)
                .map(|search| Kind::Beams(Box::new(search))),
        };
        kind.map(Self).map_err(js_error)
    }
}

#[wasm_bindgen]
impl Search {
    /// Reads at most so many positions (beams: takes one step). Returns whether the search is over;
    /// a step of beam search is returned as its report.
    pub fn advance(&mut self, max_positions: usize) -> Result<JsValue> {
        match &mut self.0 {
            Kind::Outcomes(search) => search.advance(max_positions).map(JsValue::from_bool),
            Kind::Enumerate(search) => search.advance(max_positions).map(JsValue::from_bool),
            Kind::Beams(search) => return to_js(&search.advance().map_err(js_error)?),
        }
        .map_err(js_error)
    }

    /// What is known so far; null for beams, whose steps are their reports.
    pub fn report(&self) -> Result<JsValue> {
        match &self.0 {
            Kind::Outcomes(search) => to_js(&search.report()),
            Kind::Enumerate(search) => to_js(&search.report()),
            Kind::Beams(_) => Ok(JsValue::NULL),
        }
    }
}
