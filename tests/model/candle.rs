//! candle-transformers' `quantized_llama` as a second reference.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use tokenscope::model::{self, Rows};

use crate::models::{Difference, Small, Tensors, default_model, run};

fn candle(path: &Path) -> ModelWeights {
    let mut file = BufReader::new(File::open(path).expect("the file"));
    let content = Content::read(&mut file).expect("a good header");
    ModelWeights::from_gguf(content, &mut file, &Device::Cpu).expect("a model")
}

/// The last position's logits, from the start.
fn run_candle(model: &mut ModelWeights, ids: &[u32]) -> Vec<f32> {
    let input = Tensor::new(ids, &Device::Cpu).and_then(|ids| ids.unsqueeze(0));
    let logits = input.and_then(|input| model.forward(&input, 0));
    let logits = logits.and_then(|logits| logits.flatten_all()?.to_vec1());
    logits.expect("candle runs")
}

#[test]
fn a_float_model_gives_the_logits_of_candle() {
    let small = Small::named("llama");
    let (mut ours, mut theirs) = (small.load(), candle(&small.path()));
    for prompt in &small.prompts {
        let got = run(&mut ours, &prompt.ids, Rows::Last);
        let apart = Difference::between(&got, &run_candle(&mut theirs, &prompt.ids));
        assert!(apart.largest < 1e-4, "{:?}: {apart:?}", prompt.name);
    }
}

/// Both round activations to 8 bits, candle in the same blocks but with scales in half precision,
/// so neither is exact; ours must not be the worse by much.
#[test]
fn the_default_model_is_as_close_to_float_as_candle() {
    let reference = Tensors::read("default.safetensors");
    let (mut ours, _) = model::load_file(&default_model()).expect("the default model");
    let mut theirs = candle(&default_model());
    for name in ["two-tokens", "ocean", "counting", "german", "chat"] {
        let ids = reference.u32(&format!("{name}.ids"));
        let want = reference.f16(&format!("{name}.logits"));
        let ours = run(&mut ours, &ids, Rows::Last);
        let theirs = run_candle(&mut theirs, &ids);
        let apart = Difference::between(&ours, &theirs);
        let [ours, theirs] = [ours, theirs].map(|got| Difference::between(&got, &want));
        println!("{name}: from float, ours {ours:?}, candle {theirs:?}; apart {apart:?}");
        assert!(
            ours.largest < 2.0 * theirs.largest + 0.5,
            "{name}: {ours:?}, {theirs:?}"
        );
        assert!(
            apart.angle < 0.02 && apart.largest < 3.0,
            "{name}: {apart:?}"
        );
    }
}
