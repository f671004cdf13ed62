//! Edges, by name.

use serde_json::json;
use tokenscope::error::Code;
use tokenscope::sampling::stage::{MinNewTokens, MinP, RepetitionPenalty, Stage, TopK};
use tokenscope::sampling::{Chain, Context, Knobs, RankedLogits};

use crate::{kept, warp, warp_after};

#[test]
fn logits_that_are_no_finite_numbers_are_refused_by_token() {
    for (bad, name) in [
        (f32::NAN, "NaN"),
        (f32::INFINITY, "inf"),
        (f32::NEG_INFINITY, "-inf"),
    ] {
        let error = RankedLogits::new(vec![1.0, 2.0, bad, 3.0]).unwrap_err();
        assert_eq!(error.code(), Code::BadLogits);
        assert!(error.message().contains("token 2"), "{error}");
        assert!(error.message().contains(name), "{error}");
    }
    let error = RankedLogits::new(Vec::new()).unwrap_err();
    assert_eq!(error.code(), Code::BadLogits);
}

#[test]
fn the_greatest_finite_logits_do_not_overflow() {
    let knobs = Knobs {
        temperature: 1e-300,
        ..Knobs::default()
    };
    for knobs in [Knobs::default(), knobs] {
        let distribution = warp(&[f32::MAX, f32::MIN, f32::MAX], &knobs);
        assert_eq!(distribution.probabilities(), [0.5, 0.0, 0.5]);
        assert_eq!(distribution.entropy(), 1.0);
        assert!(distribution.warped_logit(1).is_finite());
    }
}

#[test]
fn minus_zero_ties_with_zero() {
    let logits = RankedLogits::new(vec![-0.0, 0.0, -0.0]).unwrap();
    assert_eq!(logits.order(), [0, 1, 2]);
    assert_eq!(logits.rank(2), 2);
    let context = Context {
        tokens: &[1],
        ..Context::default()
    };
    let knobs = Knobs {
        repetition_penalty: 1.5,
        top_k: 1,
        ..Knobs::default()
    };
    let distribution = warp_after(&[-0.0, 0.0, -0.0], &knobs, &context);
    assert_eq!(distribution.kept_by_warped_rank(), [0, 1, 2]);
}

#[test]
fn temperature_near_zero_tends_to_the_best_tokens_and_zero_takes_the_first_of_them() {
    let logits = [1.0, 3.0, 3.0, 2.0];
    let near = Knobs {
        temperature: 1e-5,
        ..Knobs::default()
    };
    assert_eq!(warp(&logits, &near).probabilities(), [0.0, 0.5, 0.5, 0.0]);
    let zero = Knobs {
        temperature: 0.0,
        ..Knobs::default()
    };
    let distribution = warp(&logits, &zero);
    assert_eq!(distribution.probabilities(), [0.0, 1.0, 0.0, 0.0]);
    let [report] = distribution.reports() else {
        panic!("one stage")
    };
    assert_eq!((report.stage, report.removed), ("greedy", 3));
    assert_eq!(report.note.as_deref(), Some("temperature 0 means greedy"));
    assert_eq!(
        (distribution.entropy(), distribution.effective()),
        (0.0, 1.0)
    );
}

#[test]
fn greedy_takes_the_best_after_the_penalty() {
    let knobs = Knobs {
        do_sample: false,
        repetition_penalty: 2.0,
        top_k: 1,
        ..Knobs::default()
    };
    let context = Context {
        tokens: &[0],
        ..Context::default()
    };
    let distribution = warp_after(&[3.0, 2.0], &knobs, &context);
    assert_eq!(kept(&distribution), [1]);
    let names: Vec<_> = distribution
        .reports()
        .iter()
        .map(|report| report.stage)
        .collect();
    assert_eq!(names, ["repetitionPenalty", "greedy"]);
    assert_eq!(distribution.reports()[1].note, None);
}

#[test]
fn extremes_of_each_cut() {
    let logits = [1.0, 4.0, 2.0, 3.0];
    let with = |change: &dyn Fn(&mut Knobs)| {
        let mut knobs = Knobs::default();
        change(&mut knobs);
        kept(&warp(&logits, &knobs))
    };
    assert_eq!(with(&|knobs| knobs.top_p = 0.0), [1]);
    assert_eq!(with(&|knobs| knobs.min_p = 1.0), [1]);
    assert_eq!(with(&|knobs| knobs.top_k = 1), [1]);
    assert_eq!(with(&|knobs| knobs.top_k = 1_000_000), [1, 3, 2, 0]);
    assert_eq!(with(&|knobs| knobs.top_p = 1.0), [1, 3, 2, 0]);
}

/// That the best token stays is part of top-p's own rule, and nothing to remark upon.
#[test]
fn top_p_zero_keeps_the_best_without_a_note() {
    let knobs = Knobs {
        top_p: 0.0,
        ..Knobs::default()
    };
    let distribution = warp(&[1.0, 1.0, 0.0], &knobs);
    assert_eq!(kept(&distribution), [0]);
    assert_eq!(distribution.reports()[0].note, None);
}

#[test]
fn min_p_one_keeps_all_that_tie_with_the_best() {
    let knobs = Knobs {
        min_p: 1.0,
        ..Knobs::default()
    };
    let distribution = warp(&[1.0, 2.0, 2.0], &knobs);
    assert_eq!(kept(&distribution), [1, 2]);
    assert_eq!(distribution.reports()[0].note, None);
}

/// Stages in any order: what is gone stays gone, and even a stage that asks for more than its
/// knob allows cannot remove the last token.
#[test]
fn chains_built_by_hand() {
    let logits = RankedLogits::new(vec![1.0, 3.0, 2.0]).unwrap();
    let context = Context {
        tokens: &[0, 1],
        ..Context::default()
    };
    let cut_then_reward = vec![
        Stage::TopK(TopK { k: 2, ties: true }),
        Stage::RepetitionPenalty(RepetitionPenalty {
            penalty: 0.1,
            window: None,
        }),
    ];
    let distribution = Chain::new(cut_then_reward).unwrap().warp(&logits, &context);
    assert_eq!(distribution.kept_by_warped_rank(), [1, 2]);
    assert_eq!(distribution.removed_by(0), Some("topK"));

    let impossible = vec![Stage::MinP(MinP {
        fraction: 1.5,
        by_logit: false,
    })];
    let distribution = Chain::new(impossible).unwrap().warp(&logits, &context);
    assert_eq!(kept(&distribution), [1]);
    let note = distribution.reports()[0].note.as_deref().unwrap();
    assert!(note.contains("token 1") && note.contains("minP"), "{note}");
}

/// Hugging Face's `min_tokens_to_keep`, which beam sampling sets.
#[test]
fn every_cut_leaves_as_many_as_it_must() {
    let logits = RankedLogits::new(vec![0.0, 9.0, 4.0, 4.0, 2.0, 7.0]).unwrap();
    let off = Knobs {
        top_k: 0,
        ..Knobs::default()
    };
    let kept_with = |knobs: &Knobs, min_tokens_to_keep: usize| {
        let context = Context {
            min_tokens_to_keep,
            ..Context::default()
        };
        kept(&Chain::from_knobs(knobs).warp(&logits, &context))
    };
    for (key, value) in [
        ("topK", json!(1)),
        ("topP", json!(0.1)),
        ("minP", json!(0.9)),
        ("epsilonCutoff", json!(0.9)),
        ("etaCutoff", json!(0.9)),
    ] {
        let mut knobs = off.clone();
        knobs.set(key, &value).unwrap();
        assert_eq!(kept_with(&knobs, 1), [1], "{key}");
        assert_eq!(kept_with(&knobs, 2), [1, 5], "{key}");
        // Tokens 2 and 3 tie for the third place: top-k, epsilon and eta compare scores, the
        // others count.
        let third: &[u32] = match key {
            "topP" | "minP" => &[1, 5, 2],
            _ => &[1, 5, 2, 3],
        };
        assert_eq!(kept_with(&knobs, 3), third, "{key}");
        assert_eq!(kept_with(&knobs, 99).len(), 6, "{key}");
    }
    // The best is nearest to the entropy here, and after it the second.
    let typical = Knobs {
        typical_p: 1e-9,
        ..off
    };
    assert_eq!(kept_with(&typical, 1).len(), 1);
    assert_eq!(kept_with(&typical, 2), [1, 5]);
    assert_eq!(kept_with(&typical, 99).len(), 6);
}

#[test]
fn an_end_token_that_is_banned_but_alone_stays_and_the_trace_says_why() {
    let stages = vec![
        Stage::TopK(TopK { k: 1, ties: true }),
        Stage::MinNewTokens(MinNewTokens { count: 5 }),
    ];
    let logits = RankedLogits::new(vec![1.0, 9.0]).unwrap();
    let context = Context {
        end_tokens: &[1],
        ..Context::default()
    };
    let distribution = Chain::new(stages).unwrap().warp(&logits, &context);
    assert_eq!(kept(&distribution), [1]);
    let report = &distribution.reports()[1];
    assert_eq!((report.removed, report.raw_mass), (0, 0.0));
    let note = report.note.as_deref().unwrap();
    assert!(
        note.contains("token 1") && note.contains("minNewTokens"),
        "{note}"
    );
}

#[test]
fn of_several_banned_tokens_the_best_stays() {
    let knobs = Knobs {
        min_new_tokens: 1,
        ..Knobs::default()
    };
    let context = Context {
        end_tokens: &[0, 1, 2, 7],
        ..Context::default()
    };
    let distribution = warp_after(&[1.0, 5.0, 2.0], &knobs, &context);
    assert_eq!(kept(&distribution), [1]);
    assert_eq!(distribution.reports()[0].removed, 2);
    assert!(distribution.reports()[0].note.is_some());
}

#[test]
fn a_vocabulary_of_one() {
    let knobs = Knobs {
        top_k: 5,
        top_p: 0.0,
        min_p: 1.0,
        temperature: 10.0,
        ..Knobs::default()
    };
    let distribution = warp(&[-7.5], &knobs);
    assert_eq!(distribution.probabilities(), [1.0]);
    assert_eq!(
        (distribution.entropy(), distribution.kept_mass()),
        (0.0, 1.0)
    );
    assert_eq!(distribution.interval(0), (0.0, 1.0));
}

#[test]
fn ids_beyond_the_vocabulary_are_passed_over() {
    let knobs = Knobs {
        repetition_penalty: 2.0,
        min_new_tokens: 1,
        ..Knobs::default()
    };
    let context = Context {
        tokens: &[5, 1, u32::MAX],
        end_tokens: &[9, u32::MAX],
        ..Context::default()
    };
    let distribution = warp_after(&[1.0, 2.0], &knobs, &context);
    assert_eq!(distribution.probabilities(), [0.5, 0.5]);
}

#[test]
fn a_chain_has_a_greatest_length() {
    let stage = Stage::TopK(TopK { k: 3, ties: true });
    let logits = RankedLogits::new(vec![4.0, 3.0, 2.0, 1.0]).unwrap();
    let longest = Chain::new(vec![stage.clone(); 255]).unwrap();
    let distribution = longest.warp(&logits, &Context::default());
    assert_eq!(distribution.reports().len(), 255);
    assert_eq!(distribution.remover(3), Some(0));
    assert_eq!(
        Chain::new(vec![stage; 256]).unwrap_err().code(),
        Code::BadArgument
    );
}

#[test]
fn raw_numbers_of_a_known_distribution() {
    // Logits ln 6, ln 2.5, ln 1.5 up to a constant: 60 %, 25 %, 15 %.
    let logits = [0.6_f64, 0.25, 0.15].map(|p| (p.ln() - 50.0) as f32);
    let ranked = RankedLogits::new(&logits[..]).unwrap();
    for (id, p) in (0..).zip([0.6, 0.25, 0.15]) {
        assert!((ranked.prob(id) - p).abs() < 1e-6);
        assert!((ranked.log_prob(id) - p.ln()).abs() < 1e-5);
    }
    assert!((ranked.log_sum_exp() + 50.0).abs() < 1e-5);
    assert!((ranked.entropy() - 1.352_725).abs() < 1e-5);
    assert!((ranked.effective() - 1.352_725_f64.exp2()).abs() < 1e-4);
    assert_eq!(ranked.bytes(), 3 * (4 + 4));
    let _ = (ranked.order(), ranked.probabilities());
    assert_eq!(ranked.bytes(), 3 * (4 + 4 + 4 + 8));
}
