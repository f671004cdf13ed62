//! Golden vectors from Hugging Face's own logits processors, checked natively.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/golden.rs"]
mod golden;

#[test]
fn agrees_with_hugging_face_and_with_every_other_build() {
    let checksum = golden::check_all();
    assert_eq!(
        checksum,
        golden::CHECKSUM,
        "the vectors agree, but the exact bits changed: 0x{checksum:016x}"
    );
}
