//! The sink that turns arriving tensors into packed matrices and plain vectors.

use std::collections::HashMap;

use super::config::missing;
use super::gguf::TensorInfo;
use crate::error::{Code, Error, Result};
use crate::kernels::instruction::Dot;
use crate::kernels::matrix::{Matrix, Packer};
use crate::kernels::oracle::dequantize;

/// Weights by name.
#[derive(Debug, Default)]
pub(super) struct Weights {
    matrices: HashMap<String, Matrix>,
    vectors: HashMap<String, Vec<f32>>,
    current: Option<Current>,
    /// Whether the file's length is known to fit its header, so that memory may be reserved.
    trusted: bool,
}

#[derive(Debug)]
enum Current {
    Matrix(TensorInfo, Packer),
    Vector(TensorInfo, Vec<f32>),
}

impl Weights {
    pub(super) fn new(trusted: bool) -> Self {
        Self {
            trusted,
            ..Self::default()
        }
    }

    /// Bytes that all weights take in memory.
    pub(super) fn bytes(&self) -> usize {
        let matrices: usize = self.matrices.values().map(Matrix::bytes).sum();
        matrices + self.vectors.values().map(|v| 4 * v.len()).sum::<usize>()
    }

    /// Takes the matrix `name` out, checked to be `[rows, cols]`.
    pub(super) fn matrix(&mut self, name: &str, rows: usize, cols: usize) -> Result<Matrix> {
        let matrix = self.matrices.remove(name).ok_or_else(|| missing(name))?;
        let found = [matrix.rows(), matrix.cols()];
        if found == [rows, cols] {
            Ok(matrix)
        } else {
            Err(wrong_shape(name, &found, &[rows, cols]))
        }
    }

    /// Whether a matrix is there.
    pub(super) fn has_matrix(&self, name: &str) -> bool {
        self.matrices.contains_key(name)
    }

    /// Takes the vector `name` out, checked to hold `len` numbers.
    pub(super) fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>> {
        self.optional_vector(name, len)?
            .ok_or_else(|| missing(name))
    }

    /// As [`Self::vector`], but it may be absent.
    pub(super) fn optional_vector(&mut self, name: &str, len: usize) -> Result<Option<Vec<f32>>> {
        match self.vectors.remove(name) {
            Some(vector) if vector.len() != len => Err(wrong_shape(name, &[vector.len()], &[len])),
            found => Ok(found),
        }
    }

    pub(super) fn begin(&mut self, tensor: &TensorInfo) -> Result<()> {
        self.current = Some(if tensor.dims.len() < 2 {
            Current::Vector(tensor.clone(), Vec::new())
        } else {
            let packer = Packer::new(
                tensor.kind,
                Dot::of_host(),
                tensor.rows(),
                tensor.cols(),
                self.trusted,
            );
            let packer = packer.map_err(|_| no_memory(tensor))?;
            Current::Matrix(tensor.clone(), packer)
        });
        Ok(())
    }

    pub(super) fn wanted(&self) -> usize {
        match &self.current {
            Some(Current::Matrix(_, packer)) => packer.next_rows() * packer.row_bytes(),
            Some(Current::Vector(tensor, _)) => tensor.kind.block_bytes(),
            None => 1,
        }
    }

    pub(super) fn bytes_arrived(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.current {
            Some(Current::Matrix(tensor, packer)) => {
                packer.push(bytes).map_err(|_| no_memory(tensor))?;
            }
            Some(Current::Vector(tensor, values)) => values.extend(dequantize(tensor.kind, bytes)),
            None => {}
        }
        Ok(())
    }

    pub(super) fn end(&mut self) -> Result<()> {
        match self.current.take() {
            Some(Current::Matrix(tensor, packer)) => {
                let name = tensor.name;
                let matrix = packer.finish().ok_or_else(|| {
                    Error::new(Code::Internal, format!("tensor {name:?} ended early"))
                })?;
                self.matrices.insert(name, matrix);
            }
            Some(Current::Vector(tensor, values)) => {
                self.vectors.insert(tensor.name, values);
            }
            None => {}
        }
        Ok(())
    }
}

fn wrong_shape(name: &str, found: &[usize], wanted: &[usize]) -> Error {
    Error::new(
        Code::MissingPart,
        format!(
            "tensor {name:?} has shape {found:?} where the metadata asks for {wanted:?}; the file is damaged"
        ),
    )
}

pub(super) fn no_memory(tensor: &TensorInfo) -> Error {
    Error::new(
        Code::TooLarge,
        format!(
            "there is no memory for tensor {:?} of {} bytes; use a smaller model",
            tensor.name, tensor.bytes
        ),
    )
}
