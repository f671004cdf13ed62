//! The interval of a knob in which a step's choice stays, against the chain itself.

use proptest::prelude::*;
use serde_json::json;
use tokenscope::sampling::knobs::{Dialect, KNOBS, Kind, KnobSpec};
use tokenscope::sampling::{Chain, Context, Knobs, RankedLogits, interval, uniform};

#[derive(Debug)]
struct Step {
    logits: RankedLogits,
    knobs: Knobs,
    tokens: Vec<u32>,
    u: f64,
}

impl Step {
    fn context(&self) -> Context<'_> {
        Context {
            tokens: &self.tokens,
            new_tokens: 1,
            end_tokens: &[1],
            ..Context::default()
        }
    }

    fn choice(&self, key: &str, value: f64) -> u32 {
        let mut knobs = self.knobs.clone();
        knobs.set(key, &json!(value)).unwrap();
        let distribution = Chain::from_knobs(&knobs).warp(&self.logits, &self.context());
        distribution.draw(self.u).id
    }

    fn interval(&self, spec: &KnobSpec) -> (f64, f64) {
        interval(&self.knobs, spec.key, &self.logits, &self.context(), self.u).unwrap()
    }
}

fn scalars() -> impl Iterator<Item = &'static KnobSpec> {
    let scalar = |spec: &&KnobSpec| matches!(spec.kind, Kind::Number | Kind::Integer);
    KNOBS
        .iter()
        .filter(scalar)
        .filter(|spec| spec.stage.is_some())
}

/// The values beside the ends: the chain must choose the token at each end and another one beyond.
fn check_ends(step: &Step, spec: &KnobSpec) {
    let (low, high) = step.interval(spec);
    let (min, max) = (spec.min.unwrap(), spec.max.unwrap());
    let value = |key| json!(step.knobs)[key].as_f64().unwrap();
    let present = value(spec.key);
    assert!(
        min <= low && low <= present && present <= high && high <= max,
        "{}",
        spec.key
    );
    let chosen = step.choice(spec.key, present);
    let whole = spec.kind == Kind::Integer;
    for end in [low, high] {
        assert_eq!(step.choice(spec.key, end), chosen, "{} at {end}", spec.key);
    }
    if low > min {
        let beyond = if whole { low - 1.0 } else { low.next_down() };
        assert_ne!(
            step.choice(spec.key, beyond),
            chosen,
            "{} below {low}",
            spec.key
        );
    }
    if high < max {
        let beyond = if whole { high + 1.0 } else { high.next_up() };
        assert_ne!(
            step.choice(spec.key, beyond),
            chosen,
            "{} above {high}",
            spec.key
        );
    }
}

fn knobs() -> impl Strategy<Value = Knobs> {
    let cut = || (0_u32..12, 0.3..1.0, 0.0..0.3, 0.3..1.0);
    let dialects = prop::sample::select(vec![Dialect::HuggingFace, Dialect::LlamaCpp]);
    let penalties = (0.5..2.0, -1.0..1.0, 0.0..1.0);
    (cut(), 0.3..2.0, penalties, dialects, any::<[bool; 7]>()).prop_map(
        |((top_k, top_p, min_p, typical_p), temperature, penalties, dialect, on)| {
            let (repetition_penalty, frequency_penalty, dry_multiplier) = penalties;
            let pick = |index: usize, value, off| if on[index] { value } else { off };
            Knobs {
                dialect,
                temperature,
                top_k: if on[0] { top_k } else { 0 },
                top_p: pick(1, top_p, 1.0),
                min_p: pick(2, min_p, 0.0),
                typical_p: pick(3, typical_p, 1.0),
                repetition_penalty: pick(4, repetition_penalty, 1.0),
                frequency_penalty: pick(5, frequency_penalty, 0.0),
                dry_multiplier: pick(6, dry_multiplier, 0.0),
                ..Knobs::default()
            }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let logits = prop::collection::vec(-4.0_f32..4.0, 2..24);
    let tokens = prop::collection::vec(0_u32..26, 0..12);
    (logits, knobs(), tokens, 0.0..1.0).prop_map(|(logits, knobs, tokens, u)| Step {
        logits: RankedLogits::new(logits).unwrap(),
        knobs,
        tokens,
        u,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn its_ends_are_exact(step in step()) {
        for spec in scalars() {
            check_ends(&step, spec);
        }
    }

    /// Where the choice can change only once on each side, no value inside may choose otherwise and none
    /// outside the same: against values all over the range.
    #[test]
    fn it_is_the_whole_of_it(step in step(), shares in prop::collection::vec(0.0_f64..1.0, 60)) {
        let knobs = Knobs {
            dialect: Dialect::HuggingFace,
            repetition_penalty: 1.0,
            typical_p: 1.0,
            ..step.knobs.clone()
        };
        let step = Step { knobs, ..step };
        for key in ["temperature", "topK", "topP", "minP"] {
            let spec = tokenscope::sampling::knobs::spec(key).unwrap();
            let (low, high) = step.interval(spec);
            let chosen = step.choice(key, json!(step.knobs)[key].as_f64().unwrap());
            for share in &shares {
                let value = match key {
                    "topK" => (1.0 + share * 24.0).floor(),
                    "temperature" => 0.05 + share * 4.0,
                    _ => *share,
                };
                let inside = low <= value && value <= high;
                if key == "topK" && step.knobs.top_k == 0 {
                    continue;
                }
                prop_assert_eq!(step.choice(key, value) == chosen, inside, "{} {}", key, value);
            }
        }
    }
}

/// At the size of a real vocabulary, where only tokens within reach are looked at.
#[test]
fn at_full_size_too() {
    let logits: Vec<f32> = (0..49_152)
        .map(|id| (25.0 * uniform(5, id).powi(8)) as f32)
        .collect();
    let logits = RankedLogits::new(logits).unwrap();
    let best = logits.order()[..6].to_vec();
    for (index, dialect) in [Dialect::HuggingFace, Dialect::LlamaCpp]
        .into_iter()
        .enumerate()
    {
        let knobs = Knobs {
            dialect,
            temperature: 0.9,
            top_k: 50 * index as u32,
            top_p: 0.9,
            repetition_penalty: 1.2,
            ..Knobs::default()
        };
        let tokens = [&best[..], &best[2..4]].concat();
        let step = Step {
            logits: logits.clone(),
            knobs,
            tokens,
            u: 0.6,
        };
        for spec in scalars() {
            check_ends(&step, spec);
        }
    }
}

#[test]
fn only_numbers_that_shape_a_distribution_have_one() {
    let logits = RankedLogits::new(vec![1.0, 0.0]).unwrap();
    for key in [
        "doSample",
        "dialect",
        "stop",
        "seed",
        "maxNewTokens",
        "logitBias",
        "no such",
    ] {
        let none = interval(&Knobs::default(), key, &logits, &Context::default(), 0.5);
        assert_eq!(none, None, "{key}");
    }
}

/// By hand: probabilities 60 %, 30 %, 10 %, and a number that draws the first one at top-p 0.8.
#[test]
fn top_p_by_hand() {
    let logits = [0.6_f64, 0.3, 0.1].map(|p| p.ln() as f32);
    let knobs = Knobs {
        top_p: 0.8,
        ..Knobs::default()
    };
    let step = Step {
        logits: RankedLogits::new(&logits[..]).unwrap(),
        knobs,
        tokens: vec![],
        u: 0.65,
    };
    // Of two tokens the first has 2/3, of all three 0.6: up to 0.9 it is chosen.
    let (low, high) = step.interval(tokenscope::sampling::knobs::spec("topP").unwrap());
    assert_eq!(low, 0.0);
    assert!((high - 0.9).abs() < 1e-6, "{high}");
}
