//! Four- and eight-lane vectors with one meaning on every target.
//!
//! WebAssembly uses `simd128`, x86-64 uses SSE2 (always there), everything else plain arrays.
//! All operations are exact or correctly rounded lane by lane, so the backends agree bit for bit.
//! This file holds the crate's only unsafe code: loads through pointers that come from
//! references to arrays of the right size, and intrinsics whose features the target guarantees.
#![allow(unsafe_code, reason = "SIMD intrinsics; see the module's comment")]

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "lanes_wasm.rs"]
mod backend;

#[cfg(target_arch = "x86_64")]
#[path = "lanes_x86.rs"]
mod backend;

#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    target_arch = "x86_64"
)))]
#[path = "lanes_plain.rs"]
mod backend;

pub use backend::{BYTE_DOT, F32x4, FAST_FOURS, I8x16, I16x8, I32x4};

/// The eight `f32` at the start of a slice, as two vectors.
#[inline(always)]
pub fn load8(values: &[f32; 8]) -> (F32x4, F32x4) {
    let (low, high) = values.split_at(4);
    (F32x4::load(low), F32x4::load(high))
}

/// Sixteen words, as two vectors.
#[inline(always)]
pub fn load16(words: &[i16; 16]) -> [I16x8; 2] {
    let (halves, _) = words.as_chunks::<8>();
    [I16x8::load(&halves[0]), I16x8::load(&halves[1])]
}
