//! Truncated files.

use tokenscope::error::{Code, Error};
use tokenscope::model;

use crate::models::Small;
use crate::{load_in, parts};

/// Every length within the first kilobyte, around the end of the header and around tensors'
/// edges; elsewhere every so many bytes.
fn lengths(bytes: &[u8]) -> Vec<usize> {
    let header = model::gguf::Header::parse(bytes)
        .expect("good")
        .expect("whole");
    let start = header.data_start as usize;
    let edges = header.tensors.iter().map(|t| start + t.offset as usize);
    let mut lengths: Vec<usize> = edges.flat_map(|edge| [edge - 1, edge, edge + 1]).collect();
    lengths.extend(0..1024);
    lengths.extend((1024..start).step_by(101));
    lengths.extend(start - 40..start + 40);
    lengths.extend((start..bytes.len()).step_by(9_973));
    lengths.push(bytes.len() - 1);
    lengths
}

#[test]
fn a_file_that_ends_early_is_truncated() {
    for name in ["llama", "mixed", "phi3"] {
        let bytes = parts(name).bytes();
        for length in lengths(&bytes) {
            for known in [true, false] {
                let result = load_in(&bytes[..length], 4096, known);
                let code = result.err().map(|error| error.code());
                assert_eq!(
                    code,
                    Some(Code::Truncated),
                    "{name} cut after {length} bytes"
                );
            }
        }
    }
}

#[test]
fn a_known_length_that_is_too_short_is_told_with_the_header() {
    let bytes = parts("llama").bytes();
    let mut loader = model::Loader::new(Some(bytes.len() as u64 - 1));
    let first = &bytes[..bytes.len() / 2];
    let code = loader.push(first).err().map(|error: Error| error.code());
    assert_eq!(code, Some(Code::Truncated));
}

#[test]
fn a_file_on_disk_is_told_apart_from_one_that_is_not_there() {
    let nowhere = Small::named("llama").path().with_extension("missing");
    let code = model::load_file(&nowhere).err().map(|e| e.code());
    assert_eq!(code, Some(Code::Io));
    assert_eq!(
        model::read_header(&nowhere).err().map(|e| e.code()),
        Some(Code::Io)
    );
    let cut = std::env::temp_dir().join(format!("tokenscope-cut-{}.gguf", std::process::id()));
    std::fs::write(&cut, &parts("llama").bytes()[..500]).expect("a temporary file");
    let found = model::read_header(&cut).err().map(|e| e.code());
    let loaded = model::load_file(&cut).err().map(|e| e.code());
    std::fs::remove_file(&cut).expect("the temporary file");
    assert_eq!([found, loaded], [Some(Code::Truncated); 2]);
}

#[test]
fn bytes_behind_the_last_tensor_do_no_harm() {
    let mut bytes = parts("llama").bytes();
    bytes.extend([7; 1000]);
    assert!(load_in(&bytes, 999, true).is_ok());
    assert!(load_in(&bytes, 999, false).is_ok());
}

#[test]
fn chunks_of_any_length_give_the_same_model() {
    let bytes = parts("mixed").bytes();
    let ids = [5, 6, 7];
    let mut logits = [1, 7, 4096, usize::MAX].map(|chunk| {
        let mut model = load_in(&bytes, chunk, chunk % 2 == 0).expect("a good file");
        crate::models::bits(&crate::models::run(&mut model, &ids, model::Rows::Last))
    });
    logits.rotate_left(1);
    assert!(logits.windows(2).all(|pair| pair[0] == pair[1]));
}
