//! The default model (SmolLM2-135M-Instruct, Q4_1) against `transformers` in float32, on prompts
//! of up to 487 tokens.
//!
//! The reference keeps activations in float32; ours are rounded to 8 bits before every product
//! with a quantised matrix, so logits differ by some tenths where they spread over tens.

use serde::Deserialize;
use tokenscope::model::{self, Rows};

use crate::models::{Difference, Tensors, best, default_model, json};

#[derive(Deserialize)]
struct Index {
    prompts: Vec<Prompt>,
}

#[derive(Deserialize)]
struct Prompt {
    name: String,
    length: usize,
}

/// Bound on the logits after each prompt: 1 − cosine over the vocabulary, and the largest
/// difference among the reference's best 256.
const BOUND: Difference = Difference {
    angle: 1e-2,
    largest: 1.5,
};
/// Where the reference's best token leads by more, ours must be the same.
const MARGIN: f32 = 1.0;
/// The part of all positions at which the best token must be the same.
const AGREEMENT: f64 = 0.95;

/// Compares one prompt; says how many positions have the same best token.
fn check(model: &mut model::Model, reference: &Tensors, name: &str) -> (usize, usize) {
    let part = |part: &str| format!("{name}.{part}");
    let ids = reference.u32(&part("ids"));
    let vocabulary = model.info().vocabulary;
    let all = crate::models::run(model, &ids, Rows::All);
    let rows: Vec<&[f32]> = all.chunks_exact(vocabulary).collect();
    assert_eq!(rows.len(), ids.len());
    let (argmax, margin) = (
        reference.u32(&part("argmax")),
        reference.f32(&part("margin")),
    );
    let mut agreeing = 0;
    for (position, row) in rows.iter().enumerate() {
        let same = best(row).0 == argmax[position];
        let close = margin[position] <= MARGIN;
        assert!(
            same || close,
            "{name}, position {position}: another token is the most likely"
        );
        agreeing += usize::from(same);
    }
    compare_last(name, rows[ids.len() - 1], reference);
    (agreeing, ids.len())
}

fn compare_last(name: &str, last: &[f32], reference: &Tensors) {
    let whole = Difference::between(last, &reference.f16(&format!("{name}.logits")));
    let ids = reference.u32(&format!("{name}.top_ids"));
    let top: Vec<f32> = ids.iter().map(|&id| last[id as usize]).collect();
    let top = Difference::between(&top, &reference.f32(&format!("{name}.top_logits")));
    println!(
        "{name}: 1 - cosine {:.1e}, largest difference of 256 {:.2}",
        whole.angle, top.largest
    );
    assert!(
        whole.angle <= BOUND.angle && top.largest <= BOUND.largest,
        "{name}: {whole:?} and, of the best, {top:?} are beyond {BOUND:?}"
    );
}

/// Checks the prompts of some lengths.
fn check_lengths(lengths: std::ops::Range<usize>) {
    let reference = Tensors::read("default.safetensors");
    let prompts = json::<Index>("default.json").prompts;
    let (mut model, _) = model::load_file(&default_model()).expect("the default model");
    let (mut agreeing, mut positions) = (0, 0);
    for prompt in prompts.iter().filter(|p| lengths.contains(&p.length)) {
        let (same, of) = check(&mut model, &reference, &prompt.name);
        (agreeing, positions) = (agreeing + same, positions + of);
    }
    println!("{lengths:?}: the same best token at {agreeing} of {positions} positions");
    assert!(agreeing as f64 >= AGREEMENT * positions as f64);
}

#[test]
fn short_prompts_agree_with_transformers() {
    check_lengths(1..150);
}

#[test]
fn prompts_up_to_350_tokens_agree_with_transformers() {
    check_lengths(150..400);
}

#[test]
fn a_prompt_of_487_tokens_agrees_with_transformers() {
    check_lengths(400..1000);
}

#[test]
fn there_are_prompts_enough() {
    let prompts = json::<Index>("default.json").prompts;
    assert!(prompts.len() >= 20);
    assert!(prompts.iter().all(|p| (1..1000).contains(&p.length)));
    assert!(prompts.iter().any(|p| p.length > 450));
}
