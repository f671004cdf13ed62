//! The kernels against their oracles, natively.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/kernels.rs"]
mod kernels;
#[path = "common/random.rs"]
mod random;

#[test]
fn kernels_mean_what_the_oracles_say_in_every_build() {
    let checksum = kernels::check_all();
    assert_eq!(
        checksum,
        kernels::CHECKSUM,
        "the kernels are right, but the exact bits changed: 0x{checksum:016x}"
    );
}
