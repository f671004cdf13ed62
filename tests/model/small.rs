//! Small random models of every architecture against `transformers` in float32.

use tokenscope::error::Code;
use tokenscope::kernels::formats::TensorType;
use tokenscope::kernels::oracle::dequantize;
use tokenscope::model::{Loader, Model, Rows};

use crate::gguf::{F32, Gguf};
use crate::models::{Difference, Small, best, bits, run};

/// Models of F32 weights, on our own engine.
const FLOAT: [&str; 6] = ["llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3"];
/// Models of F32 weights, on candle-transformers.
const CANDLE: [&str; 2] = ["phi3", "lfm2"];

/// Bounds for F32 weights: 1 − cosine, and any one logit; logits deviate by 1.2 to 2.5.
const FLOAT_BOUND: Difference = Difference {
    angle: 1e-9,
    largest: 1e-4,
};
/// The same for a tensor in each quantised type: activations are rounded to 8 bits.
const MIXED_BOUND: Difference = Difference {
    angle: 3e-3,
    largest: 0.5,
};

fn assert_within(what: &str, found: Difference, bound: Difference) {
    println!(
        "{what}: 1 - cosine {:.1e}, largest difference {:.1e}",
        found.angle, found.largest
    );
    assert!(
        found.angle <= bound.angle && found.largest <= bound.largest,
        "{what}: {found:?} is beyond {bound:?}"
    );
}

/// Checks one position: the difference is returned, and the most likely token is asserted where
/// the bound could not change it.
fn compare(what: &str, got: &[f32], want: &[f32], bound: Difference) -> Difference {
    let (id, margin) = best(want);
    if f64::from(margin) > 2.0 * bound.largest {
        assert_eq!(best(got).0, id, "{what}: another token is the most likely");
    }
    Difference::between(got, want)
}

/// Compares every stored position of every prompt; `logits` gives those of one position.
fn check(model: &Small, bound: Difference, mut logits: impl FnMut(&[u32], usize) -> Vec<f32>) {
    let stored = model.logits();
    let mut worst = Difference::NONE;
    for prompt in &model.prompts {
        let what = format!("{}, prompt {:?}", model.name, prompt.name);
        let want = stored.f32(&prompt.name);
        assert_eq!(
            want.len(),
            prompt.positions.len() * model.vocabulary,
            "{what}"
        );
        for (row, &position) in want.chunks_exact(model.vocabulary).zip(&prompt.positions) {
            let what = format!("{what}, position {position}");
            worst = worst.worse(compare(&what, &logits(&prompt.ids, position), row, bound));
        }
    }
    assert_within(&model.name, worst, bound);
}

/// One position of all that one pass over the prompt returns.
fn check_all_rows(model: &Small, bound: Difference) {
    let mut engine = model.load();
    check(model, bound, |ids, position| {
        let all = run(&mut engine, ids, Rows::All);
        assert_eq!(all.len(), ids.len() * model.vocabulary);
        all[position * model.vocabulary..][..model.vocabulary].to_vec()
    });
}

#[test]
fn float_models_agree_with_transformers() {
    for name in FLOAT {
        check_all_rows(&Small::named(name), FLOAT_BOUND);
    }
}

#[test]
fn a_tensor_in_every_quantised_type_agrees_with_transformers() {
    let mixed = Small::named("mixed");
    assert_eq!(
        mixed.load().info().tensor_types.len(),
        13,
        "a type is missing"
    );
    check_all_rows(&mixed, MIXED_BOUND);
}

/// With the same weights as F32 there is no rounding left: what [`MIXED_BOUND`] allows is for the
/// activations alone.
#[test]
fn every_quantised_type_is_decoded_exactly() {
    let mixed = Small::named("mixed");
    let mut file = Gguf::read(&mixed.path());
    for tensor in &mut file.tensors {
        let kind = TensorType::from_id(tensor.kind).expect("a type that can be read");
        let values = dequantize(kind, &tensor.data);
        tensor.data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        tensor.kind = F32;
    }
    let mut loader = Loader::new(None);
    loader.push(&file.bytes()).expect("a good file");
    let (mut engine, _) = loader.finish().expect("a model");
    check(&mixed, FLOAT_BOUND, |ids, position| {
        run(&mut engine, &ids[..=position], Rows::Last)
    });
}

#[test]
fn models_on_candle_agree_with_transformers() {
    for name in CANDLE {
        let model = Small::named(name);
        let mut engine = model.load();
        assert!(!engine.gives_all_rows());
        check(&model, FLOAT_BOUND, |ids, position| {
            // A second text of one token is refused for lfm2.
            if position == 0 {
                engine = model.load();
            }
            run(&mut engine, &ids[..=position], Rows::Last)
        });
    }
}

#[test]
fn every_model_of_the_index_is_tested() {
    let names: Vec<String> = Small::all().into_iter().map(|model| model.name).collect();
    let tested: Vec<&str> = [&FLOAT[..], &CANDLE, &["mixed"]].concat();
    assert_eq!(names, tested);
}

/// Runs `ids` in pieces of `length` and returns all rows.
fn in_pieces(engine: &mut Model, ids: &[u32], length: usize) -> Vec<f32> {
    let mut state = engine.start();
    let pieces = ids.chunks(length);
    let rows = pieces.flat_map(|piece| engine.forward(&mut state, piece, Rows::All).expect("runs"));
    rows.collect()
}

#[test]
fn pieces_of_any_length_give_the_same_bits() {
    for name in [&FLOAT[..], &["mixed"]].concat() {
        let model = Small::named(name);
        let mut engine = model.load();
        let ids = &model.prompt("long").ids;
        let whole = run(&mut engine, ids, Rows::All);
        // 32 positions are a page of the cache, and vectors are multiplied four at a time.
        for length in [1, 2, 3, 5, 31, 32, 33, 89] {
            let pieces = in_pieces(&mut engine, ids, length);
            assert_eq!(bits(&pieces), bits(&whole), "{name} in pieces of {length}");
        }
    }
}

#[test]
fn the_last_row_is_the_last_of_all_rows() {
    for name in [&FLOAT[..], &["mixed"]].concat() {
        let model = Small::named(name);
        let mut engine = model.load();
        for prompt in &model.prompts {
            let all = run(&mut engine, &prompt.ids, Rows::All);
            let last = run(&mut engine, &prompt.ids, Rows::Last);
            assert_eq!(
                bits(&last),
                bits(&all[all.len() - model.vocabulary..]),
                "{name}"
            );
        }
    }
}

#[test]
fn what_cannot_be_run_is_refused_and_leaves_the_state() {
    let mut llama = Small::named("llama").load();
    let (vocabulary, context) = (llama.info().vocabulary as u32, llama.info().context_length);
    let mut state = llama.start();
    let refused = |model: &mut Model, state: &mut _, ids: &[u32]| {
        let result = model.forward(state, ids, Rows::Last);
        result.expect_err("is refused").code()
    };
    assert_eq!(refused(&mut llama, &mut state, &[]), Code::BadArgument);
    assert_eq!(
        refused(&mut llama, &mut state, &[1, vocabulary]),
        Code::OutOfRange
    );
    let long = vec![1; context + 1];
    assert_eq!(refused(&mut llama, &mut state, &long), Code::ContextFull);
    assert!(state.is_empty());
    llama
        .forward(&mut state, &long[1..], Rows::Last)
        .expect("fills the context");
    assert_eq!(refused(&mut llama, &mut state, &[1]), Code::ContextFull);
    assert_eq!(state.len(), context);
}

#[test]
fn a_state_of_another_model_is_refused() {
    // Two loads of one file are two models; the others have caches of another shape or kind.
    let mut llama = Small::named("llama").load();
    for other in ["llama", "qwen3", "phi3"] {
        let mut state = Small::named(other).load().start();
        let result = llama.forward(&mut state, &[1], Rows::Last);
        assert_eq!(
            result.err().map(|e| e.code()),
            Some(Code::BadArgument),
            "{other}"
        );
    }
}

#[test]
fn all_rows_of_a_model_on_candle_are_refused() {
    let mut phi3 = Small::named("phi3").load();
    let mut state = phi3.start();
    let result = phi3.forward(&mut state, &[1, 2], Rows::All);
    assert_eq!(
        result.expect_err("no rows").code(),
        Code::UnsupportedFeature
    );
    assert!(state.is_empty());
}
