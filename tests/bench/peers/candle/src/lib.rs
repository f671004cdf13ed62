//! `quantized_llama` of candle-transformers in a browser: nothing of ours is between.

use std::io::Cursor;

use candle_core::quantized::gguf_file::Content;
use candle_core::{D, Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use wasm_bindgen::prelude::*;

/// A loaded model and its cache.
#[wasm_bindgen]
pub struct Model(ModelWeights);

#[wasm_bindgen]
impl Model {
    /// Reads a GGUF file.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &[u8]) -> Result<Self, JsError> {
        let mut reader = Cursor::new(file);
        let content = Content::read(&mut reader)?;
        let weights = ModelWeights::from_gguf(content, &mut reader, &Device::Cpu)?;
        Ok(Self(weights))
    }

    /// Runs tokens that begin at a position (0 empties the cache); returns the likeliest next one.
    pub fn forward(&mut self, ids: &[u32], position: usize) -> Result<u32, JsError> {
        let input = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
        let logits = self.0.forward(&input, position)?;
        Ok(logits.squeeze(0)?.argmax(D::Minus1)?.to_scalar()?)
    }
}
