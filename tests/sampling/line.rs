//! The command line's `distribution`.

use serde_json::{Value, json};
use tokenscope::error::Code;
use tokenscope::sampling::{distribution_line, uniform};

fn answer(request: &Value) -> Value {
    let line = distribution_line(&request.to_string()).unwrap();
    assert!(!line.contains('\n'));
    serde_json::from_str(&line).unwrap()
}

#[test]
fn a_whole_trace() {
    let answer = answer(&json!({
        "logits": [1, 4, 3, 2.5, 9], "context": [4, 1], "newTokens": 2, "endTokens": [4],
        "knobs": { "minNewTokens": 3, "temperature": 0.5, "topK": 3, "topP": 0.9, "seed": 3 },
        "step": 2,
    }));
    assert_eq!(answer["kept"], json!([1, 2]));
    let p = |id: usize| answer["probabilities"][id].as_f64().unwrap();
    // Logits 8 and 6 are left: 1 / (1 + e⁻²).
    assert!((p(0) - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-12);
    assert!((p(0) + p(1) - 1.0).abs() < 1e-15);
    assert_eq!(
        answer["removed"],
        json!([
            { "stage": "minNewTokens", "ids": [4] },
            { "stage": "temperature", "ids": [] },
            { "stage": "topK", "ids": [0] },
            { "stage": "topP", "ids": [3] },
        ])
    );
    let stages = answer["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 4);
    assert_eq!(stages[2]["stage"], "topK");
    assert_eq!(stages[2]["removed"], 1);
    assert_eq!(stages[2]["note"], Value::Null);
    let masses: f64 = stages
        .iter()
        .map(|stage| stage["rawMass"].as_f64().unwrap())
        .sum();
    assert!((masses + answer["keptMass"].as_f64().unwrap() - 1.0).abs() < 1e-14);
    let u = answer["draw"]["u"].as_f64().unwrap();
    assert!((u - uniform(3, 2)).abs() < 1e-15);
    let drawn = if u < p(0) { 1 } else { 2 };
    assert_eq!(answer["draw"]["id"], drawn);
    assert!(answer["entropy"]["raw"].as_f64() > Some(0.0));
    assert!(answer["entropy"]["warped"].as_f64() < Some(1.0));
}

#[test]
fn all_but_the_logits_may_be_left_out() {
    let plain = answer(&json!({ "logits": [0, 0] }));
    assert_eq!(plain["kept"], json!([0, 1]));
    assert_eq!(plain["probabilities"], json!([0.5, 0.5]));
    assert_eq!(plain["stages"], json!([]));
    // Without a step it is the one after the new tokens.
    let implied = answer(&json!({ "logits": [0, 0], "newTokens": 5 }));
    let stated = answer(&json!({ "logits": [0, 0], "step": 5 }));
    assert_eq!(implied["draw"], stated["draw"]);
    assert_ne!(implied["draw"]["u"], plain["draw"]["u"]);
}

#[test]
fn what_cannot_be_answered_is_refused_with_a_code() {
    let code = |line: &str| distribution_line(line).unwrap_err().code();
    assert_eq!(code(""), Code::BadArgument);
    assert_eq!(code("[1]"), Code::BadArgument);
    assert_eq!(code(r#"{"logit":[1]}"#), Code::BadArgument);
    assert_eq!(code(r#"{"logits":["1"]}"#), Code::BadArgument);
    assert_eq!(code(r#"{"logits":[1],"context":[-1]}"#), Code::BadArgument);
    assert_eq!(code(r#"{"logits":[]}"#), Code::BadLogits);
    assert_eq!(code(r#"{"logits":[1,1e39]}"#), Code::BadLogits);
    assert_eq!(
        code(r#"{"logits":[1],"knobs":{"topP":1.5}}"#),
        Code::KnobOutOfRange
    );
    assert_eq!(
        code(r#"{"logits":[1],"knobs":{"topk":1}}"#),
        Code::UnknownKnob
    );
    assert_eq!(code(r#"{"logits":[1],"knobs":3}"#), Code::BadArgument);
    let error = distribution_line(r#"{"logits":[1,null]}"#).unwrap_err();
    assert_eq!(error.code(), Code::BadLogits);
    assert!(error.message().contains("token 1"), "{error}");
}
