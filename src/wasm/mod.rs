//! The wall to JavaScript: converts and delegates, and nothing else.
//!
//! The shapes of what crosses stand in `www/engine/types.d.ts` (`WasmLoader`, `WasmEngine`,
//! `WasmSession`). What the page alone reads crosses as JSON. An error that is thrown is a JavaScript
//! `Error` with a stable `code`; anything else that is thrown (a panic) means that this instance must
//! not be used again.

mod convert;
mod search;
mod settings;

use wasm_bindgen::prelude::*;

use convert::{from_js, js_error, knobs, to_js, to_json};
use search::Search;

use crate::decode;
use crate::model;

type Result<T> = std::result::Result<T, JsValue>;

/// Makes a panic's own message the thrown value instead of "unreachable", and leaves it with its
/// stack in the console, for whoever reports it.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string();
        web_sys::console::error_1(&js_sys::Error::new(&message).into());
        wasm_bindgen::throw_str(&message);
    }));
}

/// Makes the worker that calls it a helper, which takes parts of the model's work, until there has been
/// none for a while; then it must be called again.
#[cfg(target_feature = "atomics")]
#[allow(unreachable_pub, reason = "what is exported must be public")]
#[wasm_bindgen]
pub fn help() {
    model::threads::help();
}

/// The address of a byte by which a helper that broke off says so; see
/// [`failure_flag`](model::threads::failure_flag).
#[cfg(target_feature = "atomics")]
#[allow(unreachable_pub, reason = "what is exported must be public")]
#[wasm_bindgen(js_name = failureFlag)]
pub fn failure_flag() -> usize {
    model::threads::failure_flag() as usize
}

/// Takes the bytes of a GGUF file as they arrive.
#[wasm_bindgen]
pub struct Loader(model::Loader);

#[wasm_bindgen]
impl Loader {
    /// `file_bytes`: the length of the file, where it is certain.
    #[wasm_bindgen(constructor)]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a length"
    )]
    pub fn new(file_bytes: Option<f64>) -> Self {
        Self(model::Loader::new(file_bytes.map(|bytes| bytes as u64)))
    }

    /// Takes the next bytes.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.0.push(chunk).map_err(js_error)
    }

    /// Length of the file, once the header has said it.
    #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
    pub fn total(&self) -> Option<f64> {
        self.0.file_bytes().map(|bytes| bytes as f64)
    }

    /// Builds the engine.
    pub fn finish(self) -> Result<Engine> {
        decode::Engine::new(self.0).map(Engine).map_err(js_error)
    }
}

/// A loaded model with its tokenizer.
#[wasm_bindgen]
pub struct Engine(decode::Engine);

#[wasm_bindgen]
impl Engine {
    /// See [`model::ModelInfo`].
    pub fn info(&self) -> Result<JsValue> {
        to_js(self.0.info())
    }

    /// The tokens of a text.
    pub fn tokenize(&self, text: &str, options: JsValue) -> Result<JsValue> {
        let special = from_js::<convert::Tokenize>(options)?.special();
        to_js(&self.0.tokenize(text, special).map_err(js_error)?)
    }

    /// A session that begins with a prompt.
    pub fn session(&self, options: JsValue) -> Result<Session> {
        let options = from_js::<convert::Prompt>(options)?.options();
        self.0.session(&options).map(Session).map_err(js_error)
    }
}

/// A prompt and the text after it.
#[wasm_bindgen]
pub struct Session(decode::Session);

#[wasm_bindgen]
impl Session {
    /// Tokens of the prompt.
    #[wasm_bindgen(getter, js_name = promptLength)]
    pub fn prompt_length(&self) -> usize {
        self.0.prompt_length()
    }

    /// See [`decode::Session::prefill`].
    pub fn prefill(&mut self, max_tokens: usize) -> Result<JsValue> {
        to_js(&self.0.prefill(max_tokens).map_err(js_error)?)
    }

    /// See [`decode::Session::score`].
    pub fn score(&mut self, max_tokens: usize) -> Result<JsValue> {
        to_js(&self.0.score(max_tokens).map_err(js_error)?)
    }

    /// See [`decode::Session::tokens`].
    pub fn tokens(&self) -> Result<JsValue> {
        to_js(&self.0.tokens())
    }

    /// See [`decode::Session::output`].
    pub fn output(&self) -> Vec<u32> {
        self.0.output().to_vec()
    }

    /// See [`decode::Session::step`].
    pub fn step(&mut self, settings: JsValue, top: usize) -> Result<Vec<u8>> {
        to_json(&self.0.step(&knobs(settings)?, top).map_err(js_error)?)
    }

    /// See [`decode::Session::read_ahead`].
    #[wasm_bindgen(js_name = readAhead)]
    pub fn read_ahead(&mut self) -> Result<()> {
        self.0.read_ahead().map_err(js_error)
    }

    /// See [`decode::Session::view`].
    pub fn view(&mut self, position: usize, settings: JsValue, top: usize) -> Result<Vec<u8>> {
        let view = self.0.view(position, &knobs(settings)?, top);
        to_json(&view.map_err(js_error)?)
    }

    /// See [`decode::Session::replay_part`].
    #[wasm_bindgen(js_name = replayPart)]
    pub fn replay_part(
        &mut self,
        settings: JsValue,
        top: usize,
        from: usize,
        to: usize,
    ) -> Result<JsValue> {
        let part = self.0.replay_part(&knobs(settings)?, top, from..to);
        convert::replay(&part.map_err(js_error)?)
    }

    /// See [`decode::Session::force`].
    pub fn force(&mut self, ids: &[u32]) -> Result<()> {
        self.0.force(ids).map_err(js_error)
    }

    /// See [`decode::Session::branch`].
    pub fn branch(&self, position: usize, id: u32) -> Result<Self> {
        self.0.branch(position, id).map(Self).map_err(js_error)
    }

    /// See [`decode::Session::token_likelihoods`].
    #[wasm_bindgen(js_name = tokenLikelihoods)]
    pub fn token_likelihoods(
        &mut self,
        settings: JsValue,
        from: usize,
        to: usize,
    ) -> Result<JsValue> {
        let tokens = self.0.token_likelihoods(&knobs(settings)?, from..to);
        to_js(&tokens.map_err(js_error)?)
    }

    /// See [`decode::Session::intervals_part`].
    #[wasm_bindgen(js_name = intervalsPart)]
    pub fn intervals_part(
        &mut self,
        position: usize,
        settings: JsValue,
        from: usize,
        to: usize,
    ) -> Result<JsValue> {
        let part = self.0.intervals_part(position, &knobs(settings)?, from..to);
        to_js(&part.map_err(js_error)?)
    }

    /// See [`decode::Session::divergence`].
    pub fn divergence(&mut self, position: usize, a: JsValue, b: JsValue) -> Result<JsValue> {
        let divergence = self.0.divergence(position, &knobs(a)?, &knobs(b)?);
        to_js(&divergence.map_err(js_error)?)
    }

    /// A search of this kind: `outcomes`, `enumerate` or `beams`.
    pub fn search(&mut self, kind: &str, given: JsValue) -> Result<Search> {
        Search::new(&mut self.0, kind, given)
    }

    /// See [`decode::Session::text`].
    pub fn text(&self) -> String {
        self.0.text().to_owned()
    }

    /// See [`decode::Session::memory`].
    pub fn memory(&self) -> Result<JsValue> {
        to_js(&self.0.memory())
    }
}
