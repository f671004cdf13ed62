//! Rotary position embedding (Su et al. 2021), in the two layouts that files use.

use super::{pool, scatter};

/// Which coordinates of a head turn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Neighbours: (0, 1), (2, 3) …, as in files of architecture `llama`.
    Interleaved,
    /// Halves: (0, d/2), (1, d/2 + 1) …, as in GPT-NeoX and most others.
    Halves,
}

/// Cosines and sines of some positions.
#[derive(Debug)]
pub struct Angles {
    /// `[positions][pairs]`
    cos: Vec<f32>,
    /// `[positions][pairs]`
    sin: Vec<f32>,
    pairs: usize,
}

impl Angles {
    /// Angles `position · frequency`, computed in `f64` by a portable library so that every target
    /// agrees.
    pub fn new(frequencies: &[f64], positions: impl IntoIterator<Item = usize>) -> Self {
        let positions = positions.into_iter();
        let angles = positions.flat_map(|p| frequencies.iter().map(move |f| p as f64 * f));
        let (cos, sin) = angles
            .map(|a| (libm::cos(a) as f32, libm::sin(a) as f32))
            .unzip();
        Self {
            cos,
            sin,
            pairs: frequencies.len(),
        }
    }

    /// `[positions][heads][dim]`, turned; coordinates beyond `2 · pairs` stay. To each head `first` is done
    /// before.
    pub fn rotated(
        &self,
        values: &[f32],
        [heads, dim]: [usize; 2],
        layout: Layout,
        first: impl Fn(&mut [f32]) + Sync,
    ) -> Vec<f32> {
        let width = heads * dim;
        let least = pool::worth(width * pool::NUMBER);
        scatter::copy_rows(values, width, least, |start, rows| {
            for (i, heads) in (start..).zip(rows.chunks_exact_mut(width)) {
                let pairs = i * self.pairs..(i + 1) * self.pairs;
                let (cos, sin) = (&self.cos[pairs.clone()], &self.sin[pairs]);
                for head in heads.chunks_exact_mut(dim) {
                    first(head);
                    match layout {
                        Layout::Interleaved => rotate_interleaved(head, cos, sin),
                        Layout::Halves => rotate_halves(head, cos, sin),
                    }
                }
            }
        })
    }
}

fn rotate_interleaved(head: &mut [f32], cos: &[f32], sin: &[f32]) {
    for ((pair, c), s) in head.as_chunks_mut::<2>().0.iter_mut().zip(cos).zip(sin) {
        *pair = [pair[0] * c - pair[1] * s, pair[1] * c + pair[0] * s];
    }
}

fn rotate_halves(head: &mut [f32], cos: &[f32], sin: &[f32]) {
    let (low, high) = head[..2 * cos.len()].split_at_mut(cos.len());
    for (((x, y), c), s) in low.iter_mut().zip(high).zip(cos).zip(sin) {
        (*x, *y) = (*x * c - *y * s, *y * c + *x * s);
    }
}
