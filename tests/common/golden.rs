//! The golden vectors of `tests/parity/sampling`, and the code that checks them natively and in a browser.

use serde::Deserialize;
use serde_json::Value;
use tokenscope::sampling::{Chain, Context, Distribution, Knobs, RankedLogits, uniform};

use recipe::{Fnv, Logits};

#[path = "recipe.rs"]
pub(crate) mod recipe;

const VECTORS: &str = include_str!("../parity/sampling/vectors.jsonl");

/// What [`check_all`] must return in every build: over each case, the bits of every warped
/// probability and of the entropies, and the chosen ids. A change means that some seed now gives
/// another text, or that two builds disagree.
pub(crate) const CHECKSUM: u64 = 0xa522_a413_7fcd_a60a;

/// The greatest relative difference from the reference's probabilities, which are float64 too.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    logits: Logits,
    context: Vec<u32>,
    new_tokens: usize,
    end_tokens: Vec<u32>,
    knobs: Value,
    /// How many are kept.
    kept: usize,
    /// FNV-1a over the kept ids in raw-rank order.
    kept_hash: String,
    kept_mass: f64,
    /// The first of the kept ids by raw rank, and their probabilities.
    ids: Vec<u32>,
    probabilities: Vec<f64>,
    /// Name and number of tokens removed.
    stages: Vec<(String, usize)>,
    /// Raw and warped, in bits.
    entropy: [f64; 2],
    /// Step, u, chosen id.
    draws: Vec<(u64, f64, u32)>,
}

/// Checks every case, panicking with the name of the first that differs; returns the checksum.
pub(crate) fn check_all() -> u64 {
    let mut checksum = Fnv::new();
    let mut count = 0;
    for line in VECTORS.lines() {
        let case: Case = serde_json::from_str(line).expect("a vector");
        case.check(&mut checksum);
        count += 1;
    }
    assert!(count >= 2000, "only {count} vectors");
    checksum.value()
}

impl Case {
    fn check(&self, checksum: &mut Fnv) {
        let knobs = Knobs::from_json(&self.knobs).expect("knobs in range");
        let logits = RankedLogits::new(self.logits.values()).expect("finite logits");
        let context = Context {
            tokens: &self.context,
            new_tokens: self.new_tokens,
            end_tokens: &self.end_tokens,
            ..Context::default()
        };
        let distribution = Chain::from_knobs(&knobs).warp(&logits, &context);
        self.check_kept(&distribution);
        self.check_numbers(&distribution);
        self.check_stages(&distribution);
        self.check_draws(&distribution, knobs.seed, checksum);
        for number in distribution.probabilities() {
            checksum.add(&number.to_bits().to_le_bytes());
        }
        for number in [logits.entropy(), distribution.entropy()] {
            checksum.add(&number.to_bits().to_le_bytes());
        }
    }

    fn check_kept(&self, distribution: &Distribution) {
        let kept: Vec<u32> = distribution.kept_ids().collect();
        let shown = &kept[..self.ids.len().min(kept.len())];
        assert_eq!(shown, self.ids, "first ids kept: {}", self.name);
        assert_eq!(kept.len(), self.kept, "number kept: {}", self.name);
        let hash = recipe::hash_of(&kept);
        assert_eq!(hash, self.kept_hash, "ids kept: {}", self.name);
    }

    fn check_numbers(&self, distribution: &Distribution) {
        for (&id, &wanted) in self.ids.iter().zip(&self.probabilities) {
            self.close("probability", distribution.prob(id), wanted, 0.0);
        }
        self.close("kept mass", distribution.kept_mass(), self.kept_mass, 0.0);
        // The reference sums −p·log₂p: where that is near 0 only its absolute error is small.
        let [raw, warped] = self.entropy;
        self.close("raw entropy", distribution.raw().entropy(), raw, 1e-12);
        self.close("warped entropy", distribution.entropy(), warped, 1e-12);
    }

    fn close(&self, what: &str, got: f64, wanted: f64, absolute: f64) {
        let within = TOLERANCE * wanted.abs() + absolute + f64::MIN_POSITIVE;
        assert!(
            (got - wanted).abs() <= within,
            "{what} is {got:e}, not {wanted:e}: {}",
            self.name
        );
    }

    fn check_stages(&self, distribution: &Distribution) {
        let reports = distribution.reports().iter();
        let stages: Vec<_> = reports
            .map(|report| (report.stage.to_owned(), report.removed))
            .collect();
        assert_eq!(stages, self.stages, "stages: {}", self.name);
    }

    fn check_draws(&self, distribution: &Distribution, seed: u64, checksum: &mut Fnv) {
        for &(step, u, id) in &self.draws {
            let draw = distribution.draw(uniform(seed, step));
            // The vector's u went through decimal digits.
            assert!(
                (draw.u - u).abs() < 1e-15,
                "u of step {step}: {}",
                self.name
            );
            assert_eq!(draw.id, id, "draw of step {step}: {}", self.name);
            assert!(draw.low <= draw.u && draw.u < draw.high, "{}", self.name);
            checksum.add(&draw.id.to_le_bytes());
        }
    }
}
