//! Headers that claim what cannot be: counts, lengths, offsets and shapes.

use tokenscope::error::Code;
use tokenscope::model::gguf::Value;

use crate::gguf::{F32, Gguf, Tensor, string};
use crate::memory::peak;
use crate::{code, load_in, parts};

/// The smallest header of a llama with one tensor of a claimed shape.
fn claim(dims: &[u64], kind: u32) -> Gguf {
    let mut file = parts("llama");
    file.metadata
        .retain(|(key, _)| !key.starts_with("tokenizer"));
    file.tensors = vec![Tensor {
        name: "token_embd.weight".to_owned(),
        dims: dims.to_vec(),
        kind,
        offset: None,
        data: vec![0; 64],
    }];
    file
}

/// A metadata entry with a key, a type number and raw bytes.
fn entry(kind: u32, rest: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    string(&mut out, "claim");
    out.extend(kind.to_le_bytes());
    rest.iter().for_each(|bytes| out.extend(*bytes));
    out
}

fn with_entry(raw: Vec<u8>) -> Gguf {
    let mut file = parts("llama");
    file.raw_metadata.push(raw);
    file
}

#[test]
fn impossible_counts_are_corrupt() {
    for count in [1 << 18, 1 << 40, u64::MAX] {
        let mut file = parts("llama");
        file.tensor_count = Some(count);
        assert_eq!(code(&file.bytes()), Code::Corrupt, "{count} tensors");
        let mut file = parts("llama");
        file.entry_count = Some(count);
        assert_eq!(code(&file.bytes()), Code::Corrupt, "{count} entries");
    }
}

#[test]
fn impossible_strings_and_arrays_are_corrupt() {
    for length in [1 << 25, 1 << 40, u64::MAX] {
        let length = length.to_le_bytes();
        let text = with_entry(entry(8, &[&length]));
        assert_eq!(code(&text.bytes()), Code::Corrupt);
        for kind in [0_u32, 6, 8, 10] {
            let list = with_entry(entry(9, &[&kind.to_le_bytes(), &length]));
            assert_eq!(
                code(&list.bytes()),
                Code::Corrupt,
                "an array of type {kind}"
            );
        }
    }
}

#[test]
fn unknown_kinds_of_values_are_corrupt() {
    assert_eq!(
        code(&with_entry(entry(13, &[&[0; 8]])).bytes()),
        Code::Corrupt
    );
    let nested = entry(9, &[&9_u32.to_le_bytes(), &1_u64.to_le_bytes(), &[0; 12]]);
    assert_eq!(code(&with_entry(nested).bytes()), Code::Corrupt);
    assert_eq!(
        code(&with_entry(entry(10, &[&[255; 8]])).bytes()),
        Code::Corrupt
    );
    // One key twice.
    let mut twice = parts("llama");
    twice.metadata.push(twice.metadata[0].clone());
    assert_eq!(code(&twice.bytes()), Code::Corrupt);
}

#[test]
fn every_kind_of_value_is_read() {
    let mut file = parts("llama");
    for (kind, bytes) in [
        (0, 1),
        (1, 1),
        (2, 2),
        (3, 2),
        (4, 4),
        (5, 4),
        (6, 4),
        (10, 8),
        (12, 8),
    ] {
        let mut raw = Vec::new();
        string(&mut raw, &format!("kind.{kind}"));
        raw.extend(u32::to_le_bytes(kind));
        raw.extend(vec![1; bytes]);
        file.raw_metadata.push(raw);
    }
    assert!(load_in(&file.bytes(), 100, true).is_ok());
}

#[test]
fn impossible_shapes_are_refused() {
    let q4_0 = 2;
    let cases: [(&[u64], u32, Code); 9] = [
        (&[0, 8], F32, Code::Corrupt),
        (&[8, 0], F32, Code::Corrupt),
        (&[33, 8], q4_0, Code::Corrupt),
        (&[8, 1, 1, 1, 1], F32, Code::Corrupt),
        (&[u64::MAX, u64::MAX], F32, Code::TooLarge),
        (&[1 << 32, 1 << 32], F32, Code::TooLarge),
        (&[1 << 31, 1 << 31, 1 << 31, 1 << 31], F32, Code::TooLarge),
        (&[1 << 40, 1 << 10], F32, Code::Truncated),
        (&[1 << 62], F32, Code::TooLarge),
    ];
    for (dims, kind, want) in cases {
        let result = load_in(&claim(dims, kind).bytes(), 4096, true);
        assert_eq!(result.err().map(|e| e.code()), Some(want), "{dims:?}");
    }
}

#[test]
fn impossible_offsets_are_corrupt() {
    for offset in [1, 31, u64::MAX, u64::MAX - 31, 1 << 63, (1 << 62) + 32] {
        let mut file = claim(&[8, 2], F32);
        file.tensors[0].offset = Some(offset);
        assert_eq!(code(&file.bytes()), Code::Corrupt, "offset {offset}");
    }
}

#[test]
fn tensors_that_overlap_or_stand_twice_are_corrupt() {
    let mut file = parts("llama");
    file.tensors[3].offset = Some(0);
    assert_eq!(code(&file.bytes()), Code::Corrupt);
    let mut file = parts("llama");
    file.tensors[3].name = file.tensors[2].name.clone();
    assert_eq!(code(&file.bytes()), Code::Corrupt);
}

#[test]
fn impossible_alignments_are_corrupt() {
    for alignment in [0, -1, 1 << 30] {
        let file = parts("llama").set("general.alignment", Value::Int(alignment));
        assert_eq!(code(&file.bytes()), Code::Corrupt);
    }
    let file = parts("llama").set("general.alignment", Value::Bool(true));
    assert_eq!(code(&file.bytes()), Code::Corrupt);
}

/// A file of about a kilobyte may claim what it likes.
#[test]
fn memory_follows_the_file_and_not_its_claims() {
    let (f16, q4_k) = (1, 12);
    // From a hundred megabytes to the largest that is let through where the length is unknown.
    for rows in [1 << 20, 1 << 24, (1 << 30) - 1024] {
        for kind in [F32, f16, q4_k] {
            assert_cheap(&claim(&[256, rows], kind), false, Code::Truncated);
            assert_cheap(&claim(&[256, rows], kind), true, Code::Truncated);
        }
    }
    // Terabytes: refused for their size, unless the file's length is known and says more.
    assert_cheap(&claim(&[256, 1 << 32], F32), false, Code::TooLarge);
    assert_cheap(&claim(&[256, 1 << 32], F32), true, Code::Truncated);
}

fn assert_cheap(file: &Gguf, known: bool, want: Code) {
    let bytes = file.bytes();
    assert!(bytes.len() < 1500, "the file has {} bytes", bytes.len());
    let (result, held) = peak(|| load_in(&bytes, 100, known).err());
    let code = result.map(|error| error.code());
    assert_eq!(code, Some(want), "{:?}", file.tensors[0].dims);
    assert!(held < 64 << 10, "{held} bytes held for {}", bytes.len());
}

#[test]
fn loading_holds_the_weights_once() {
    let bytes = parts("mixed").bytes();
    for chunk in [1000, 64 << 10] {
        let (model, held) = peak(|| load_in(&bytes, chunk, true).expect("a good file"));
        let weights = model.info().weight_bytes;
        // Beside the weights: the header, the chunk that it ended in, and a few rows.
        let beside = 2 * chunk + (128 << 10);
        assert!(
            held < weights + beside,
            "{held} held for weights of {weights}, chunks of {chunk}"
        );
    }
}

#[test]
fn tables_of_candle_transformers_are_bounded() {
    for name in ["phi3", "lfm2"] {
        for (context, width) in [(1 << 18, 1 << 16), (256, 1 << 20)] {
            let file = parts(name)
                .set(&format!("{name}.context_length"), Value::Int(context))
                .set(&format!("{name}.embedding_length"), Value::Int(width));
            let (refused, held) = peak(|| code(&file.bytes()));
            assert_eq!(refused, Code::UnsupportedFeature, "{name}");
            assert!(held < 8 << 20, "{held} bytes held by {name}");
        }
    }
    // Phi-3 says itself how much of a head is rotated.
    let file = parts("phi3").set("phi3.rope.dimension_count", Value::Int(1 << 20));
    assert_eq!(code(&file.bytes()), Code::UnsupportedFeature);
}
