//! The gated activation of feed-forward blocks (Shazeer 2020).

use super::abreast::abreast;
use super::lanes::F32x4;
use super::math::Exp2;
use super::{pool, scatter};

/// `act(gate[i]) · up[i]`; `act` takes four numbers.
pub fn gate(gate: &[f32], up: &[f32], act: impl Fn(&Exp2, F32x4) -> F32x4 + Sync) -> Vec<f32> {
    scatter::copy_rows(gate, 1, pool::worth(pool::NUMBER), |first, values| {
        let exp2 = Exp2::hidden();
        let act = |x| act(&exp2, x);
        let (up, rest_up) = up[first..][..values.len()].as_chunks::<4>();
        let (fours, rest) = values.as_chunks_mut::<4>();
        for (four, up) in abreast(fours, up) {
            gate_four(act, four, up);
        }
        gate_some(act, rest, rest_up);
    })
}

#[inline(always)]
fn gate_four(act: impl Fn(F32x4) -> F32x4, values: &mut [f32; 4], up: &[f32; 4]) {
    (act(F32x4::load(values)) * F32x4::load(up)).store(values);
}

/// [`gate_four`] of as many as there are, up to four.
fn gate_some(act: impl Fn(F32x4) -> F32x4, values: &mut [f32], up: &[f32]) {
    let mut padded = [[0.0; 4]; 2];
    let [four, four_up] = &mut padded;
    four[..values.len()].copy_from_slice(values);
    four_up[..up.len()].copy_from_slice(up);
    gate_four(act, four, four_up);
    values.copy_from_slice(&four[..values.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::math::silu;

    #[test]
    fn what_fills_no_vector_is_as_the_rest() {
        let numbers =
            |factor: f32| -> Vec<f32> { (0..12).map(|i| (i as f32 * factor).sin()).collect() };
        let (gates, ups) = (numbers(0.7), numbers(1.3));
        let all = gate(&gates, &ups, silu);
        for count in 0..12 {
            let some = gate(&gates[..count], &ups[..count], silu);
            assert_eq!(some, all[..count]);
        }
    }
}
