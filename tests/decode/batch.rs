//! Sequences that are run together give what each gives alone, to the bit.

use std::path::{Path, PathBuf};

use tokenscope::model::{Lane, Model, SequenceState, load_file};

/// Tokens of each sequence, prompt included.
fn sequences(count: usize, vocabulary: u32) -> Vec<Vec<u32>> {
    let token = |i: usize, j: usize| ((i * 7919 + j * 104_729 + i * j * 31) as u32) % vocabulary;
    let length = |i: usize| 1 + i * 5 % 40 + NEW;
    let one = |i: usize| (0..length(i)).map(|j| token(i, j)).collect();
    (0..count).map(one).collect()
}

/// Positions that are run in batches.
const NEW: usize = 8;

/// The logits of the last `NEW` positions of each sequence, run one by one.
fn alone(model: &mut Model, sequences: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let one = |ids: &Vec<u32>| {
        let mut state = model.start();
        let mut bits = Vec::new();
        let (prompt, new) = ids.split_at(ids.len() - NEW);
        model.run(&mut state, prompt).expect("a prompt");
        for id in new {
            let outputs = model.run(&mut state, &[*id]).expect("a token");
            let logits = model.logits(&[&outputs[0]]).expect("logits");
            bits.extend(logits[0].iter().map(|x| x.to_bits()));
        }
        bits
    };
    sequences.iter().map(one).collect()
}

/// The same, all sequences in each batch; the prompts too.
fn together(model: &mut Model, sequences: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut states: Vec<SequenceState> = sequences.iter().map(|_| model.start()).collect();
    let mut bits = vec![Vec::new(); sequences.len()];
    for step in 0..=NEW {
        let lanes = states.iter_mut().zip(sequences).map(|(state, ids)| {
            let prompt = ids.len() - NEW;
            let tokens = if step == 0 {
                &ids[..prompt]
            } else {
                &ids[prompt + step - 1..prompt + step]
            };
            Lane { state, tokens }
        });
        let outputs = model.run_batch(&mut lanes.collect::<Vec<_>>());
        let outputs = outputs.expect("a batch");
        if step > 0 {
            let last: Vec<_> = outputs.iter().map(|lane| &lane[0]).collect();
            let logits = model.logits(&last).expect("logits");
            for (bits, logits) in bits.iter_mut().zip(logits) {
                bits.extend(logits.iter().map(|x| x.to_bits()));
            }
        }
    }
    bits
}

fn load(path: &str) -> Model {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let loaded = load_file(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    loaded.0
}

#[test]
fn fifty_sequences_of_every_architecture() {
    for name in [
        "llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3", "mixed",
    ] {
        let mut model = load(&format!("tests/parity/models/tiny/{name}.gguf"));
        let sequences = sequences(50, model.info().vocabulary as u32);
        let alone = alone(&mut model, &sequences);
        assert!(together(&mut model, &sequences) == alone, "{name} differs");
    }
}

#[test]
fn a_few_sequences_of_the_default_model() {
    let mut model = load("www/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    let sequences = sequences(5, model.info().vocabulary as u32);
    let alone = alone(&mut model, &sequences);
    assert!(together(&mut model, &sequences) == alone);
}

#[test]
fn lanes_may_branch_from_one_state_within_a_batch() {
    let mut model = load("tests/parity/models/tiny/gemma3.gguf");
    let mut trunk = model.start();
    model.run(&mut trunk, &[5, 6, 7]).expect("a prompt");
    let mut states = vec![trunk.clone(); 4];
    let tokens = [[1], [2], [3], [4]];
    let lanes = states.iter_mut().zip(&tokens);
    let mut lanes: Vec<Lane<'_>> = lanes
        .map(|(state, tokens)| Lane { state, tokens })
        .collect();
    let outputs = model.run_batch(&mut lanes).expect("a batch");
    for (output, token) in outputs.iter().zip(tokens) {
        let mut state = trunk.clone();
        let want = model.run(&mut state, &token).expect("a token");
        let logits = model.logits(&[&output[0], &want[0]]).expect("logits");
        assert_eq!(logits[0], logits[1]);
    }
}

#[test]
fn an_error_in_one_lane_leaves_every_state_as_it_was() {
    for name in ["llama", "phi3"] {
        let mut model = load(&format!("tests/parity/models/tiny/{name}.gguf"));
        let (mut good, mut bad) = (model.start(), model.start());
        model.run(&mut good, &[5, 6]).expect("a prompt");
        let mut lanes = [
            Lane {
                state: &mut good,
                tokens: &[1],
            },
            Lane {
                state: &mut bad,
                tokens: &[u32::MAX],
            },
        ];
        assert!(model.run_batch(&mut lanes).is_err());
        assert_eq!((good.len(), bad.len()), (2, 0), "{name}");
    }
}

#[test]
fn candle_transformers_runs_lanes_one_after_another() {
    let mut model = load("tests/parity/models/tiny/phi3.gguf");
    let sequences = sequences(3, model.info().vocabulary as u32);
    let alone = alone(&mut model, &sequences);
    let together = together(&mut model, &sequences);
    // It computes a text again after another one ran, in other pieces: equal but for rounding.
    for (a, b) in alone.iter().flatten().zip(together.iter().flatten()) {
        let (a, b) = (f32::from_bits(*a), f32::from_bits(*b));
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}
