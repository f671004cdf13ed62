//! Numeric kernels over plain slices: no tensors, no allocation in the inner loops.
//!
//! Every kernel gives the same bits on every machine. Three rules make that so:
//! quantised dot products are exact integers until one `f32` multiply-add per group;
//! each sum has one fixed order, written with the same four or eight lanes everywhere
//! ([`lanes`]); and no operation fuses a multiply with an add. The plain versions in
//! [`oracle`] say what each kernel means, and the tests compare them bit for bit.

mod abreast;
pub mod activation;
mod ahead;
pub mod attention;
mod dot;
mod expanded;
pub mod float;
pub mod formats;
pub mod gated;
mod inputs;
pub mod instruction;
pub mod lanes;
pub mod layout;
pub mod math;
pub mod matrix;
mod multiply;
pub mod norm;
pub mod oracle;
mod out;
mod passes;
pub mod pool;
pub mod quantized;
pub mod rotary;
pub mod scatter;
mod sums;

/// Rows of a quantised matrix that are stored interleaved and computed together.
pub const TILE: usize = 16;

/// Length of a block of activations that shares one scale.
pub const BLOCK: usize = 32;
