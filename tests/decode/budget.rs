//! What a long text and its many branches hold.

use std::path::Path;

use tokenscope::decode::{BUDGET_BYTES, Engine, Session};
use tokenscope::model::Loader;
use tokenscope::model::gguf::Value;
use tokenscope::sampling::Knobs;

use super::gguf::Gguf;
use super::{memory, session};

/// How often the small model's vocabulary is repeated, so that logits weigh something.
const TIMES: usize = 64;
const STEPS: usize = 2000;
const BRANCHES: usize = 500;
/// What one branch may hold of its own beside logits: some 200 bytes a token of its text, marks and
/// lists, and a page of keys and values. Memory for a distribution (17 bytes a token of the
/// vocabulary) must not be in it.
const BRANCH_BYTES: usize = 320 << 10;

/// A small random model with a long context and a vocabulary of 18,432 tokens.
fn large_vocabulary() -> Engine {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/models/tiny");
    let mut file = Gguf::read(&folder.join("llama.gguf"));
    let table = file.tensor("token_embd.weight");
    table.dims[1] *= TIMES as u64;
    table.data = table.data.repeat(TIMES);
    for (key, value) in &mut file.metadata {
        match (&**key, value) {
            ("llama.context_length", Value::Int(length)) => *length = 4096,
            ("llama.vocab_size", Value::Int(size)) => *size *= TIMES as i64,
            ("tokenizer.ggml.tokens", Value::Strings(tokens)) => {
                let more = (0..tokens.len() * (TIMES - 1)).map(|i| format!("<more {i}>"));
                tokens.extend(more.collect::<Vec<_>>());
            }
            ("tokenizer.ggml.token_type", Value::Ints(types)) => {
                types.resize(types.len() * TIMES, 1);
            }
            _ => {}
        }
    }
    let mut loader = Loader::new(None);
    loader.push(&file.bytes()).expect("a good file");
    Engine::new(loader).expect("an engine")
}

fn steps(text: &mut Session, count: usize, seed: u64) {
    let knobs = Knobs {
        seed,
        top_k: 40,
        max_new_tokens: 100_000,
        ..Knobs::default()
    };
    for _ in 0..count {
        text.step(&knobs, 5).expect("a step");
    }
}

#[test]
fn a_long_text_and_its_branches_stay_within_their_budget() {
    let engine = large_vocabulary();
    let mut trunk = session(&engine, "text");
    steps(&mut trunk, 1, 0);
    let before = memory::held();
    let mut branches = Vec::new();
    for step in 1..STEPS {
        steps(&mut trunk, 1, 0);
        if step % (STEPS / BRANCHES) == 0 {
            // Not at the end alone: a branch must not keep alive what its trunk lets go.
            let mut branch = trunk.branch(trunk.ids().len() - 1, 65).expect("a branch");
            steps(&mut branch, 2, step as u64);
            branches.push(branch);
        }
    }
    let told = trunk.memory();
    let logits = told.logits_bytes;
    assert!(logits > BUDGET_BYTES / 4, "the test is too easy: {told:?}");
    let unbounded = STEPS * engine.info().vocabulary * 4;
    assert!(unbounded > 2 * BUDGET_BYTES, "the test is too easy");
    let held = memory::held() - before;
    let most = BUDGET_BYTES + told.state_bytes + branches.len() * BRANCH_BYTES;
    assert!(held < most, "{held} bytes are held, more than {most}");
    for text in branches.iter().chain([&trunk]) {
        let told = text.memory();
        assert_eq!(told.budget_bytes, BUDGET_BYTES);
        // A branch may have pages of its own beside the trunk's.
        let pages = trunk.memory().state_bytes + BRANCH_BYTES;
        assert!(told.state_bytes > 0 && told.state_bytes <= pages);
        let outputs = text.ids().len() * engine.info().vocabulary.min(4096);
        assert!(told.logits_bytes <= BUDGET_BYTES + outputs, "{told:?}");
    }
}
