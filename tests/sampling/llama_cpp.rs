//! llama.cpp's published sampler vectors (its tests/test-sampling.cpp): probabilities by id in, what is
//! left out, to 1e-5 as there.

use serde_json::{Value, json};
use tokenscope::sampling::{Chain, Context, Knobs, RankedLogits};

const FOUR: &[f64] = &[0.1, 0.2, 0.3, 0.4];
const FALLING: &[f64] = &[0.4, 0.3, 0.2, 0.1];
const QUARTERS: &[f64] = &[0.25; 4];
const FIFTHS: &[f64] = &[0.2; 5];

/// These knobs must turn these probabilities into those; 0 is for what is removed.
fn check(probabilities: &[f64], knobs: Value, context: &Context<'_>, wanted: &[f64]) {
    let mut knobs = Knobs::from_json(&knobs).unwrap();
    knobs.set("dialect", &json!("llamaCpp")).unwrap();
    let logits: Vec<f32> = probabilities.iter().map(|p| p.ln() as f32).collect();
    let logits = RankedLogits::new(logits).unwrap();
    let distribution = Chain::from_knobs(&knobs).warp(&logits, context);
    for (got, wanted) in distribution.probabilities().iter().zip(wanted) {
        let close = (got - wanted).abs() < 1e-5;
        assert!(
            close,
            "{:?}, not {wanted:?}: {knobs:?}",
            distribution.probabilities()
        );
    }
    assert_eq!(probabilities.len(), wanted.len());
}

fn alone(probabilities: &[f64], knobs: Value, wanted: &[f64]) {
    check(probabilities, knobs, &Context::default(), wanted);
}

fn after(probabilities: &[f64], tokens: &[u32], breakers: &[u32], knobs: Value, wanted: &[f64]) {
    let context = Context {
        tokens,
        breakers,
        ..Context::default()
    };
    check(probabilities, knobs, &context, wanted);
}

#[test]
fn temperature() {
    alone(FOUR, json!({ "temperature": 1 }), FOUR);
    alone(FOUR, json!({ "temperature": 0 }), &[0.0, 0.0, 0.0, 1.0]);
    alone(
        FOUR,
        json!({ "temperature": 1, "dynatempExponent": 1 }),
        FOUR,
    );
    let cold = json!({ "temperature": 0, "dynatempExponent": 1 });
    alone(FOUR, cold, &[0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn top_k() {
    alone(FOUR, json!({ "topK": 1 }), &[0.0, 0.0, 0.0, 1.0]);
    let third = [0.0, 0.22222, 0.33333, 0.44444];
    alone(FOUR, json!({ "topK": 3 }), &third);
    alone(FOUR, json!({ "topK": 4 }), FOUR);
    alone(FOUR, json!({ "topK": 0 }), FOUR);
}

#[test]
fn top_p() {
    alone(FOUR, json!({ "topP": 0 }), &[0.0, 0.0, 0.0, 1.0]);
    // The library adds up in float32, where 0.4 + 0.3 falls short of 0.7 or not as rounding goes.
    alone(
        FOUR,
        json!({ "topP": 0.6999 }),
        &[0.0, 0.0, 0.428_571, 0.571_429],
    );
    alone(
        FOUR,
        json!({ "topP": 0.8 }),
        &[0.0, 0.22222, 0.33333, 0.44444],
    );
    alone(FOUR, json!({ "topP": 1 }), FOUR);
}

#[test]
fn min_p() {
    let three = [0.0, 0.2 / 0.9, 0.3 / 0.9, 0.4 / 0.9];
    let two = [0.0, 0.0, 0.3 / 0.7, 0.4 / 0.7];
    let one = [0.0, 0.0, 0.0, 1.0];
    for (min_p, wanted) in [
        (0.0, FOUR),
        (0.24, FOUR),
        (0.26, &three),
        (0.49, &three),
        (0.51, &two),
        (0.74, &two),
        (0.76, &one),
        (1.0, &one),
    ] {
        alone(FOUR, json!({ "minP": min_p }), wanted);
    }
}

#[test]
fn xtc() {
    let with = |threshold: f64| json!({ "xtcProbability": 1, "xtcThreshold": threshold });
    alone(FALLING, with(0.09), &[0.0, 0.0, 0.0, 1.0]);
    alone(FALLING, with(0.19), &[0.0, 0.0, 2.0 / 3.0, 1.0 / 3.0]);
    alone(FALLING, with(0.29), &[0.0, 0.5, 1.0 / 3.0, 1.0 / 6.0]);
    alone(FALLING, with(0.39), FALLING);
}

#[test]
fn typical() {
    let peaked = [0.97, 0.01, 0.01, 0.01];
    alone(&peaked, json!({ "typicalP": 0.5 }), &[1.0, 0.0, 0.0, 0.0]);
    let third = 1.0 / 3.0;
    let flat = [0.4, 0.2, 0.2, 0.2];
    alone(
        &flat,
        json!({ "typicalP": 0.5 }),
        &[0.0, third, third, third],
    );
}

#[test]
fn penalties() {
    let repeat = json!({ "repetitionPenalty": 10, "logitBias": {} });
    // ln 0.2 · 10 is far enough below for the published zeros, which stand for a penalty of 50.
    after(
        FIFTHS,
        &[0],
        &[],
        repeat.clone(),
        &[0.0, 0.25, 0.25, 0.25, 0.25],
    );
    let halves = [0.0, 0.0, 0.0, 0.5, 0.5];
    after(FIFTHS, &[0, 1, 2], &[], repeat.clone(), &halves);
    after(FIFTHS, &[0, 1, 2, 0, 0], &[], repeat, &halves);
    // The published vectors have 5 for both; ours go to 2, so a bias of −3 stands for the rest of each.
    let both =
        |bias: Value| json!({ "frequencyPenalty": 2, "presencePenalty": 2, "logitBias": bias });
    let wanted = [0.000_011, 0.249_997, 0.249_997, 0.249_997, 0.249_997];
    after(FIFTHS, &[0], &[], both(json!({ "0": -6 })), &wanted);
    let wanted = [0.000_023, 0.000_023, 0.000_023, 0.499_966, 0.499_966];
    let biases = json!({ "0": -6, "1": -6, "2": -6 });
    after(FIFTHS, &[0, 1, 2], &[], both(biases), &wanted);
    let wanted = [0.0, 0.000_023, 0.000_023, 0.499_977, 0.499_977];
    let biases = json!({ "0": -12, "1": -6, "2": -6 });
    after(FIFTHS, &[0, 1, 2, 0, 0], &[], both(biases), &wanted);
}

#[test]
fn dry() {
    let with = |multiplier: f64, allowed: u32, window: u32| {
        json!({
            "dryMultiplier": multiplier, "dryBase": 1.1,
            "dryAllowedLength": allowed, "dryLastN": window,
        })
    };
    after(QUARTERS, &[0, 1], &[], with(1.0, 2, 4), QUARTERS);
    let wanted = [0.296_923, 0.296_923, 0.109_232, 0.296_923];
    after(QUARTERS, &[0, 1, 2, 0, 1], &[], with(1.0, 2, 5), &wanted);
    after(FIFTHS, &[0, 1, 3, 4, 0, 1], &[3], with(1.0, 2, 6), FIFTHS);
    let wanted = [0.241_818, 0.241_818, 0.032_727, 0.241_818, 0.241_818];
    after(FIFTHS, &[0, 1, 2, 0, 1], &[], with(2.0, 2, 5), &wanted);
    after(FIFTHS, &[0, 1, 2, 3, 4, 0, 1], &[], with(1.0, 4, 7), FIFTHS);
    // Not published: a breaker ends the repetition that counts.
    after(FIFTHS, &[0, 1, 2, 0, 1], &[0], with(1.0, 2, 5), FIFTHS);
}

#[test]
fn top_n_sigma() {
    let two = [0.0, 0.0, 0.428_571, 0.571_429];
    alone(FOUR, json!({ "topNSigma": 1 }), &two);
    alone(FOUR, json!({ "topNSigma": 0 }), FOUR);
    alone(FOUR, json!({ "topNSigma": 3 }), FOUR);
}

/// The published queues: cuts one after another over probabilities proportional to the id.
#[test]
fn queues() {
    const SIZE: u32 = 10_000;
    // Token 0 has the logit −∞ there, which no model gives; here it is just very unlikely.
    let logits: Vec<f32> = (0..SIZE)
        .map(|id| if id == 0 { -99.0 } else { (id as f32).ln() })
        .collect();
    let logits = RankedLogits::new(logits).unwrap();
    for order in [
        "topK",
        "topP",
        "minP",
        "topK topP",
        "topP topK",
        "topK minP",
        "minP topK",
        "topP minP",
        "minP topP",
        "topK topP minP",
        "topP topK minP",
        "minP topP topK",
        "minP topK topP",
    ] {
        let order: Vec<_> = order.split(' ').collect();
        let knobs =
            json!({ "dialect": "free", "order": order, "topK": 100, "topP": 0.8, "minP": 0.1 });
        let knobs = Knobs::from_json(&knobs).unwrap();
        let distribution = Chain::from_knobs(&knobs).warp(&logits, &Context::default());
        let mut least = 0;
        for stage in order {
            let best = SIZE - 1;
            least = match stage {
                "topK" => least.max(SIZE - 100),
                "minP" => least.max((0.1 * f64::from(best)).ceil() as u32),
                _ => {
                    let whole: u64 = (least..SIZE).map(u64::from).sum();
                    let mut sum = 0;
                    (0..SIZE)
                        .rev()
                        .find(|&id| {
                            sum += u64::from(id);
                            sum as f64 >= 0.8 * whole as f64
                        })
                        .unwrap()
                }
            };
        }
        let kept: Vec<u32> = distribution.kept_ids().collect();
        assert_eq!(
            kept,
            (least..SIZE).rev().collect::<Vec<_>>(),
            "{:?}",
            knobs.order
        );
    }
}
