//! Files of other kinds, versions and byte orders, and models that nothing here runs.

use tokenscope::error::Code;
use tokenscope::model::Rows;
use tokenscope::model::gguf::Value;

use crate::models::{bits, run};
use crate::{code, load, parts};

#[test]
fn files_of_other_kinds_are_not_gguf() {
    let html = b"<!DOCTYPE html><title>404 Not Found</title>".to_vec();
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_vec();
    for foreign in [
        html,
        pointer,
        b"GGML\x01\0\0\0".to_vec(),
        vec![0; 64],
        b"\x89PNG".to_vec(),
    ] {
        assert_eq!(code(&foreign), Code::NotGguf);
    }
}

#[test]
fn an_empty_file_is_truncated() {
    assert_eq!(code(&[]), Code::Truncated);
    assert_eq!(code(b"GGU"), Code::Truncated);
}

#[test]
fn versions_2_and_3_hold_the_same_model() {
    let mut file = parts("qwen3");
    assert_eq!(file.version, 3);
    let mut third = load(&file.bytes()).expect("version 3");
    file.version = 2;
    let mut second = load(&file.bytes()).expect("version 2");
    let ids = [1, 2, 3];
    let logits = |model: &mut _| bits(&run(model, &ids, Rows::All));
    assert_eq!(logits(&mut second), logits(&mut third));
}

#[test]
fn other_versions_and_byte_orders_are_refused() {
    let mut file = parts("llama");
    for version in [0, 1, 4, u32::MAX, 2_u32.swap_bytes(), 3_u32.swap_bytes()] {
        file.version = version;
        assert_eq!(code(&file.bytes()), Code::GgufVersion, "version {version}");
    }
    let error = load(&file.bytes()).expect_err("big-endian");
    assert!(error.message().contains("big-endian"), "{error}");
}

#[test]
fn other_architectures_are_named() {
    for name in ["gpt2", "llama4", "", "LLAMA"] {
        let key = "general.architecture";
        let file = parts("llama").set(key, Value::String(name.to_owned()));
        assert_eq!(code(&file.bytes()), Code::UnsupportedArchitecture);
        let error = load(&file.bytes()).expect_err("refused");
        assert!(error.message().contains(&format!("{name:?}")), "{error}");
    }
    let none = parts("llama").without("general.architecture");
    assert_eq!(code(&none.bytes()), Code::MissingPart);
}

#[test]
fn other_tensor_types_are_refused() {
    // Q4_2 (gone), Q8_1, Q8_K, IQ2_XXS, F64, TQ1_0, and numbers that nobody has given.
    for kind in [4, 9, 15, 16, 28, 34, 1000, u32::MAX] {
        let mut file = parts("llama");
        file.tensor("output_norm.weight").kind = kind;
        assert_eq!(
            code(&file.bytes()),
            Code::UnsupportedTensorType,
            "type {kind}"
        );
    }
}

#[test]
fn features_that_are_missing_here_are_refused() {
    let cases = [
        ("rope.scaling.type", Value::String("yarn".to_owned())),
        ("expert_count", Value::Int(8)),
        ("attention.value_length", Value::Int(24)),
        ("attention.head_count_kv", Value::Int(3)),
        ("attention.key_length", Value::Int(12)),
        ("rope.dimension_count", Value::Int(7)),
        ("rope.dimension_count", Value::Int(1024)),
    ];
    for (key, value) in cases {
        let file = parts("llama").set(&format!("llama.{key}"), value.clone());
        assert_eq!(
            code(&file.bytes()),
            Code::UnsupportedFeature,
            "{key} = {value:?}"
        );
    }
}
