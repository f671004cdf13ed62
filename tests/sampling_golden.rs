//! Golden vectors from Hugging Face's own logits processors and from llama.cpp's own samplers,
//! checked natively.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/golden.rs"]
mod golden;
#[path = "common/llama_cpp.rs"]
mod llama_cpp;

#[test]
fn agrees_with_hugging_face_and_with_every_other_build() {
    let checksum = golden::check_all();
    assert_eq!(
        checksum,
        golden::CHECKSUM,
        "the vectors agree, but the exact bits changed: 0x{checksum:016x}"
    );
}

#[test]
fn agrees_with_llama_cpp() {
    let cases = llama_cpp::check_all();
    assert!(cases >= 750, "only {cases} vectors");
}
