//! The gated activation of feed-forward blocks (Shazeer 2020).

use super::{pool, scatter};

/// `gate[i] = act(gate[i]) · up[i]`
pub fn gate(gate: &mut [f32], up: &[f32], act: impl Fn(f32) -> f32 + Sync) {
    scatter::share_rows(gate, 1, pool::worth(1), |first, gate| {
        for (gate, up) in gate.iter_mut().zip(&up[first..]) {
            *gate = act(*gate) * up;
        }
    });
}
