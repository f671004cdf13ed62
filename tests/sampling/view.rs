//! The view of one position, as it crosses to the page.

use serde_json::{Value, json};
use tokenscope::error::Code;
use tokenscope::sampling::knobs::Dialect;
use tokenscope::sampling::{Context, Distribution, Knobs, Piece, Place, View};

use crate::{warp, warp_after};

const LOGITS: [f32; 5] = [0.0, 3.0, 1.0, 2.0, -1.0];

fn distribution() -> Distribution {
    let knobs = Knobs {
        top_k: 3,
        ..Knobs::default()
    };
    warp(&LOGITS, &knobs)
}

fn text(id: u32) -> Piece {
    Piece {
        text: format!("<{id}>"),
        partial: id == 3,
    }
}

fn place(chosen: u32) -> Place {
    Place {
        position: 7,
        step: 2,
        chosen,
        draw: None,
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn its_json_has_the_agreed_form() {
    let distribution = distribution();
    let place = Place {
        draw: Some(distribution.draw(0.7)),
        ..place(3)
    };
    let view = View::new(&distribution, &place, 2, &text).unwrap();
    let json = json!(view);
    assert_eq!(
        keys(&json),
        [
            "chosen",
            "draw",
            "kept",
            "others",
            "position",
            "raw",
            "stages",
            "step",
            "tokens",
            "vocabulary",
            "warped"
        ]
    );
    assert_eq!(
        keys(&json["tokens"][0]),
        [
            "high",
            "id",
            "logit",
            "low",
            "partial",
            "penalised",
            "rank",
            "raw",
            "removedBy",
            "scaled",
            "softmax",
            "text",
            "warped"
        ]
    );
    assert_eq!(
        keys(&json["chosen"]),
        ["id", "logProb", "partial", "rank", "raw", "text", "warped"]
    );
    assert_eq!(keys(&json["others"]), ["count", "kept", "raw", "warped"]);
    assert_eq!(keys(&json["draw"]), ["high", "id", "low", "u"]);
    assert_eq!(
        keys(&json["stages"][0]),
        ["note", "rawMass", "removed", "stage"]
    );
    assert_eq!(keys(&json["raw"]), ["effective", "entropy"]);
    assert_eq!(keys(&json["kept"]), ["count", "mass"]);
    assert_eq!((&json["position"], &json["step"]), (&json!(7), &json!(2)));
    assert_eq!(json["vocabulary"], 5);
    assert_eq!(json["chosen"]["text"], "<3>");
    assert_eq!(json["chosen"]["partial"], true);
    assert_eq!(json["tokens"][0]["removedBy"], Value::Null);
}

#[test]
fn bars_stand_in_raw_rank_order_on_adjoining_intervals() {
    let distribution = distribution();
    let view = View::new(&distribution, &place(1), 5, &text).unwrap();
    let ids: Vec<_> = view.tokens.iter().map(|bar| bar.id).collect();
    assert_eq!(ids, [1, 3, 2, 0, 4]);
    let mut end = 0.0;
    for (rank, bar) in view.tokens.iter().enumerate() {
        assert_eq!((bar.rank, bar.low), (rank, end));
        assert_eq!(bar.logit, LOGITS[bar.id as usize]);
        assert!((bar.high - bar.low - bar.warped).abs() < 1e-15);
        assert_eq!(bar.removed_by, (rank >= 3).then_some("topK"));
        end = bar.high;
    }
    assert_eq!(end, 1.0);
    assert_eq!((view.others.count, view.others.raw), (0, 0.0));
}

#[test]
fn without_bars_the_others_are_all_and_the_rest_is_the_same() {
    let distribution = distribution();
    let with = View::new(&distribution, &place(4), 2, &text).unwrap();
    let without = View::new(&distribution, &place(4), 0, &text).unwrap();
    assert!(without.tokens.is_empty());
    assert_eq!(
        (without.others.count, without.others.raw),
        (without.vocabulary, 1.0)
    );
    assert_eq!(
        (without.others.kept, without.others.warped),
        (with.kept.count, 1.0)
    );
    assert_eq!(without.chosen, with.chosen);
    assert_eq!(without.stages, with.stages);
}

#[test]
fn a_chosen_token_beyond_the_top_has_a_bar_of_its_own() {
    let distribution = distribution();
    let view = View::new(&distribution, &place(4), 2, &text).unwrap();
    let bars: Vec<_> = view.tokens.iter().map(|bar| (bar.id, bar.rank)).collect();
    assert_eq!(bars, [(1, 0), (3, 1), (4, 4)]);
    let others = view.others;
    assert_eq!((others.count, others.kept), (2, 1));
    assert_eq!(others.warped, distribution.prob(2));
    let raw = distribution.raw();
    assert!((others.raw - raw.prob(2) - raw.prob(0)).abs() < 1e-15);
    assert_eq!((view.chosen.rank, view.chosen.warped), (4, 0.0));
    assert_eq!(view.chosen.log_prob, raw.log_prob(4));
}

#[test]
fn a_token_outside_the_vocabulary_is_refused() {
    let error = View::new(&distribution(), &place(5), 2, &text).unwrap_err();
    assert_eq!(error.code(), Code::OutOfRange);
}

/// The columns between the raw logit and the warped probability, for kept and removed tokens alike.
#[test]
fn the_columns_show_each_step_of_the_way() {
    let knobs = |dialect| Knobs {
        dialect,
        repetition_penalty: 2.0,
        temperature: 0.5,
        top_k: 2,
        banned_tokens: vec![3],
        ..Knobs::default()
    };
    let context = Context {
        tokens: &[1],
        ..Context::default()
    };
    for dialect in [Dialect::HuggingFace, Dialect::LlamaCpp] {
        let distribution = warp_after(&LOGITS, &knobs(dialect), &context);
        let view = View::new(&distribution, &place(1), 5, &text).unwrap();
        let penalised = [1.5, 2.0, 1.0, 0.0, -1.0];
        let sum: f64 = penalised.iter().map(|l: &f64| (l * 2.0).exp()).sum();
        for (bar, penalised) in view.tokens.iter().zip(penalised) {
            assert_eq!(bar.penalised, penalised, "{bar:?}");
            assert_eq!(bar.scaled, penalised / 0.5, "{bar:?}");
            let softmax = bar.scaled.exp() / sum;
            assert!((bar.softmax - softmax).abs() < 1e-15, "{bar:?}");
        }
        let kept: Vec<_> = view.tokens.iter().map(|bar| bar.removed_by).collect();
        assert_eq!(
            kept,
            [None, Some("bannedTokens"), None, Some("topK"), Some("topK")]
        );
    }
}

#[test]
fn without_any_stage_the_columns_repeat_the_raw_ones() {
    let distribution = warp(&LOGITS, &Knobs::default());
    let view = View::new(&distribution, &place(1), 5, &text).unwrap();
    for bar in view.tokens {
        assert_eq!(
            (bar.penalised, bar.scaled),
            (bar.logit.into(), bar.logit.into())
        );
        assert!((bar.softmax - bar.raw).abs() < 1e-15);
    }
}
