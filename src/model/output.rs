//! What a forward pass leaves for each position: enough to have its logits, then or later.

use std::sync::Arc;

use crate::error::{Code, Error, Result};

/// The model's output at one position, from which [`Model::logits`](super::Model::logits) makes
/// logits without a forward pass. Cheap to clone: the clones share the memory.
///
/// For our own transformer it is the last layer's output, which takes a small part of the memory
/// of the logits (576 numbers instead of 49,152 in the default model).
#[derive(Clone, Debug)]
pub struct Output(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Normalised output of the last layer.
    Hidden(Arc<[f32]>),
    /// By token.
    Logits(Arc<[f32]>),
    /// candle-transformers' models give the last position of a pass only.
    Missing,
}

impl Output {
    pub(super) fn hidden(values: Vec<f32>) -> Self {
        Self(Kind::Hidden(values.into()))
    }

    pub(super) fn logits(values: Vec<f32>) -> Self {
        Self(Kind::Logits(values.into()))
    }

    pub(super) const fn missing() -> Self {
        Self(Kind::Missing)
    }

    /// Bytes that it refers to.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Kind::Hidden(values) | Kind::Logits(values) => size_of_val(&**values),
            Kind::Missing => 0,
        }
    }

    /// Whether there are logits to be had.
    pub const fn has_logits(&self) -> bool {
        !matches!(self.0, Kind::Missing)
    }

    pub(super) fn as_hidden(&self) -> Result<&[f32]> {
        match &self.0 {
            Kind::Hidden(values) => Ok(values),
            _ => Err(super::other_model()),
        }
    }

    pub(super) fn as_logits(&self) -> Result<Arc<[f32]>> {
        match &self.0 {
            Kind::Logits(values) => Ok(values.clone()),
            Kind::Missing => Err(not_given()),
            Kind::Hidden(_) => Err(super::other_model()),
        }
    }
}

pub(super) fn not_given() -> Error {
    Error::new(
        Code::UnsupportedFeature,
        "this architecture runs on candle-transformers, which gives the last position's logits only",
    )
}
