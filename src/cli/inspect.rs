//! `inspect`: what a GGUF file holds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use clap::ArgMatches;
use serde_json::{Map, Value as Json, json};
use tokenscope::error::Result;
use tokenscope::model::gguf::{Header, TensorInfo, Value};
use tokenscope::model::read_header;

use super::output;

/// Longest text, and most items of a list, that are shown for people.
const LONGEST: usize = 100;
const FIRST: usize = 4;

pub(super) fn run(matches: &ArgMatches) -> Result<()> {
    let path = matches.get_one::<PathBuf>("model").cloned();
    let header = read_header(&path.unwrap_or_default())?;
    let tensors = matches.get_flag("tensors");
    if matches.get_flag("json") {
        output::write_json(&as_json(&header, tensors))
    } else {
        output::write(&as_text(&header, tensors))
    }
}

fn as_text(header: &Header, tensors: bool) -> String {
    let mut text = format!(
        "GGUF version {}, {} bytes, {} tensors, {} weights\n\nmetadata\n",
        header.version,
        header.file_bytes(),
        header.tensors.len(),
        weights(header),
    );
    for (key, value) in &header.metadata {
        // Writing to a string does not fail; so below.
        let _ = writeln!(text, "  {key} = {}", shown(value));
    }
    text.push_str("\ntensor types\n");
    for (name, (count, bytes)) in types(header) {
        let _ = writeln!(text, "  {name}: {count} tensors, {bytes} bytes");
    }
    if tensors {
        text.push_str("\ntensors\n");
        for tensor in &header.tensors {
            let TensorInfo {
                name,
                dims,
                kind,
                bytes,
                ..
            } = tensor;
            let _ = writeln!(text, "  {name} {dims:?} {} {bytes} bytes", kind.name());
        }
    }
    text
}

fn as_json(header: &Header, tensors: bool) -> Json {
    let metadata: Map<String, Json> = header
        .metadata
        .iter()
        .map(|(key, value)| (key.clone(), json_of(value)))
        .collect();
    let types: Map<String, Json> = types(header)
        .into_iter()
        .map(|(name, (count, bytes))| {
            (name.to_owned(), json!({ "tensors": count, "bytes": bytes }))
        })
        .collect();
    let mut all = json!({
        "version": header.version,
        "fileBytes": header.file_bytes(),
        "weights": weights(header),
        "metadata": metadata,
        "tensorTypes": types,
    });
    if tensors {
        all["tensors"] = header.tensors.iter().map(tensor_json).collect();
    }
    all
}

fn tensor_json(tensor: &TensorInfo) -> Json {
    let TensorInfo {
        name,
        dims,
        kind,
        offset,
        bytes,
    } = tensor;
    json!({ "name": name, "dims": dims, "type": kind.name(), "offset": offset, "bytes": bytes })
}

fn weights(header: &Header) -> u64 {
    let weights = |tensor: &TensorInfo| tensor.dims.iter().map(|&d| d as u64).product::<u64>();
    header.tensors.iter().map(weights).sum()
}

/// Number and bytes of the tensors of each type.
fn types(header: &Header) -> BTreeMap<&'static str, (usize, u64)> {
    let mut types = BTreeMap::new();
    for tensor in &header.tensors {
        let (count, bytes) = types.entry(tensor.kind.name()).or_insert((0, 0));
        *count += 1;
        *bytes += tensor.bytes;
    }
    types
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shortened(&format!("{text:?}")),
        Value::Ints(list) => listed(list),
        Value::Floats(list) => listed(list),
        Value::Strings(list) => listed(list),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
    }
}

fn listed<T: std::fmt::Debug>(list: &[T]) -> String {
    let first = &list[..list.len().min(FIRST)];
    let text = shortened(&format!("{first:?}"));
    if list.len() > FIRST {
        format!("{text} … {} items", list.len())
    } else {
        text
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… {} characters", &text[..end], text.chars().count()),
        None => text.to_owned(),
    }
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Bool(truth) => json!(truth),
        Value::String(text) => json!(text),
        Value::Ints(list) => json!(list),
        Value::Floats(list) => json!(list),
        Value::Strings(list) => json!(list),
    }
}
