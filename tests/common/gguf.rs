//! Writes GGUF files, right ones and wrong ones.
#![allow(dead_code, reason = "each test uses some of this file")]

use std::fs;
use std::path::Path;

use tokenscope::model::gguf::{Header, Value};

/// The type number of F32.
pub(crate) const F32: u32 = 0;

/// One tensor of a file.
#[derive(Clone)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) dims: Vec<u64>,
    /// ggml's number of the type.
    pub(crate) kind: u32,
    /// Where the data stands; after all earlier tensors if nothing is said.
    pub(crate) offset: Option<u64>,
    pub(crate) data: Vec<u8>,
}

/// A file in parts. Counts and offsets follow from the parts unless they are set.
#[derive(Clone)]
pub(crate) struct Gguf {
    pub(crate) version: u32,
    pub(crate) tensor_count: Option<u64>,
    pub(crate) entry_count: Option<u64>,
    pub(crate) metadata: Vec<(String, Value)>,
    /// Metadata entries as they stand in the file, behind the others.
    pub(crate) raw_metadata: Vec<Vec<u8>>,
    pub(crate) tensors: Vec<Tensor>,
}

const ALIGNMENT: usize = 32;

impl Gguf {
    /// Takes a file apart.
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let header = Header::parse(&bytes)
            .expect("a good file")
            .expect("all of it");
        let tensors = header.tensors.iter().map(|info| {
            let start = (header.data_start + info.offset) as usize;
            Tensor {
                name: info.name.clone(),
                dims: info.dims.iter().map(|&d| d as u64).collect(),
                kind: number(info.kind.name()),
                offset: None,
                data: bytes[start..start + info.bytes as usize].to_vec(),
            }
        });
        Self {
            version: header.version,
            tensor_count: None,
            entry_count: None,
            tensors: tensors.collect(),
            metadata: header.metadata.into_iter().collect(),
            raw_metadata: Vec::new(),
        }
    }

    /// Sets or adds a metadata value.
    pub(crate) fn set(mut self, key: &str, value: Value) -> Self {
        self.metadata.retain(|(k, _)| k != key);
        self.metadata.push((key.to_owned(), value));
        self
    }

    /// Removes a metadata value.
    pub(crate) fn without(mut self, key: &str) -> Self {
        let before = self.metadata.len();
        self.metadata.retain(|(k, _)| k != key);
        assert!(self.metadata.len() < before, "there is no {key:?}");
        self
    }

    /// The tensor called `name`.
    pub(crate) fn tensor(&mut self, name: &str) -> &mut Tensor {
        let found = self.tensors.iter_mut().find(|t| t.name == name);
        found.unwrap_or_else(|| panic!("there is no {name:?}"))
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (mut out, data) = (self.header(), self.data());
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        out.extend(data);
        out
    }

    fn header(&self) -> Vec<u8> {
        let entries = self.metadata.len() + self.raw_metadata.len();
        let mut out = b"GGUF".to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend(
            self.tensor_count
                .unwrap_or(self.tensors.len() as u64)
                .to_le_bytes(),
        );
        out.extend(self.entry_count.unwrap_or(entries as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            string(&mut out, key);
            entry(&mut out, value);
        }
        self.raw_metadata.iter().for_each(|raw| out.extend(raw));
        let mut next = 0;
        for tensor in &self.tensors {
            string(&mut out, &tensor.name);
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            tensor.dims.iter().for_each(|d| out.extend(d.to_le_bytes()));
            out.extend(tensor.kind.to_le_bytes());
            out.extend(tensor.offset.unwrap_or(next as u64).to_le_bytes());
            next += tensor.data.len().next_multiple_of(ALIGNMENT);
        }
        out
    }

    fn data(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for tensor in &self.tensors {
            out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
            out.extend(&tensor.data);
        }
        out
    }
}

/// A length and the bytes.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// A type number and the value.
fn entry(out: &mut Vec<u8>, value: &Value) {
    let mut list = |kind: u32, length: usize| {
        out.extend(9_u32.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend((length as u64).to_le_bytes());
    };
    match value {
        Value::Ints(values) => {
            list(11, values.len());
            values.iter().for_each(|v| out.extend(v.to_le_bytes()));
        }
        Value::Floats(values) => {
            list(6, values.len());
            values.iter().for_each(|v| out.extend(v.to_le_bytes()));
        }
        Value::Strings(values) => {
            list(8, values.len());
            values.iter().for_each(|v| string(out, v));
        }
        Value::Int(v) => scalar(out, 11, &v.to_le_bytes()),
        Value::Float(v) => scalar(out, 12, &v.to_le_bytes()),
        Value::Bool(v) => scalar(out, 7, &[u8::from(*v)]),
        Value::String(v) => {
            out.extend(8_u32.to_le_bytes());
            string(out, v);
        }
    }
}

fn scalar(out: &mut Vec<u8>, kind: u32, bytes: &[u8]) {
    out.extend(kind.to_le_bytes());
    out.extend(bytes);
}

/// ggml's number of a type.
fn number(name: &str) -> u32 {
    use tokenscope::kernels::formats::TensorType;
    let named = |id: &u32| TensorType::from_id(*id).is_some_and(|kind| kind.name() == name);
    (0..64).find(named).expect("a type that can be read")
}
