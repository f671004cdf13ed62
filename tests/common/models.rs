//! The models and reference logits of `tests/parity/models`, and how logits are compared.
#![allow(dead_code, reason = "each test uses some of this file")]

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokenscope::model::{self, Model, Rows};

/// A prompt of a small model, and the positions whose logits are stored.
#[derive(Deserialize)]
pub(crate) struct Prompt {
    pub(crate) name: String,
    pub(crate) ids: Vec<u32>,
    pub(crate) positions: Vec<usize>,
}

/// An entry of `tiny/index.json`.
#[derive(Deserialize)]
pub(crate) struct Small {
    pub(crate) name: String,
    gguf: String,
    logits: String,
    pub(crate) vocabulary: usize,
    pub(crate) prompts: Vec<Prompt>,
}

#[derive(Deserialize)]
struct Index {
    models: Vec<Small>,
}

impl Small {
    /// The model called `name`.
    pub(crate) fn named(name: &str) -> Self {
        let found = Self::all().into_iter().find(|model| model.name == name);
        found.unwrap_or_else(|| panic!("no small model is called {name:?}"))
    }

    /// Every model of the index.
    pub(crate) fn all() -> Vec<Self> {
        json::<Index>("tiny/index.json").models
    }

    pub(crate) fn path(&self) -> PathBuf {
        folder().join("tiny").join(&self.gguf)
    }

    pub(crate) fn load(&self) -> Model {
        let loaded = model::load_file(&self.path());
        loaded.unwrap_or_else(|e| panic!("{}: {e}", self.name)).0
    }

    /// The tensors with the prompts' logits, `[positions, vocabulary]` each.
    pub(crate) fn logits(&self) -> Tensors {
        Tensors::read(&format!("tiny/{}", self.logits))
    }

    /// The prompt called `name`.
    pub(crate) fn prompt(&self, name: &str) -> &Prompt {
        let found = self.prompts.iter().find(|prompt| prompt.name == name);
        found.unwrap_or_else(|| panic!("{} has no prompt {name:?}", self.name))
    }
}

/// A safetensors file.
pub(crate) struct Tensors(Vec<u8>);

impl Tensors {
    pub(crate) fn read(name: &str) -> Self {
        let path = folder().join(name);
        Self(fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    }

    /// The bytes of tensor `name`, and its shape.
    pub(crate) fn bytes(&self, name: &str) -> (&[u8], Vec<usize>) {
        let tensors = SafeTensors::deserialize(&self.0).expect("a safetensors file");
        let tensor = tensors
            .tensor(name)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        (tensor.data(), tensor.shape().to_vec())
    }

    pub(crate) fn f32(&self, name: &str) -> Vec<f32> {
        self.numbers(name, f32::from_le_bytes)
    }

    pub(crate) fn u32(&self, name: &str) -> Vec<u32> {
        self.numbers(name, u32::from_le_bytes)
    }

    /// Half-precision numbers, widened.
    pub(crate) fn f16(&self, name: &str) -> Vec<f32> {
        self.numbers(name, |bytes| half::f16::from_le_bytes(bytes).to_f32())
    }

    fn numbers<const N: usize, T>(&self, name: &str, read: impl Fn([u8; N]) -> T) -> Vec<T> {
        let (numbers, rest) = self.bytes(name).0.as_chunks::<N>();
        assert!(rest.is_empty(), "{name} has another type");
        numbers.iter().map(|bytes| read(*bytes)).collect()
    }
}

/// How two vectors of logits differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Difference {
    /// 1 − cosine similarity.
    pub(crate) angle: f64,
    /// The largest absolute difference.
    pub(crate) largest: f64,
}

impl Difference {
    pub(crate) fn between(got: &[f32], want: &[f32]) -> Self {
        assert_eq!(got.len(), want.len(), "the numbers of logits differ");
        let product = |a: &[f32], b: &[f32]| -> f64 {
            let pairs = a.iter().zip(b);
            pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let lengths = (product(got, got) * product(want, want)).sqrt();
        let pairs = got.iter().zip(want);
        let apart = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
        Self {
            angle: 1.0 - product(got, want) / lengths,
            largest: apart.fold(0.0, |max, d| if d > max || d.is_nan() { d } else { max }),
        }
    }

    /// The worse of two, number by number.
    pub(crate) fn worse(self, other: Self) -> Self {
        Self {
            angle: self.angle.max(other.angle),
            largest: self.largest.max(other.largest),
        }
    }

    /// No difference.
    pub(crate) const NONE: Self = Self {
        angle: 0.0,
        largest: 0.0,
    };
}

/// The folder of the reference data.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/models")
}

/// A JSON file of the reference data.
pub(crate) fn json<T: DeserializeOwned>(name: &str) -> T {
    let text = fs::read(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The file of the default model.
pub(crate) fn default_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www/models/SmolLM2-135M-Instruct.Q4_1.gguf")
}

/// The logits of every position of `ids`, or of the last one, from the start.
pub(crate) fn run(model: &mut Model, ids: &[u32], rows: Rows) -> Vec<f32> {
    let mut state = model.start();
    let logits = model.forward(&mut state, ids, rows);
    logits.unwrap_or_else(|e| panic!("{}: {e}", model.info().name))
}

/// The most likely token, and how far the second best is below it.
pub(crate) fn best(logits: &[f32]) -> (u32, f32) {
    let (mut first, mut second) = (0, f32::NEG_INFINITY);
    for (id, &logit) in logits.iter().enumerate().skip(1) {
        if logit > logits[first] {
            second = logits[first];
            first = id;
        } else {
            second = second.max(logit);
        }
    }
    (first as u32, logits[first] - second)
}

/// The exact bits.
pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}
