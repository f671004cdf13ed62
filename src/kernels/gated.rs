//! The gated activation of feed-forward blocks (Shazeer 2020).

use super::{pool, scatter};

/// `out[i] = act(gate[i]) · up[i]`
pub fn gate(out: &mut [f32], gate: &[f32], up: &[f32], act: impl Fn(f32) -> f32 + Sync) {
    scatter::share_rows(out, 1, pool::worth(pool::NUMBER), |first, out| {
        let inputs = gate[first..].iter().zip(&up[first..]);
        for (out, (gate, up)) in out.iter_mut().zip(inputs) {
            *out = act(*gate) * up;
        }
    });
}
