//! Small vectors on which Hugging Face and other programs differ; ours must take the former's side.

use tokenscope::sampling::{Context, Knobs};

use crate::{kept, warp, warp_after};

#[test]
fn temperature_acts_before_top_p() {
    let knobs = Knobs {
        temperature: 0.5,
        top_p: 0.8,
        ..Knobs::default()
    };
    assert_eq!(kept(&warp(&[3.0, 2.0, 1.0], &knobs)), [0]);
}

#[test]
fn temperature_acts_before_min_p() {
    let knobs = Knobs {
        temperature: 2.0,
        min_p: 0.1,
        ..Knobs::default()
    };
    assert_eq!(kept(&warp(&[4.0, 2.5, 1.5, 0.0], &knobs)), [0, 1, 2, 3]);
}

#[test]
fn probabilities_are_renormalised_between_top_k_and_top_p() {
    let knobs = Knobs {
        top_k: 3,
        top_p: 0.7,
        ..Knobs::default()
    };
    assert_eq!(
        kept(&warp(&[2.0, 1.5, 1.0, 0.5, 0.0, -1.0], &knobs)),
        [0, 1]
    );
}

#[test]
fn ties_with_the_kth_stay() {
    let knobs = Knobs {
        top_k: 2,
        ..Knobs::default()
    };
    assert_eq!(
        kept(&warp(&[1.0, 3.0, 1.0, 0.0, 1.0], &knobs)),
        [1, 0, 2, 4]
    );
}

#[test]
fn of_ties_at_the_cut_of_top_p_the_lowest_ids_stay() {
    let knobs = Knobs {
        top_p: 0.5,
        ..Knobs::default()
    };
    assert_eq!(kept(&warp(&[1.0; 4], &knobs)), [0, 1]);
}

#[test]
fn a_repetition_penalty_depends_on_a_constant_added_to_all_logits() {
    let knobs = Knobs {
        repetition_penalty: 1.2,
        ..Knobs::default()
    };
    let context = Context {
        tokens: &[0],
        ..Context::default()
    };
    let high = warp_after(&[2.0, 1.0], &knobs, &context);
    let low = warp_after(&[-98.0, -99.0], &knobs, &context);
    assert_eq!(
        (high.warped_logit(0), low.warped_logit(0)),
        (2.0 / 1.2, -98.0 * 1.2)
    );
    assert!(high.prob(0) > 0.6);
    assert!(low.prob(0) < 1e-8);
}

#[test]
fn the_text_may_end_once_it_has_enough_new_tokens() {
    let knobs = Knobs {
        min_new_tokens: 2,
        ..Knobs::default()
    };
    let after = |new_tokens| {
        let context = Context {
            new_tokens,
            end_tokens: &[0, 2],
            ..Context::default()
        };
        kept(&warp_after(&[5.0, 1.0, 0.0], &knobs, &context))
    };
    assert_eq!(after(0), [1]);
    assert_eq!(after(1), [1]);
    assert_eq!(after(2), [0, 1, 2]);
}
