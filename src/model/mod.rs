//! GGUF → a transformer on candle, and the state of a sequence as a value.
//!
//! [`Loader`] takes a file in chunks; [`Model::forward`] runs tokens behind a [`SequenceState`]
//! and returns logits. candle is named in this module and nowhere else.

mod candle_engine;
mod config;
pub mod gguf;
mod loader;
mod ops;
mod output;
mod slab;
mod state;
mod stream;
mod transformer;
mod weights;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

pub use loader::Loader;
pub use output::Output;

/// Threads that share the work of a forward pass, and of what is done with many of its results.
pub mod threads {
    pub use crate::kernels::pool::*;
    pub use crate::kernels::scatter::map;
}

use crate::error::{Code, Error, Result};

/// What is known of a model, for people.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelInfo {
    /// `general.name`, or the architecture.
    pub name: String,
    /// `general.architecture`.
    pub architecture: String,
    /// Number of weights.
    pub parameters: u64,
    /// Decoder layers.
    pub layers: usize,
    /// Number of tokens.
    pub vocabulary: usize,
    /// Longest sequence, in tokens.
    pub context_length: usize,
    /// How many tensors there are of each type.
    pub tensor_types: BTreeMap<&'static str, usize>,
    /// Length of the file.
    pub file_bytes: u64,
    /// Memory that the weights take.
    pub weight_bytes: usize,
    /// Whether the file has a chat template.
    pub chat_template: bool,
    /// Ids that end a text.
    pub end_tokens: Vec<u32>,
    /// `general.license`.
    pub license: Option<String>,
    /// `tokenscope` (ours) or `candle-transformers`.
    pub engine: &'static str,
    /// What its products of quantised weights are made of on this processor: `words`, `pairs` of bytes or
    /// `fours`. candle-transformers has its own.
    pub products: Option<&'static str>,
}

/// A loaded model.
#[derive(Debug)]
pub struct Model {
    engine: Box<dyn Engine>,
    info: ModelInfo,
    /// Tells this model's states from those of others.
    id: u64,
}

/// Which positions' logits [`Model::forward`] returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those of the last new position.
    Last,
    /// Those of every new position.
    All,
}

/// What runs a model: our transformer, or candle-transformers.
trait Engine: Debug + Send + Sync {
    /// As [`ModelInfo::engine`].
    fn name(&self) -> &'static str;

    /// As [`ModelInfo::products`].
    fn products(&self) -> Option<&'static str>;

    /// Whether [`Rows::All`] is supported.
    fn gives_all_rows(&self) -> bool;

    /// The state of the empty sequence.
    fn start(&self) -> State;

    /// As [`Model::run_batch`], for tokens that exist and fit, behind states of this engine.
    fn run(&mut self, lanes: &mut [(&mut State, &[u32])]) -> Result<Vec<Vec<Output>>>;

    /// As [`Model::logits`], for outputs of this engine.
    fn logits(&self, outputs: &[&Output]) -> Result<Vec<Arc<[f32]>>>;
}

/// All that a model needs to go on from a prefix. A value: cloning it is cheap and shares memory,
/// and any clone can go on alone.
#[derive(Clone, Debug)]
pub struct SequenceState {
    state: State,
    /// [`Model::id`] of the model that it belongs to.
    model: u64,
}

/// One sequence of a batch: tokens, commonly one, that are run behind a state.
#[derive(Debug)]
pub struct Lane<'a> {
    /// Includes the tokens afterwards.
    pub state: &'a mut SequenceState,
    /// At least one.
    pub tokens: &'a [u32],
}

#[derive(Clone, Debug)]
enum State {
    Cache(state::Cache),
    Tokens(Vec<u32>),
}

impl SequenceState {
    /// Tokens in the prefix.
    pub fn len(&self) -> usize {
        match &self.state {
            State::Cache(cache) => cache.len(),
            State::Tokens(tokens) => tokens.len(),
        }
    }

    /// Whether nothing has been run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The state after the first `len` tokens (or this one, if it is shorter). Shares memory.
    pub fn prefix(&self, len: usize) -> Self {
        let state = match &self.state {
            State::Cache(cache) => State::Cache(cache.prefix(len)),
            State::Tokens(tokens) => State::Tokens(tokens[..len.min(tokens.len())].to_vec()),
        };
        Self {
            state,
            model: self.model,
        }
    }

    /// Bytes that the state refers to; clones share them.
    pub fn bytes(&self) -> usize {
        match &self.state {
            State::Cache(cache) => cache.bytes(),
            State::Tokens(tokens) => 4 * tokens.len(),
        }
    }
}

impl Model {
    fn new(engine: Box<dyn Engine>, info: ModelInfo) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { engine, info, id }
    }

    /// What is known of the model.
    pub const fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Whether [`Rows::All`] is supported: not by candle-transformers' models.
    pub fn gives_all_rows(&self) -> bool {
        self.engine.gives_all_rows()
    }

    /// The state of the empty sequence.
    pub fn start(&self) -> SequenceState {
        SequenceState {
            state: self.engine.start(),
            model: self.id,
        }
    }

    /// Runs `tokens` behind `state`, which then includes them; returns one output for each token.
    /// After an error the state is as before.
    ///
    /// # Errors
    /// [`Code::ContextFull`] beyond the context length, [`Code::OutOfRange`] for an unknown token,
    /// [`Code::BadArgument`] for no token or a state of another model,
    /// [`Code::UnsupportedFeature`] for what candle-transformers cannot do: (lfm2) a new text of
    /// one token.
    pub fn run(&mut self, state: &mut SequenceState, tokens: &[u32]) -> Result<Vec<Output>> {
        let mut outputs = self.run_batch(&mut [Lane { state, tokens }])?;
        Ok(outputs.pop().unwrap_or_default())
    }

    /// As [`Model::run`], for several sequences at once: the new positions of all lanes go through
    /// each weight matrix together. What a lane gives does not depend on the others, to the bit.
    /// Returns the outputs of each lane. After an error every state is as before.
    ///
    /// candle-transformers' models, which keep one cache, run the lanes one after another.
    ///
    /// # Errors
    /// Those of [`Model::run`], for any lane.
    pub fn run_batch(&mut self, lanes: &mut [Lane<'_>]) -> Result<Vec<Vec<Output>>> {
        for lane in &*lanes {
            self.check(lane.state, lane.tokens)?;
        }
        if lanes.is_empty() {
            return Ok(Vec::new());
        }
        let lanes = lanes.iter_mut().map(|l| (&mut l.state.state, l.tokens));
        self.engine.run(&mut lanes.collect::<Vec<_>>())
    }

    /// The logits of some outputs of this model, each computed as if alone.
    ///
    /// # Errors
    /// [`Code::UnsupportedFeature`] for a position whose logits the model did not give
    /// ([`Output::has_logits`]).
    pub fn logits(&self, outputs: &[&Output]) -> Result<Vec<Arc<[f32]>>> {
        self.engine.logits(outputs)
    }

    /// [`Model::run`] and [`Model::logits`] in one: logits `[rows][vocabulary]`.
    ///
    /// # Errors
    /// Those of the two; for [`Rows::All`], [`Code::UnsupportedFeature`] before anything is run
    /// if the model does not give them ([`Model::gives_all_rows`]).
    pub fn forward(
        &mut self,
        state: &mut SequenceState,
        tokens: &[u32],
        rows: Rows,
    ) -> Result<Vec<f32>> {
        if rows == Rows::All && tokens.len() > 1 && !self.gives_all_rows() {
            return Err(output::not_given());
        }
        let outputs = self.run(state, tokens)?;
        let first = match rows {
            Rows::Last => outputs.len() - 1,
            Rows::All => 0,
        };
        let wanted: Vec<&Output> = outputs[first..].iter().collect();
        Ok(self.logits(&wanted)?.concat())
    }

    fn check(&self, state: &SequenceState, tokens: &[u32]) -> Result<()> {
        if state.model != self.id {
            return Err(other_model());
        }
        if tokens.is_empty() {
            return Err(Error::new(Code::BadArgument, "there is no token to run"));
        }
        if let Some(id) = tokens
            .iter()
            .find(|&&id| id as usize >= self.info.vocabulary)
        {
            let message = format!(
                "token {id} does not exist; the vocabulary has {}",
                self.info.vocabulary
            );
            return Err(Error::new(Code::OutOfRange, message));
        }
        let length = state.len() + tokens.len();
        if length > self.info.context_length {
            let message = format!(
                "{length} tokens do not fit in the model's context of {}; use a shorter text",
                self.info.context_length
            );
            return Err(Error::new(Code::ContextFull, message));
        }
        Ok(())
    }
}

/// Loads a model from a file, natively.
///
/// # Errors
/// [`Code::Io`], and those of [`Loader`].
pub fn load_file(path: &Path) -> Result<(Model, gguf::Header)> {
    let named =
        |error: std::io::Error| Error::new(Code::Io, format!("{}: {error}", path.display()));
    let mut file = std::fs::File::open(path).map_err(named)?;
    let length = file.metadata().map_err(named)?.len();
    let mut loader = Loader::new(Some(length));
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk).map_err(named)? {
            0 => return loader.finish(),
            count => loader.push(&chunk[..count])?,
        }
    }
}

/// Reads only the header of a file, natively.
///
/// # Errors
/// [`Code::Io`], and those of [`gguf::Header::parse`].
pub fn read_header(path: &Path) -> Result<gguf::Header> {
    let named =
        |error: std::io::Error| Error::new(Code::Io, format!("{}: {error}", path.display()));
    let mut file = std::fs::File::open(path).map_err(named)?;
    let (mut bytes, mut wanted) = (Vec::new(), 1 << 20);
    loop {
        let added = file
            .by_ref()
            .take(wanted)
            .read_to_end(&mut bytes)
            .map_err(named)?;
        if let Some(header) = gguf::Header::parse(&bytes)? {
            return Ok(header);
        }
        if added == 0 {
            return Err(Error::new(
                Code::Truncated,
                format!(
                    "{} ends inside its header, after {} bytes",
                    path.display(),
                    bytes.len()
                ),
            ));
        }
        wanted = bytes.len() as u64;
    }
}

fn other_model() -> Error {
    Error::new(
        Code::BadArgument,
        "the state belongs to another model; start a new one",
    )
}

fn candle_error(error: &candle_core::Error) -> Error {
    let message = format!("tensor operation failed: {}", plain(error));
    Error::new(Code::Internal, message)
}

/// candle's sentence without the stack that it may have kept, which means nothing to a reader.
fn plain(error: &candle_core::Error) -> &candle_core::Error {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => plain(inner),
        other => other,
    }
}
