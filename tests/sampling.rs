//! Sampling, natively: properties that hold for any logits and knobs, and the edges by name.
//! (`sampling_golden.rs` compares with the reference implementation.)
#![cfg(not(target_arch = "wasm32"))]

#[path = "sampling/dialect.rs"]
mod dialect;
#[path = "sampling/draw.rs"]
mod draw;
#[path = "sampling/edges.rs"]
mod edges;
#[path = "sampling/front.rs"]
mod front;
#[path = "sampling/interval.rs"]
mod interval;
#[path = "sampling/knobs.rs"]
mod knobs;
#[path = "sampling/line.rs"]
mod line;
#[path = "sampling/llama_cpp.rs"]
mod llama_cpp;
#[path = "sampling/properties.rs"]
mod properties;
#[path = "sampling/stages.rs"]
mod stages;
#[path = "sampling/view.rs"]
mod view;

use tokenscope::sampling::{Chain, Context, Distribution, Knobs, RankedLogits};

/// The distribution that these knobs make of these logits, with nothing in the context.
fn warp(logits: &[f32], knobs: &Knobs) -> Distribution {
    warp_after(logits, knobs, &Context::default())
}

fn warp_after(logits: &[f32], knobs: &Knobs, context: &Context<'_>) -> Distribution {
    let logits = RankedLogits::new(logits).expect("finite logits");
    Chain::from_knobs(knobs).warp(&logits, context)
}

/// The kept ids, in raw-rank order.
fn kept(distribution: &Distribution) -> Vec<u32> {
    distribution.kept_ids().collect()
}

/// The exact bits of all probabilities.
fn bits(probabilities: &[f64]) -> Vec<u64> {
    probabilities.iter().map(|p| p.to_bits()).collect()
}
