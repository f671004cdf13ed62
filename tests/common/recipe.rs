//! What the golden vectors share with the scripts that make them: logits from recipes, and hashes.

use serde::Deserialize;
use tokenscope::sampling::uniform;

/// Logits as a vector states them: one by one, or how to make them.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Logits {
    Stored { values: Vec<f32> },
    Made(Recipe),
}

/// offset + spread · u⁸, rounded down to a grid if that is not 0.
#[derive(Deserialize)]
pub(crate) struct Recipe {
    size: u64,
    seed: u64,
    spread: f64,
    offset: f64,
    grid: f64,
}

impl Logits {
    /// By token id.
    pub(crate) fn values(&self) -> Vec<f32> {
        match self {
            Self::Stored { values } => values.clone(),
            Self::Made(recipe) => (0..recipe.size).map(|id| recipe.value(id)).collect(),
        }
    }
}

impl Recipe {
    fn value(&self, id: u64) -> f32 {
        let u = uniform(self.seed, id);
        let u2 = u * u;
        let u4 = u2 * u2;
        let x = self.offset + self.spread * (u4 * u4);
        let x = if self.grid > 0.0 {
            (x * self.grid).floor() / self.grid
        } else {
            x
        };
        x as f32
    }
}

/// FNV-1a, 64 bits.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    pub(crate) const fn value(&self) -> u64 {
        self.0
    }
}

/// The hash of a list of ids, as the scripts write it.
pub(crate) fn hash_of(ids: &[u32]) -> String {
    let mut hash = Fnv::new();
    for id in ids {
        hash.add(&id.to_le_bytes());
    }
    format!("{:016x}", hash.0)
}
