//! Tokenizers for tests: small ones from `tests/parity/tokenizer`, and the default model's.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use tokenscope::model::gguf::{Header, Value};
use tokenscope::tokenizer::{Tokenizer, TokenizerSpec};

/// The small vocabularies.
#[allow(dead_code, reason = "each test uses some of this file")]
pub(crate) const SMALL: [&str; 7] = [
    "gpt-2",
    "smollm",
    "qwen2",
    "llama-bpe",
    "sp-llama",
    "sp-gemma",
    "sp-trimmed",
];

/// A JSON file of `tests/parity/tokenizer`.
pub(crate) fn read<T: DeserializeOwned>(name: &str) -> T {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/tokenizer");
    let file = File::open(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    serde_json::from_reader(std::io::BufReader::new(file)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[derive(serde::Deserialize)]
struct Small {
    model: String,
    pre: String,
    tokens: Vec<String>,
    token_types: Vec<i32>,
    scores: Option<Vec<f32>>,
    merges: Option<Vec<String>>,
    bos: u32,
    eos: u32,
    unk: Option<u32>,
    add_bos: Option<bool>,
    add_space_prefix: Option<bool>,
    remove_extra_whitespaces: Option<bool>,
}

/// What a small vocabulary is made of.
pub(crate) fn small_spec(name: &str) -> TokenizerSpec {
    let small: Small = read(&format!("vocabularies/{name}.json"));
    TokenizerSpec {
        model: small.model,
        pre: Some(small.pre),
        tokens: small.tokens,
        token_types: Some(small.token_types),
        scores: small.scores,
        merges: small.merges,
        bos: Some(small.bos),
        eos: Some(small.eos),
        unk: small.unk,
        add_bos: small.add_bos,
        add_space_prefix: small.add_space_prefix,
        remove_extra_whitespaces: small.remove_extra_whitespaces,
        ..TokenizerSpec::default()
    }
}

/// A small tokenizer.
#[allow(dead_code, reason = "each test uses some of this file")]
pub(crate) fn small(name: &str) -> Tokenizer {
    Tokenizer::new(small_spec(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn default_model() -> PathBuf {
    let place = "www/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(place);
    std::env::var_os("TOKENSCOPE_MODEL").map_or(place, PathBuf::from)
}

/// What the default model's tokenizer is made of.
pub(crate) fn default_spec() -> TokenizerSpec {
    let path = default_model();
    let mut start = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(8 << 20).read_to_end(&mut start))
        .unwrap_or_else(|e| panic!("{}: {e}; `./build.sh setup` fetches it", path.display()));
    let header = Header::parse(&start)
        .expect("a GGUF header")
        .expect("a header of less than 8 MB");
    let text = |key: &str| header.string(key).map(str::to_owned);
    let list = |key: &str| header.strings(key).map(<[String]>::to_vec);
    let id = |key: &str| {
        header
            .integer(key)
            .map(|id| u32::try_from(id).expect("an id"))
    };
    let types = match header.metadata.get("tokenizer.ggml.token_type") {
        Some(Value::Ints(types)) => Some(
            types
                .iter()
                .map(|t| i32::try_from(*t).expect("a type"))
                .collect(),
        ),
        _ => None,
    };
    TokenizerSpec {
        model: text("tokenizer.ggml.model").expect("a kind of vocabulary"),
        pre: text("tokenizer.ggml.pre"),
        tokens: list("tokenizer.ggml.tokens").expect("tokens"),
        token_types: types,
        scores: None,
        merges: list("tokenizer.ggml.merges"),
        bos: id("tokenizer.ggml.bos_token_id"),
        eos: id("tokenizer.ggml.eos_token_id"),
        eot: id("tokenizer.ggml.eot_token_id"),
        unk: id("tokenizer.ggml.unknown_token_id"),
        pad: id("tokenizer.ggml.padding_token_id"),
        add_bos: header.boolean("tokenizer.ggml.add_bos_token"),
        add_space_prefix: header.boolean("tokenizer.ggml.add_space_prefix"),
        remove_extra_whitespaces: header.boolean("tokenizer.ggml.remove_extra_whitespaces"),
        chat_template: text("tokenizer.chat_template"),
    }
}

/// The default model's tokenizer.
#[allow(dead_code, reason = "each test uses some of this file")]
pub(crate) fn default() -> Tokenizer {
    Tokenizer::new(default_spec()).expect("the default model's tokenizer")
}
