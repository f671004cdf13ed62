//! The golden vectors from llama.cpp's own samplers, and the code that checks them.

use serde::Deserialize;
use serde_json::Value;
use tokenscope::sampling::{Chain, Context, Knobs, RankedLogits};

use crate::golden::recipe::{Logits, hash_of};

const VECTORS: &str = include_str!("../parity/sampling/llama_cpp.jsonl");

/// The greatest difference from the library's probabilities, which are float32: relative, and for
/// the small ones absolute.
const RELATIVE: f64 = 2e-5;
const ABSOLUTE: f64 = 1e-9;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    logits: Logits,
    context: Vec<u32>,
    knobs: Value,
    kept: usize,
    kept_hash: String,
    ids: Vec<u32>,
    probabilities: Vec<f64>,
}

/// Checks every case, panicking with the name of the first that differs; returns how many there are.
pub(crate) fn check_all() -> usize {
    let cases = VECTORS.lines().map(|line| {
        let case: Case = serde_json::from_str(line).expect("a vector");
        case.check();
    });
    cases.count()
}

impl Case {
    fn check(&self) {
        let knobs = Knobs::from_json(&self.knobs).expect("knobs in range");
        let logits = RankedLogits::new(self.logits.values()).expect("finite logits");
        let context = Context {
            tokens: &self.context,
            ..Context::default()
        };
        let distribution = Chain::from_knobs(&knobs).warp(&logits, &context);
        let kept: Vec<u32> = distribution.kept_ids().collect();
        let shown = &kept[..self.ids.len().min(kept.len())];
        assert_eq!(shown, self.ids, "first ids kept: {}", self.name);
        assert_eq!(kept.len(), self.kept, "number kept: {}", self.name);
        assert_eq!(hash_of(&kept), self.kept_hash, "ids kept: {}", self.name);
        for (&id, &wanted) in self.ids.iter().zip(&self.probabilities) {
            let got = distribution.prob(id);
            assert!(
                (got - wanted).abs() <= RELATIVE * wanted + ABSOLUTE,
                "probability of {id} is {got:e}, not {wanted:e}: {}",
                self.name
            );
        }
    }
}
