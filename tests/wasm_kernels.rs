//! The kernels again, in a browser: the same cases, and the same bits as natively.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[path = "common/kernels.rs"]
mod kernels;
#[path = "common/random.rs"]
mod random;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn kernels_mean_what_the_oracles_say_and_give_the_native_bits() {
    let checksum = kernels::check_all();
    assert_eq!(
        checksum,
        kernels::CHECKSUM,
        "the kernels are right, but not the native bits: 0x{checksum:016x}"
    );
}
