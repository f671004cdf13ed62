//! The knobs: every one does something, is checked, and is told to the page as it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokenscope::error::Code;
use tokenscope::sampling::knobs::{KNOBS, Kind, KnobSpec, PRESETS, javascript, spec};
use tokenscope::sampling::stage::Rule;
use tokenscope::sampling::{Chain, Context, Knobs, uniform};

use crate::{bits, warp_after};

const LOGITS: [f32; 6] = [2.0, 1.5, 1.0, 0.5, 0.0, -1.0];
const CONTEXT: Context<'_> = Context {
    tokens: &[0, 3],
    new_tokens: 1,
    end_tokens: &[1],
};

/// A value at which each knob must change the distribution or the draw. The two that end a text
/// have no part in a distribution: the decoder's tests are about them.
fn telling_value(key: &str) -> Option<Value> {
    Some(match key {
        "doSample" => json!(false),
        "temperature" => json!(0.7),
        "topK" => json!(3),
        "topP" => json!(0.8),
        "minP" => json!(0.3),
        "repetitionPenalty" => json!(1.2),
        "minNewTokens" => json!(2),
        "seed" => json!(1),
        "maxNewTokens" | "stop" => return None,
        _ => panic!("say at which value {key} changes something"),
    })
}

fn with(key: &str, value: &Value) -> Knobs {
    let mut knobs = Knobs::default();
    knobs.set(key, value).unwrap();
    knobs
}

/// All that knobs do to a step: probabilities, stages, and the token drawn in each of some steps.
fn effect(knobs: &Knobs) -> (Vec<u64>, Vec<&'static str>, Vec<u32>) {
    let distribution = warp_after(&LOGITS, knobs, &CONTEXT);
    let stages = distribution.reports().iter().map(|report| report.stage);
    let drawn = (0..20).map(|step| distribution.draw(uniform(knobs.seed, step)).id);
    (
        bits(distribution.probabilities()),
        stages.collect(),
        drawn.collect(),
    )
}

#[test]
fn no_knob_does_nothing() {
    let plain = effect(&Knobs::default());
    for spec in KNOBS {
        let Some(value) = telling_value(spec.key) else {
            assert_eq!(spec.stage, None);
            continue;
        };
        let changed = effect(&with(spec.key, &value));
        assert_ne!(plain.2, changed.2, "{} changes no draw", spec.key);
        if let Some(stage) = spec.stage {
            assert_ne!(plain.0, changed.0, "{} changes no probability", spec.key);
            assert_eq!(changed.1, [stage], "{} names another stage", spec.key);
        }
    }
}

#[test]
fn off_values_do_nothing_at_all() {
    let plain = effect(&Knobs::default());
    assert!(plain.1.is_empty());
    for spec in KNOBS {
        if let Some(off) = spec.off {
            assert_eq!(effect(&with(spec.key, &json!(off))), plain, "{}", spec.key);
        }
    }
    assert!(
        Chain::from_knobs(&Knobs::default())
            .stages()
            .iter()
            .all(Rule::is_off)
    );
}

#[test]
fn the_table_states_every_knob_and_its_default() {
    let Value::Object(defaults) = json!(Knobs::default()) else {
        panic!("an object")
    };
    let keys: BTreeSet<_> = KNOBS.iter().map(|spec| spec.key).collect();
    assert_eq!(keys, defaults.keys().map(String::as_str).collect());
    assert_eq!(keys.len(), KNOBS.len());
    let mut knobs = Knobs::default();
    for spec in KNOBS {
        knobs.set(spec.key, &json!(spec.default)).unwrap();
        assert!(!spec.label.is_empty() && !spec.meaning.is_empty());
        assert!(!spec.formula.is_empty() && !spec.source.is_empty());
    }
    assert_eq!(knobs, Knobs::default());
    assert_eq!(Knobs::from_json(&json!({})).unwrap(), Knobs::default());
}

#[test]
fn ranges_are_those_of_the_table() {
    let numeric = KNOBS
        .iter()
        .filter_map(|spec| Some((spec, spec.min?, spec.max?)));
    for (spec, min, max) in numeric {
        for bound in [min, max] {
            with(spec.key, &json!(bound)).validate().unwrap();
        }
        for outside in [min - 1.0, max + 1.0, max * 1e6] {
            refuses(spec, &json!(outside));
        }
        refuses(spec, &Value::Null);
        refuses(spec, &json!("1"));
        refuses(spec, &json!(true));
        if spec.kind == Kind::Integer {
            refuses(spec, &json!(min + 0.5));
        }
    }
    refuses(spec("doSample").unwrap(), &json!(1));
}

/// The refusal must carry its code, and name the knob, its value and its range.
fn refuses(spec: &KnobSpec, value: &Value) {
    let error = Knobs::from_json(&json!({ (spec.key): value })).unwrap_err();
    assert_eq!(error.code(), Code::KnobOutOfRange);
    let message = error.message();
    for part in [spec.key.to_owned(), value.to_string()] {
        assert!(message.contains(&part), "{message:?} lacks {part}");
    }
    for bound in [spec.min, spec.max].into_iter().flatten() {
        assert!(
            message.contains(&bound.to_string()),
            "{message:?} lacks {bound}"
        );
    }
}

#[test]
fn unknown_knobs_are_refused_by_name() {
    let error = Knobs::from_json(&json!({ "topK": 3, "top_k": 3 })).unwrap_err();
    assert_eq!(error.code(), Code::UnknownKnob);
    assert!(error.message().contains("\"top_k\""), "{error}");
    assert!(error.message().contains("topK"), "{error}");
    let error = Knobs::from_json(&json!([1])).unwrap_err();
    assert_eq!(error.code(), Code::BadArgument);
}

#[test]
fn values_arrive_unchanged() {
    let json = json!({
        "doSample": false, "temperature": 0.8, "topK": 40.0, "topP": 0.95, "minP": 0.05,
        "repetitionPenalty": 1.1, "minNewTokens": 3, "maxNewTokens": 12, "stop": ["\n", "End"],
        "seed": 9_007_199_254_740_991_u64,
    });
    let knobs = Knobs::from_json(&json).unwrap();
    let wanted = Knobs {
        do_sample: false,
        temperature: 0.8,
        top_k: 40,
        top_p: 0.95,
        min_p: 0.05,
        repetition_penalty: 1.1,
        min_new_tokens: 3,
        max_new_tokens: 12,
        stop: vec!["\n".to_owned(), "End".to_owned()],
        seed: (1 << 53) - 1,
    };
    assert_eq!(knobs, wanted);
    assert_eq!(Knobs::from_json(&json!(knobs)).unwrap(), wanted);
}

#[test]
fn stop_strings_are_counted_in_characters() {
    let longest = "é".repeat(200);
    with("stop", &json!([longest]));
    with("stop", &json!(vec!["a"; 16]));
    let stop = spec("stop").unwrap();
    for bad in [
        json!([""]),
        json!(["é".repeat(201)]),
        json!(vec!["a"; 17]),
        json!("a"),
        json!([1]),
    ] {
        let error = Knobs::from_json(&json!({ "stop": bad })).unwrap_err();
        assert_eq!(error.code(), Code::KnobOutOfRange);
        assert!(error.message().starts_with(stop.key), "{error}");
        assert!(error.message().len() < 300, "{error}");
    }
}

#[test]
fn values_built_by_hand_are_checked_too() {
    for bad in [f64::NAN, f64::INFINITY, -0.1, 100.5] {
        let knobs = Knobs {
            temperature: bad,
            ..Knobs::default()
        };
        let error = knobs.validate().unwrap_err();
        assert_eq!(error.code(), Code::KnobOutOfRange, "{bad}");
    }
    assert!(Knobs::default().validate().is_ok());
}

#[test]
fn presets_are_within_range_and_all_different() {
    let before = Knobs {
        seed: 5,
        max_new_tokens: 7,
        min_new_tokens: 2,
        ..Knobs::default()
    };
    let mut names = BTreeSet::new();
    let mut effects = BTreeSet::new();
    for preset in PRESETS {
        let knobs = preset.apply(&before);
        knobs.validate().unwrap();
        assert_eq!(
            (knobs.seed, knobs.max_new_tokens, knobs.min_new_tokens),
            (5, 7, 2)
        );
        assert_eq!(
            Knobs::from_json(&json!(preset.knobs)).unwrap(),
            preset.apply(&Knobs::default())
        );
        assert!(names.insert(preset.name), "{} twice", preset.name);
        assert!(
            effects.insert(format!("{:?}", preset.knobs)),
            "{}",
            preset.name
        );
    }
}

#[test]
fn the_page_has_the_table_as_it_is() {
    assert!(
        include_str!("../../www/engine/knobs.js") == javascript(),
        "www/engine/knobs.js is out of date; run `cargo run -- knobs --js > knobs.js.new && mv knobs.js.new www/engine/knobs.js`"
    );
}
