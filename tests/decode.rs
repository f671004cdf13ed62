//! Sessions: what a step writes, what a view shows, what a replay keeps.
#![cfg(not(target_arch = "wasm32"))]

#[path = "decode/batch.rs"]
mod batch;
#[path = "decode/beams.rs"]
mod beams;
#[path = "decode/branch.rs"]
mod branch;
#[path = "decode/budget.rs"]
mod budget;
#[path = "decode/chi_square.rs"]
mod chi_square;
#[path = "decode/enumerate.rs"]
mod enumerate;
#[path = "common/gguf.rs"]
mod gguf;
#[path = "decode/intervals.rs"]
mod intervals;
#[path = "common/memory.rs"]
mod memory;
#[path = "decode/outcomes.rs"]
mod outcomes;
#[path = "decode/replay.rs"]
mod replay;
#[path = "decode/session.rs"]
mod session;
#[path = "decode/stop.rs"]
mod stop;
#[path = "decode/views.rs"]
mod views;

use std::path::{Path, PathBuf};

use tokenscope::decode::{Engine, Session, SessionOptions, Step, Template};
use tokenscope::sampling::Knobs;

/// A small random model of `tests/parity/models/tiny`.
fn small(name: &str) -> Engine {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/models/tiny");
    open(&folder.join(format!("{name}.gguf")))
}

/// The default model.
fn default_model() -> Engine {
    let place = "www/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(place);
    open(&std::env::var_os("TOKENSCOPE_MODEL").map_or(place, PathBuf::from))
}

fn open(path: &Path) -> Engine {
    Engine::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn session(engine: &Engine, prompt: &str) -> Session {
    let options = SessionOptions {
        prompt: prompt.to_owned(),
        template: Template::Raw,
        ..SessionOptions::default()
    };
    engine.session(&options).expect("a session")
}

/// Steps until the text ends.
fn generate(session: &mut Session, knobs: &Knobs) -> Vec<Step> {
    let mut steps = Vec::new();
    loop {
        let step = session.step(knobs, 5).expect("a step");
        let ended = step.finish.is_some();
        steps.push(step);
        if ended {
            return steps;
        }
    }
}

fn knobs(max_new_tokens: u32, seed: u64) -> Knobs {
    Knobs {
        max_new_tokens,
        seed,
        ..Knobs::default()
    }
}
