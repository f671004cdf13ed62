//! Branches, and the exact probabilities of a text.

use tokenscope::error::Code;
use tokenscope::sampling::Knobs;

use super::{generate, knobs, session, small};

#[test]
fn a_branch_is_generating_with_the_forced_prefix() {
    let engine = small("gemma3");
    let mut trunk = session(&engine, "a prompt of some length");
    generate(&mut trunk, &knobs(40, 3));
    let before = trunk.output().to_vec();
    for step in [0, 1, 17, 40] {
        let position = trunk.prompt_length() + step;
        let mut branch = trunk.branch(position, 65).expect("a branch");
        let mut forced = session(&engine, "a prompt of some length");
        forced.force(&before[..step]).expect("tokens");
        forced.force(&[65]).expect("a token");
        let limit = 60;
        while forced.output().len() < limit {
            let a = branch.step(&knobs(limit as u32, 9), 300).expect("a step");
            let b = forced.step(&knobs(limit as u32, 9), 300).expect("a step");
            // Every number of the view, so every logit.
            assert_eq!(a.view, b.view);
        }
        assert_eq!(branch.text(), forced.text());
    }
    assert_eq!(trunk.output(), before, "the trunk stays as it was");
}

#[test]
fn a_branch_needs_no_forward_pass_for_what_it_shares() {
    let engine = small("llama");
    let mut trunk = session(&engine, "text");
    generate(&mut trunk, &knobs(10, 0));
    let position = trunk.prompt_length() + 5;
    let mut branch = trunk.branch(position, 70).expect("a branch");
    let replay = branch.replay(&knobs(10, 0), 1).expect("a replay");
    assert!(replay.steps.iter().all(|step| step.cached));
    // Its draw at the branch is the trunk's again.
    assert_eq!(replay.flip, Some(5));
    assert_eq!(branch.output(), &trunk.output()[..6]);
}

#[test]
fn places_where_nothing_can_branch_are_refused() {
    let engine = small("llama");
    let mut trunk = session(&engine, "text");
    generate(&mut trunk, &knobs(3, 0));
    let (start, end) = (trunk.prompt_length(), trunk.ids().len());
    for (position, id) in [(start - 1, 70), (end + 1, 70), (start, 1 << 30)] {
        let error = trunk.branch(position, id).expect_err("a refusal");
        assert_eq!(error.code(), Code::OutOfRange, "{position} {id}");
    }
}

#[test]
fn likelihood_is_what_the_views_say() {
    let engine = small("qwen3");
    let mut session = session(&engine, "some text");
    generate(&mut session, &knobs(20, 1));
    let settings = Knobs {
        temperature: 0.7,
        top_k: 40,
        ..Knobs::default()
    };
    let told = session.likelihood(&settings).expect("a likelihood");
    let (mut raw, mut warped) = (0.0, Some(0.0));
    for token in &told.tokens {
        let view = session.view(token.position, &settings, 1).expect("a view");
        assert_eq!(view.chosen.id, token.id);
        assert!((view.chosen.log_prob - token.raw).abs() < 1e-12);
        assert!((view.chosen.warped - token.warped.map_or(0.0, f64::exp)).abs() < 1e-12);
        raw += view.chosen.raw.ln();
        warped = warped.zip(token.warped).map(|(sum, p)| sum + p);
    }
    assert_eq!(told.tokens.len(), 20);
    assert!((told.raw - raw).abs() < 1e-9);
    assert_eq!(told.warped, warped);
    let perplexity = told.perplexity.expect("tokens");
    assert!((perplexity - (-raw / 20.0).exp()).abs() < 1e-6 * perplexity);
}

#[test]
fn a_forbidden_token_makes_the_text_impossible() {
    let engine = small("llama");
    let mut session = session(&engine, "text");
    generate(&mut session, &knobs(8, 5));
    let greedy = Knobs {
        do_sample: false,
        ..Knobs::default()
    };
    let told = session.likelihood(&greedy).expect("a likelihood");
    assert_eq!(told.warped, None);
    assert!(told.tokens.iter().any(|token| token.warped.is_none()));
    assert!(told.raw.is_finite());
}

#[test]
fn a_text_without_tokens_has_probability_1() {
    let engine = small("llama");
    let mut session = session(&engine, "text");
    let told = session.likelihood(&Knobs::default()).expect("a likelihood");
    assert_eq!(
        (told.raw, told.warped, told.perplexity),
        (0.0, Some(0.0), None)
    );
}

#[test]
fn divergence_of_a_cut_distribution_is_what_was_cut() {
    let engine = small("llama");
    let mut session = session(&engine, "text");
    let position = session.prompt_length();
    let (all, cut) = (
        Knobs::default(),
        Knobs {
            top_k: 10,
            ..Knobs::default()
        },
    );
    let mass = session.view(position, &cut, 1).expect("a view").kept.mass;
    let same = session.divergence(position, &cut, &cut).expect("a number");
    assert_eq!((same.total_variation, same.kl), (0.0, Some(0.0)));
    let apart = session.divergence(position, &cut, &all).expect("a number");
    assert!((apart.total_variation - (1.0 - mass)).abs() < 1e-12);
    assert!((apart.kl.expect("finite") + mass.log2()).abs() < 1e-12);
    let back = session.divergence(position, &all, &cut).expect("a number");
    assert_eq!(back.kl, None);
}
