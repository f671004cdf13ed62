//! The kernels as operations on candle tensors.
//!
//! Tensors here are `f32`, on the CPU, and contiguous; activations are `[positions, width]`. What several
//! projections make of one input goes on as one tensor without a shape, `[of each][positions][width]`:
//! a tensor takes about as long to make as a small kernel, and a token passes hundreds.

use candle_core::{CpuStorage, CustomOp1, Error, InplaceOp2, Layout, Result, Shape, Tensor};

use super::config::Activation;
use super::slab::LayerPages;
use super::state::{Cache, Reading};
use crate::kernels::attention::{Sequence, attend};
use crate::kernels::matrix::{Matrix, add_matmul_all, matmul_all};
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
        project(&[self], x)
    }

    /// Adds [`Self::forward`] to a `stream` `[n, rows]`, in its place.
    pub(super) fn add_to(&self, stream: &Tensor, x: &Tensor) -> Result<()> {
        stream.inplace_op2(x, &AddProjection(self))
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

/// Projections of one input, computed together: the results `[n, rows]` of each, one after another, as a
/// tensor without a shape (of one projection alone, `[n, rows]`).
pub(super) fn project(projections: &[&Linear], x: &Tensor) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Project(projections))
}

/// [`project`] of numbers `[n][cols]`: the results `[n][rows]`, one after another.
pub(super) fn project_numbers(projections: &[&Linear], x: &[f32]) -> Vec<f32> {
    let mut all = matmul_all(&weights(projections), x);
    add_biases(projections, &mut all);
    all
}

/// Adds the [`project_numbers`] to what stands in their place.
pub(super) fn add_projections(projections: &[&Linear], x: &[f32], all: &mut [f32]) {
    add_matmul_all(&weights(projections), x, all);
    add_biases(projections, all);
}

fn weights<'a>(projections: &[&'a Linear]) -> Vec<&'a Matrix> {
    projections.iter().map(|linear| &linear.weight).collect()
}

/// Adds its bias to what each projection made.
fn add_biases(projections: &[&Linear], all: &mut [f32]) {
    let rows: usize = projections.iter().map(|linear| linear.weight.rows()).sum();
    let n = all.len() / rows;
    let mut rest = all;
    for Linear { weight, bias } in projections {
        let y;
        (y, rest) = rest.split_at_mut(n * weight.rows());
        if let Some(bias) = bias {
            for row in y.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
            }
        }
    }
}

/// [`project_numbers`] as an operation.
struct Project<'a>(&'a [&'a Linear]);

impl CustomOp1 for Project<'_> {
    fn name(&self) -> &'static str {
        "project"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let all = project_numbers(self.0, contiguous(x, layout)?);
        let shape = match self.0 {
            [only] => Shape::from((all.len() / only.weight.rows(), only.weight.rows())),
            _ => Shape::from(all.len()),
        };
        Ok((CpuStorage::F32(all), shape))
    }
}

/// [`Linear::add_to`] as an operation.
struct AddProjection<'a>(&'a Linear);

impl InplaceOp2 for AddProjection<'_> {
    fn name(&self) -> &'static str {
        "add-projection"
    }

    fn cpu_fwd(
        &self,
        stream: &mut CpuStorage,
        stream_layout: &Layout,
        x: &CpuStorage,
        layout: &Layout,
    ) -> Result<()> {
        let x = contiguous(x, layout)?;
        add_projections(&[self.0], x, contiguous_mut(stream, stream_layout)?);
        Ok(())
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

    /// Normalises one run in its place.
    fn normalise(&self, run: &mut [f32]) {
        norm::normalise(run, &self.weight, self.eps);
    }
}

impl CustomOp1 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = norm::rms_norm(contiguous(x, layout)?, &self.weight, self.eps);
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}

/// `act(gate) · up`, element by element (Shazeer 2020), of projections gate and up of this width:
/// `[2][n][width] → [n, width]`.
pub(super) struct Gate {
    pub(super) activation: Activation,
    pub(super) width: usize,
}

impl CustomOp1 for Gate {
    fn name(&self) -> &'static str {
        "gated-activation"
    }

    fn cpu_fwd(&self, both: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let both = contiguous(both, layout)?;
        let (gate, up) = both.split_at(both.len() / 2);
        let values = match self.activation {
            Activation::Silu => gated::gate(gate, up, math::silu),
            Activation::GeluTanh => gated::gate(gate, up, math::gelu_tanh),
        };
        let shape = Shape::from((values.len() / self.width, self.width));
        Ok((CpuStorage::F32(values), shape))
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

/// Normalises (where the model does) and rotates queries and keys, stores keys and values in each
/// lane's cache, and attends over all of it: queries `[Σn, heads · dim]`, then keys and values
/// `[Σn, kv_heads · dim]`, to `[Σn, heads · dim]`.
pub(super) struct Attend<'a> {
    pub(super) lanes: &'a [LaneCache<'a>],
    /// Of the new positions.
    pub(super) angles: &'a Angles,
    pub(super) rope_layout: rotary::Layout,
    /// Over each head (Qwen 3, Gemma 3).
    pub(super) query_norm: Option<&'a RmsNorm>,
    pub(super) key_norm: Option<&'a RmsNorm>,
    pub(super) layer: usize,
    pub(super) shape: attention::Shape,
}

impl Attend<'_> {
    /// `[Σn][heads][dim]`, normalised and rotated.
    fn rotated(&self, norm: Option<&RmsNorm>, heads: usize, values: &[f32]) -> Vec<f32> {
        let normalise = |head: &mut [f32]| {
            if let Some(norm) = norm {
                norm.normalise(head);
            }
        };
        let sizes = [heads, self.shape.dim];
        self.angles
            .rotated(values, sizes, self.rope_layout, normalise)
    }

    /// Attends behind each lane's cache, which has the new positions: `[Σn][heads][dim]`.
    fn attend(&self, queries: &[f32]) -> Vec<f32> {
        let caches: Vec<Reading<'_>> = self.lanes.iter().map(|lane| lane.cache.read()).collect();
        // Caches of one model are of one kind: one of these stays empty.
        let (mut single, mut integers) = (Vec::new(), Vec::new());
        let mut rest = queries;
        for (lane, cache) in self.lanes.iter().zip(&caches) {
            let start = lane.cache.len();
            let queries;
            (queries, rest) = rest.split_at(lane.count * self.shape.heads * self.shape.dim);
            match cache.layer(self.layer) {
                LayerPages::Single(keys, values) => single.push(Sequence {
                    queries,
                    start,
                    keys,
                    values,
                }),
                LayerPages::Integers(keys, values) => integers.push(Sequence {
                    queries,
                    start,
                    keys,
                    values,
                }),
            }
        }
        if integers.is_empty() {
            attend(self.shape, &single)
        } else {
            attend(self.shape, &integers)
        }
    }
}

impl CustomOp1 for Attend<'_> {
    fn name(&self) -> &'static str {
        "attend"
    }

    fn cpu_fwd(&self, projected: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let projected = contiguous(projected, layout)?;
        let (heads, kv_heads) = (self.shape.heads, self.shape.kv_heads);
        let (wide, narrow) = (heads * self.shape.dim, kv_heads * self.shape.dim);
        let n = projected.len() / (wide + 2 * narrow);
        let (queries, rest) = projected.split_at(n * wide);
        let (keys, values) = rest.split_at(n * narrow);
        let queries = self.rotated(self.query_norm, heads, queries);
        let keys = self.rotated(self.key_norm, kv_heads, keys);
        let mut row = 0;
        for lane in self.lanes {
            let columns = row * narrow..(row + lane.count) * narrow;
            let (keys, values) = (&keys[columns.clone()], &values[columns]);
            lane.cache.write(self.layer, keys, values);
            row += lane.count;
        }
        let out = self.attend(&queries);
        Ok((CpuStorage::F32(out), Shape::from((n, wide))))
    }
}

/// The values of a contiguous `f32` tensor.
fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => Err(not_contiguous()),
    }
}

/// The same, to be changed.
fn contiguous_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => Err(not_contiguous()),
    }
}

fn not_contiguous() -> Error {
    Error::Msg("a kernel takes contiguous f32 tensors".to_owned())
}
