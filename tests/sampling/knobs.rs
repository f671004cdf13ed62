//! The knobs: every one does something, is checked, and is told to the page as it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokenscope::error::Code;
use tokenscope::sampling::knobs::{
    Dialect, HUGGING_FACE, KNOBS, Kind, KnobSpec, LLAMA_CPP, LLAMA_CPP_MIROSTAT, PRESETS, STAGES,
    javascript, spec,
};
use tokenscope::sampling::stage::Rule;
use tokenscope::sampling::{Chain, Context, Knobs, uniform};

use crate::{bits, warp_after};

const LOGITS: [f32; 6] = [2.0, 1.5, 1.0, 0.5, 0.0, -1.0];
const CONTEXT: Context<'_> = Context {
    tokens: &[1, 0, 3, 1, 0],
    new_tokens: 1,
    end_tokens: &[1],
    breakers: &[],
    step: 0,
    surprises: &[4.0],
    min_tokens_to_keep: 1,
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
        "dialect" => json!("llamaCpp"),
        "order" => json!(["topK", "temperature"]),
        "disabled" => json!(["topK"]),
        "logitBias" => json!({ "2": 1.5 }),
        "bannedTokens" => json!([0, 9]),
        "penaltyLastN" => json!(1),
        "frequencyPenalty" => json!(0.7),
        "presencePenalty" => json!(-0.7),
        "noRepeatNgram" => json!(2),
        "dryMultiplier" => json!(0.8),
        "dryBase" => json!(3),
        "dryAllowedLength" => json!(3),
        "dryLastN" => json!(2),
        "dynatempRange" => json!(0.5),
        "dynatempExponent" => json!(3),
        "typicalP" => json!(0.6),
        "epsilonCutoff" => json!(0.1),
        "etaCutoff" => json!(0.6),
        "topNSigma" => json!(1),
        "xtcProbability" => json!(1),
        "xtcThreshold" => json!(0.3),
        "mirostat" => json!(2),
        "mirostatTau" => json!(0.9),
        "mirostatEta" => json!(0.4),
        "seed" => json!(1),
        "maxNewTokens" | "stop" => return None,
        _ => panic!("say at which value {key} changes something"),
    })
}

/// Knobs under which this knob has a part to play, though they set it to its default: the dialect
/// that has its stage, and what else the stage needs.
fn ground(key: &str) -> Knobs {
    let llama_cpp = |changes: Value| {
        let mut knobs = Knobs::from_json(&changes).unwrap();
        knobs.dialect = Dialect::LlamaCpp;
        knobs
    };
    match key {
        "order" => Knobs {
            dialect: Dialect::Free,
            top_k: 2,
            top_p: 0.5,
            ..Knobs::default()
        },
        "disabled" => Knobs {
            top_k: 2,
            ..Knobs::default()
        },
        "dialect" => Knobs {
            epsilon_cutoff: 0.2,
            ..Knobs::default()
        },
        "penaltyLastN" => llama_cpp(json!({ "repetitionPenalty": 1.5 })),
        "dryBase" => llama_cpp(json!({ "dryMultiplier": 1, "dryAllowedLength": 1 })),
        "dryAllowedLength" | "dryLastN" => llama_cpp(json!({ "dryMultiplier": 1 })),
        "dynatempExponent" => llama_cpp(json!({ "dynatempRange": 0.5 })),
        "xtcThreshold" => llama_cpp(json!({ "xtcProbability": 1 })),
        "mirostatTau" | "mirostatEta" => llama_cpp(json!({ "mirostat": 2, "mirostatTau": 2 })),
        "frequencyPenalty" | "presencePenalty" | "dryMultiplier" | "dynatempRange"
        | "topNSigma" | "xtcProbability" => llama_cpp(json!({})),
        "mirostat" => llama_cpp(json!({ "mirostatTau": 0.8 })),
        _ => Knobs::default(),
    }
}

fn with(key: &str, value: &Value) -> Knobs {
    let mut knobs = ground(key);
    knobs.set(key, value).unwrap();
    knobs
}

/// All that knobs do to a step: probabilities, stages, and the token drawn in each of some steps.
fn effect(knobs: &Knobs) -> (Vec<u64>, Vec<&'static str>, Vec<u32>) {
    let distribution = warp_after(&LOGITS, knobs, &CONTEXT);
    let stages = distribution.reports().iter().map(|report| report.stage);
    let drawn = (0..200).map(|step| distribution.draw(uniform(knobs.seed, step)).id);
    (
        bits(distribution.probabilities()),
        stages.collect(),
        drawn.collect(),
    )
}

#[test]
fn no_knob_does_nothing() {
    for spec in KNOBS {
        let Some(value) = telling_value(spec.key) else {
            assert_eq!(spec.stage, None);
            continue;
        };
        let plain = effect(&ground(spec.key));
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
    for spec in KNOBS {
        let Some(off) = spec.off else { continue };
        let knobs = with(spec.key, &json!(off));
        if spec.stage.is_some() {
            assert!(effect(&knobs).1.is_empty(), "{}", spec.key);
        }
    }
    for dialect in [Dialect::HuggingFace, Dialect::LlamaCpp, Dialect::Free] {
        let knobs = Knobs {
            dialect,
            ..Knobs::default()
        };
        assert!(Chain::from_knobs(&knobs).stages().iter().all(Rule::is_off));
    }
    assert!(effect(&Knobs::default()).1.is_empty());
}

#[test]
fn every_stage_has_a_knob_and_a_dialect_whose_chain_names_it() {
    let names: BTreeSet<_> = STAGES.iter().map(|stage| stage.name).collect();
    assert_eq!(names.len(), STAGES.len());
    let set: BTreeSet<_> = KNOBS.iter().filter_map(|spec| spec.stage).collect();
    assert_eq!(&set - &BTreeSet::from(["greedy"]), names);
    for stage in STAGES {
        let listed = |chain: &[&str]| chain.contains(&stage.name);
        let llama_cpp = listed(LLAMA_CPP) || listed(LLAMA_CPP_MIROSTAT);
        let has = |dialect| stage.dialects.contains(&dialect);
        assert_eq!(has(Dialect::HuggingFace), listed(HUGGING_FACE), "{stage:?}");
        assert_eq!(has(Dialect::LlamaCpp), llama_cpp, "{stage:?}");
        assert!(has(Dialect::Free), "{stage:?}");
    }
}

/// With every knob set: each dialect runs its stages in its order, the free one those that are listed.
#[test]
fn chains_run_in_the_order_of_their_dialect() {
    let mut knobs = Knobs::default();
    for spec in KNOBS.iter().filter(|spec| spec.stage.is_some()) {
        if let (Some(value), false) = (telling_value(spec.key), spec.key == "doSample") {
            knobs.set(spec.key, &value).unwrap();
        }
    }
    let names = |knobs: &Knobs| -> Vec<&str> {
        let chain = Chain::from_knobs(knobs);
        chain.stages().iter().map(Rule::name).collect()
    };
    assert_eq!(names(&knobs), HUGGING_FACE);
    knobs.dialect = Dialect::LlamaCpp;
    assert_eq!(names(&knobs), LLAMA_CPP_MIROSTAT);
    knobs.mirostat = 0;
    let without_plain_temperature = &LLAMA_CPP[..LLAMA_CPP.len() - 1];
    assert_eq!(names(&knobs), without_plain_temperature);
    knobs.disabled = vec!["dynamicTemperature", "topK"];
    let wanted: Vec<_> = LLAMA_CPP
        .iter()
        .copied()
        .filter(|name| !knobs.disabled.contains(name))
        .collect();
    assert_eq!(names(&knobs), wanted);
    knobs.dialect = Dialect::Free;
    knobs.disabled.clear();
    assert_eq!(names(&knobs), HUGGING_FACE);
    knobs.order = vec!["xtc", "temperature", "dry", "topP"];
    assert_eq!(names(&knobs), knobs.order);
    knobs.do_sample = false;
    assert_eq!(names(&knobs), ["dry", "greedy"]);
}

/// At temperature 0 Hugging Face's dialect takes the best token at once, llama.cpp's cuts first: XTC
/// can then take the best one away.
#[test]
fn temperature_0_stands_where_the_temperature_does() {
    let cold = |dialect, xtc_probability| {
        let knobs = Knobs {
            dialect,
            xtc_probability,
            temperature: 0.0,
            top_k: 3,
            ..Knobs::default()
        };
        let distribution = warp_after(&LOGITS, &knobs, &CONTEXT);
        let stages: Vec<_> = distribution.reports().iter().map(|r| r.stage).collect();
        (crate::kept(&distribution), stages)
    };
    assert_eq!(cold(Dialect::HuggingFace, 1.0), (vec![0], vec!["greedy"]));
    assert_eq!(
        cold(Dialect::LlamaCpp, 0.0),
        (vec![0], vec!["topK", "greedy"])
    );
    assert_eq!(
        cold(Dialect::LlamaCpp, 1.0),
        (vec![2], vec!["topK", "xtc", "greedy"])
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
        .filter(|spec| matches!(spec.kind, Kind::Number | Kind::Integer))
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
    refuses(spec("dialect").unwrap(), &json!("llamacpp"));
    refuses(spec("dialect").unwrap(), &json!(2));
    refuses(spec("order").unwrap(), &json!("topK"));
    refuses(spec("order").unwrap(), &json!(["topK", "topk"]));
    refuses(spec("disabled").unwrap(), &json!(["topK", "topK"]));
    refuses(spec("bannedTokens").unwrap(), &json!([1.5]));
    refuses(spec("bannedTokens").unwrap(), &json!([-1]));
    refuses(spec("logitBias").unwrap(), &json!({ "x": 1 }));
    refuses(spec("logitBias").unwrap(), &json!({ "1": 101 }));
    refuses(spec("logitBias").unwrap(), &json!([1]));
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
        "seed": 9_007_199_254_740_991_u64, "dialect": "free", "order": ["topP", "dry"],
        "disabled": ["dry"], "logitBias": { "7": -1.5, "3": 2 }, "bannedTokens": [5, 4],
        "xtcThreshold": 0.25, "penaltyLastN": 9, "mirostatTau": 3.5,
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
        dialect: Dialect::Free,
        order: vec!["topP", "dry"],
        disabled: vec!["dry"],
        logit_bias: [(3, 2.0), (7, -1.5)].into(),
        banned_tokens: vec![5, 4],
        xtc_threshold: 0.25,
        penalty_last_n: 9,
        mirostat_tau: 3.5,
        ..Knobs::default()
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
        let shape = &json!(preset)["knobs"];
        assert_eq!(
            Knobs::from_json(shape).unwrap(),
            preset.apply(&Knobs::default())
        );
        assert!(names.insert(preset.name), "{} twice", preset.name);
        assert!(effects.insert(shape.to_string()), "{}", preset.name);
    }
}

#[test]
fn the_page_has_the_table_as_it_is() {
    assert!(
        include_str!("../../www/engine/knobs.js") == javascript(),
        "www/engine/knobs.js is out of date; run `cargo run -- knobs --js > knobs.js.new && mv knobs.js.new www/engine/knobs.js`"
    );
}
