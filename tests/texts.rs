//! A hundred texts of the default model, token by token: the same on every number of threads here,
//! and in every build of the page (`tests/page/texts.test.mjs`).
//!
//! By default the first few are written, which takes half a minute. With `TOKENSCOPE_TEXTS=all` all
//! of them are; with `TOKENSCOPE_TEXTS=update` they become the expected ones.
#![cfg(not(target_arch = "wasm32"))]

use std::path::{Path, PathBuf};

use serde_json::json;
use tokenscope::decode::{Engine, SessionOptions};
use tokenscope::model::threads;
use tokenscope::sampling::Knobs;

/// Texts that are always written; the page writes as many.
const FEW: usize = 10;

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(place(name)).expect(name);
    serde_json::from_str(&text).expect(name)
}

/// What is set for text `index`; `tests/page/texts.test.mjs` sets the same.
fn knobs(index: usize) -> Knobs {
    let mut knobs = Knobs::default();
    for (key, value) in [
        ("temperature", json!(0.8)),
        ("topK", json!(40)),
        ("topP", json!(0.95)),
        ("repetitionPenalty", json!(1.1)),
        ("maxNewTokens", json!(64)),
        ("seed", json!(index)),
    ] {
        knobs.set(key, &value).expect("a knob");
    }
    knobs
}

fn write(engine: &Engine, prompt: &str, index: usize) -> Vec<u32> {
    let options = SessionOptions {
        prompt: prompt.to_owned(),
        ..SessionOptions::default()
    };
    let mut session = engine.session(&options).expect("a session");
    let knobs = knobs(index);
    while session.step(&knobs, 0).expect("a step").finish.is_none() {}
    session.output().to_vec()
}

#[test]
fn the_default_model_writes_the_expected_texts_on_two_threads() {
    threads::grow(2).expect("threads");
    let prompts: Vec<String> = read("tests/texts/prompts.json");
    assert_eq!(prompts.len(), 100);
    let wanted = std::env::var("TOKENSCOPE_TEXTS").unwrap_or_default();
    let count = if wanted.is_empty() {
        FEW
    } else {
        prompts.len()
    };
    let model = place("www/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    let engine = Engine::open(&model).expect("the default model: ./build.sh setup fetches it");
    let written = prompts.iter().take(count).enumerate();
    let written: Vec<Vec<u32>> = written.map(|(i, p)| write(&engine, p, i)).collect();
    if wanted == "update" {
        let lines: Vec<String> = written.iter().map(|ids| json!(ids).to_string()).collect();
        let text = format!("[\n{}\n]\n", lines.join(",\n"));
        std::fs::write(place("tests/texts/expected.json"), text).expect("expected.json");
    }
    let expected: Vec<Vec<u32>> = read("tests/texts/expected.json");
    for (index, (written, expected)) in written.iter().zip(&expected).enumerate() {
        assert_eq!(written, expected, "text {index}");
    }
}
