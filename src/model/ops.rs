//! The kernels as operations on candle tensors.
//!
//! Tensors here are `f32`, on the CPU, and contiguous; activations are `[positions, width]`.

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, Error, Layout, Result, Shape, Tensor,
};

use super::config::Activation;
use super::slab::LayerPages;
use super::state::Cache;
use crate::kernels::attention::attend;
use crate::kernels::matrix::{Matrix, matmul_all};
use crate::kernels::rotary::{self, Angles};
use crate::kernels::{attention, gated, math, norm};

/// A projection `y = x·Wᵀ (+ b)`.
#[derive(Debug)]
pub(super) struct Linear {
    weight: Matrix,
    bias: Option<Vec<f32>>,
}

impl Linear {
    pub(super) const fn new(weight: Matrix, bias: Option<Vec<f32>>) -> Self {
        Self { weight, bias }
    }

    pub(super) const fn is_quantized(&self) -> bool {
        matches!(self.weight, Matrix::Quantized(_))
    }

    pub(super) const fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    /// `[n, cols] → [n, rows]`
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [y] = project([self], x)?;
        Ok(y)
    }

    /// Rows `ids` of the weight, as embeddings `[n, cols]`.
    pub(super) fn rows(&self, ids: &[u32]) -> Result<Tensor> {
        let cols = self.weight.cols();
        let mut values = vec![0.0; ids.len() * cols];
        for (id, row) in ids.iter().zip(values.chunks_exact_mut(cols)) {
            self.weight.row(*id as usize, row);
        }
        Tensor::from_vec(values, (ids.len(), cols), &candle_core::Device::Cpu)
    }
}

/// Projections of one input, computed together: `[n, cols] → [n, rows]` of each.
pub(super) fn project<const N: usize>(
    projections: [&Linear; N],
    x: &Tensor,
) -> Result<[Tensor; N]> {
    let x = x.contiguous()?;
    let n = x.dim(0)?;
    let all = x.apply_op1_no_bwd(&Project(&projections))?;
    let mut start = 0;
    let mut parts = Vec::with_capacity(N);
    for linear in projections {
        let rows = linear.weight.rows();
        let y = all.narrow(0, start, n * rows)?.reshape((n, rows))?;
        start += n * rows;
        parts.push(y);
    }
    parts
        .try_into()
        .map_err(|_| Error::Msg("a result for each projection".to_owned()))
}

/// [`project`] of numbers `[n][cols]`: the results `[n][rows]`, one after another.
pub(super) fn project_numbers(projections: &[&Linear], x: &[f32]) -> Vec<f32> {
    let weights: Vec<&Matrix> = projections.iter().map(|linear| &linear.weight).collect();
    let mut all = matmul_all(&weights, x);
    let n = x.len() / weights[0].cols();
    let mut rest = all.as_mut_slice();
    for Linear { weight, bias } in projections {
        let y;
        (y, rest) = rest.split_at_mut(n * weight.rows());
        if let Some(bias) = bias {
            for row in y.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
            }
        }
    }
    all
}

/// [`project_numbers`] as an operation; the result has no shape of its own.
struct Project<'a>(&'a [&'a Linear]);

impl CustomOp1 for Project<'_> {
    fn name(&self) -> &'static str {
        "project"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let all = project_numbers(self.0, contiguous(x, layout)?);
        let shape = Shape::from(all.len());
        Ok((CpuStorage::F32(all), shape))
    }
}

/// Root-mean-square normalisation over runs of the weight's length, with a learned weight.
#[derive(Debug)]
pub(super) struct RmsNorm {
    weight: Vec<f32>,
    eps: f32,
}

impl RmsNorm {
    pub(super) const fn new(weight: Vec<f32>, eps: f32) -> Self {
        Self { weight, eps }
    }

    /// Keeps the shape.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.apply_op1_no_bwd(self)
    }
}

impl CustomOp1 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut values = contiguous(x, layout)?.to_vec();
        norm::rms_norm(&mut values, &self.weight, self.eps);
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}

/// Rotary embedding of `[Σn, heads · dim]`, the positions of several sequences.
pub(super) struct Rotary<'a> {
    pub(super) lanes: &'a [LaneCache<'a>],
    /// By lane.
    pub(super) angles: &'a [Angles],
    pub(super) heads: usize,
    pub(super) dim: usize,
    pub(super) layout: rotary::Layout,
}

impl CustomOp1 for Rotary<'_> {
    fn name(&self) -> &'static str {
        "rotary"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut values = contiguous(x, layout)?.to_vec();
        let mut rest = values.as_mut_slice();
        for (lane, angles) in self.lanes.iter().zip(self.angles) {
            let rows;
            (rows, rest) = rest.split_at_mut(lane.count * self.heads * self.dim);
            angles.rotate(rows, self.heads, self.dim, self.layout);
        }
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}

/// `act(gate) · up`, element by element (Shazeer 2020).
impl CustomOp2 for Activation {
    fn name(&self) -> &'static str {
        "gated-activation"
    }

    fn cpu_fwd(
        &self,
        gate: &CpuStorage,
        gate_layout: &Layout,
        up: &CpuStorage,
        up_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (gate, up) = (contiguous(gate, gate_layout)?, contiguous(up, up_layout)?);
        let mut values = vec![0.0; gate.len()];
        match self {
            Self::Silu => gated::gate(&mut values, gate, up, math::silu),
            Self::GeluTanh => gated::gate(&mut values, gate, up, math::gelu_tanh),
        }
        Ok((CpuStorage::F32(values), gate_layout.shape().clone()))
    }
}

/// One sequence of a pass.
pub(super) struct LaneCache<'a> {
    /// What came before, with room for the new positions.
    pub(super) cache: &'a Cache,
    /// New positions.
    pub(super) count: usize,
}

impl<'a> LaneCache<'a> {
    pub(super) const fn new(lane: &'a (&mut Cache, &[u32])) -> Self {
        Self {
            cache: lane.0,
            count: lane.1.len(),
        }
    }
}

/// Stores new keys and values in each lane's cache and attends over all of it. Inputs are queries
/// `[Σn, heads · dim]`, keys and values `[Σn, kv_heads · dim]`; the result is like the queries.
pub(super) struct Attend<'a> {
    pub(super) lanes: &'a [LaneCache<'a>],
    pub(super) layer: usize,
    pub(super) shape: attention::Shape,
}

impl Attend<'_> {
    fn lane(&self, cache: &Cache, queries: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
        cache.write(self.layer, keys, values);
        let (pages, start) = (cache.read(), cache.len());
        match pages.layer(self.layer) {
            LayerPages::Single(keys, values) => attend(self.shape, queries, start, &keys, &values),
            LayerPages::Integers(keys, values) => {
                attend(self.shape, queries, start, &keys, &values)
            }
        }
    }
}

impl CustomOp3 for Attend<'_> {
    fn name(&self) -> &'static str {
        "attend"
    }

    fn cpu_fwd(
        &self,
        queries: &CpuStorage,
        query_layout: &Layout,
        keys: &CpuStorage,
        key_layout: &Layout,
        values: &CpuStorage,
        value_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let queries = contiguous(queries, query_layout)?;
        let keys = contiguous(keys, key_layout)?;
        let values = contiguous(values, value_layout)?;
        let (wide, narrow) = (
            self.shape.heads * self.shape.dim,
            self.shape.kv_heads * self.shape.dim,
        );
        let mut out = Vec::with_capacity(queries.len());
        let mut row = 0;
        for lane in self.lanes {
            let end = row + lane.count;
            let (wide, narrow) = (row * wide..end * wide, row * narrow..end * narrow);
            let (keys, values) = (&keys[narrow.clone()], &values[narrow]);
            out.extend(self.lane(lane.cache, &queries[wide], keys, values));
            row = end;
        }
        Ok((CpuStorage::F32(out), query_layout.shape().clone()))
    }
}

/// The values of a contiguous `f32` tensor.
fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => Err(Error::Msg(
            "a kernel takes contiguous f32 tensors".to_owned(),
        )),
    }
}
