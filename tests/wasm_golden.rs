//! The golden vectors again, in a browser: the same cases, and the same bits as natively.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[path = "common/golden.rs"]
mod golden;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn agrees_with_hugging_face_and_with_the_native_build() {
    let checksum = golden::check_all();
    assert_eq!(
        checksum,
        golden::CHECKSUM,
        "the vectors agree, but not the exact bits: 0x{checksum:016x}"
    );
}
