//! What a forward pass leaves for each position: enough to have its logits, then or later.

use std::sync::Arc;

use candle_core::{Device, Result as Candle, Tensor};

use super::{Engine, Model, Rows, SequenceState, State, candle_error};
use crate::error::{Code, Error, Result};

/// The model's output at one position, from which [`Model::logits`] makes logits without a
/// forward pass. Cheap to clone: the clones share the memory.
///
/// For our own transformer it is the last layer's output, which takes a small part of the memory
/// of the logits (576 numbers instead of 49,152 in the default model).
#[derive(Clone, Debug)]
pub struct Output(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Normalised output of the last layer.
    Hidden(Arc<[f32]>),
    Logits(Arc<[f32]>),
    /// candle-transformers' models give the last position of a pass only.
    Missing,
}

impl Output {
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
}

impl Model {
    /// Runs `tokens` behind `state`, which then includes them; returns one output for each token.
    /// After an error the state is as before.
    ///
    /// # Errors
    /// As [`Model::forward`].
    pub fn run(&mut self, state: &mut SequenceState, tokens: &[u32]) -> Result<Vec<Output>> {
        self.check(state, tokens)?;
        if let (Engine::Ours(model), State::Cache(cache)) = (&self.engine, &mut state.0) {
            let hidden = model.hidden(cache, tokens).and_then(|h| h.to_vec2());
            let rows: Vec<Vec<f32>> = hidden.map_err(|error| candle_error(&error))?;
            let output = |row: Vec<f32>| Output(Kind::Hidden(row.into()));
            return Ok(rows.into_iter().map(output).collect());
        }
        let last = self.forward(state, tokens, Rows::Last)?;
        let mut outputs = vec![Output(Kind::Missing); tokens.len()];
        outputs[tokens.len() - 1] = Output(Kind::Logits(last.into()));
        Ok(outputs)
    }

    /// The logits of some outputs of this model, `[outputs][vocabulary]`, each computed as if alone.
    ///
    /// # Errors
    /// [`Code::UnsupportedFeature`] for a position whose logits the model did not give
    /// ([`Output::has_logits`]).
    pub fn logits(&self, outputs: &[&Output]) -> Result<Vec<Arc<[f32]>>> {
        if let [Output(Kind::Logits(values))] = outputs {
            return Ok(vec![values.clone()]);
        }
        let mut hidden = Vec::new();
        for output in outputs {
            match &output.0 {
                Kind::Hidden(values) => hidden.extend_from_slice(values),
                _ => return Err(not_given()),
            }
        }
        let Engine::Ours(model) = &self.engine else {
            return Err(not_given());
        };
        let rows = project(model, hidden, outputs.len());
        let rows = rows.map_err(|error| candle_error(&error))?;
        Ok(rows.into_iter().map(Arc::from).collect())
    }
}

fn project(
    model: &super::transformer::Transformer,
    hidden: Vec<f32>,
    rows: usize,
) -> Candle<Vec<Vec<f32>>> {
    let width = hidden.len() / rows.max(1);
    let hidden = Tensor::from_vec(hidden, (rows, width), &Device::Cpu)?;
    model.logits(&hidden)?.to_vec2()
}

fn not_given() -> Error {
    Error::new(
        Code::UnsupportedFeature,
        "this architecture runs on candle-transformers, which gives the last position's logits only",
    )
}
