//! Files that lack a part, or have one of the wrong shape.

use tokenscope::error::Code;
use tokenscope::model::gguf::Value;

use crate::{code, load, parts};

const MODELS: [&str; 8] = [
    "llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3", "phi3", "lfm2",
];

#[test]
fn every_tensor_that_a_model_needs_is_missed() {
    for name in MODELS {
        let whole = parts(name);
        for index in 0..whole.tensors.len() {
            let mut file = whole.clone();
            let tensor = file.tensors.remove(index);
            // Without these the file is another model, and nothing in it says which was meant.
            if ["rope_freqs.weight", "output.weight"].contains(&&*tensor.name) && name != "phi3" {
                continue;
            }
            assert_eq!(
                code(&file.bytes()),
                Code::MissingPart,
                "{name} without {}",
                tensor.name
            );
        }
    }
}

#[test]
fn every_tensor_of_another_shape_is_refused() {
    for name in MODELS {
        // candle-transformers looks at shapes only as it multiplies.
        if ["phi3", "lfm2"].contains(&name) {
            continue;
        }
        let whole = parts(name);
        for index in 0..whole.tensors.len() {
            let mut file = whole.clone();
            let tensor = &mut file.tensors[index];
            // The table's rows are the vocabulary: halve its columns, and other tensors' last side.
            let side = if tensor.name == "token_embd.weight" {
                0
            } else {
                tensor.dims.len() - 1
            };
            tensor.dims[side] /= 2;
            tensor.data.truncate(tensor.data.len() / 2);
            let what = tensor.name.clone();
            assert_eq!(
                code(&file.bytes()),
                Code::MissingPart,
                "{name} with half of {what}"
            );
        }
    }
}

#[test]
fn every_number_that_a_model_needs_is_missed() {
    for name in MODELS {
        let whole = parts(name);
        let Some((_, Value::String(architecture))) = whole
            .metadata
            .iter()
            .find(|(key, _)| key == "general.architecture")
        else {
            panic!("{name} has no architecture");
        };
        for key in [
            "embedding_length",
            "attention.head_count",
            "block_count",
            "context_length",
        ] {
            let key = format!("{architecture}.{key}");
            let file = whole.clone().without(&key);
            assert_eq!(
                code(&file.bytes()),
                Code::MissingPart,
                "{name} without {key}"
            );
            for wrong in [0, 1 << 40, i64::MAX] {
                let file = whole.clone().set(&key, Value::Int(wrong));
                assert_eq!(
                    code(&file.bytes()),
                    Code::Corrupt,
                    "{name} with {key} = {wrong}"
                );
            }
        }
    }
}

#[test]
fn impossible_numbers_are_corrupt() {
    let cases = [
        ("attention.key_length", Value::Int(0)),
        ("attention.key_length", Value::Int(1 << 60)),
        ("attention.key_length", Value::Int(1 << 20)),
        ("attention.head_count_kv", Value::Int(0)),
        ("rope.dimension_count", Value::Int(1 << 60)),
        ("rope.freq_base", Value::Float(0.0)),
        ("rope.freq_base", Value::Float(-1.0)),
        ("rope.freq_base", Value::Float(f64::NAN)),
    ];
    for (key, value) in cases {
        let file = parts("llama").set(&format!("llama.{key}"), value.clone());
        assert_eq!(code(&file.bytes()), Code::Corrupt, "{key} = {value:?}");
    }
}

#[test]
fn values_of_another_kind_count_as_missing() {
    let text = Value::String("64".to_owned());
    let file = parts("llama").set("llama.embedding_length", text);
    assert_eq!(code(&file.bytes()), Code::MissingPart);
}

#[test]
fn metadata_and_tensors_that_nobody_knows_do_no_harm() {
    let mut file = parts("llama").set("someone.else", Value::Strings(vec!["x".to_owned()]));
    let mut tensor = file.tensors[0].clone();
    tensor.name = "someone.else.weight".to_owned();
    file.tensors.push(tensor);
    assert!(load(&file.bytes()).is_ok());
}
