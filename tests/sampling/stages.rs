//! What the stages of both dialects do, where the libraries' vectors do not reach.

use proptest::prelude::*;
use tokenscope::sampling::knobs::{Dialect, STAGES};
use tokenscope::sampling::stage::mirostat::mu;
use tokenscope::sampling::{Chain, Context, Distribution, Knobs, RankedLogits, divergence};

use crate::{kept, warp, warp_after};

/// Knobs with every stage on, in any order.
fn everything() -> impl Strategy<Value = Knobs> {
    let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
    let order = Just(names).prop_shuffle();
    let cuts = (1_u32..20, 0.0..1.0, 0.0..1.0, 0.0..1.0, 0.0..0.5, 0.0..0.5);
    let penalties = (0.1..5.0, -2.0..2.0, -2.0..2.0, 0.0..3.0, 1_u32..4);
    let rest = (0.1..5.0, 0.0..2.0, 0.1..4.0, 0.0..1.0, 0.0..0.5, 0_u32..3);
    (order, cuts, penalties, rest, 0_usize..20).prop_map(
        |(mut order, cuts, penalties, rest, listed)| {
            order.truncate(listed);
            Knobs {
                dialect: Dialect::Free,
                order,
                top_k: cuts.0,
                top_p: cuts.1,
                min_p: cuts.2,
                typical_p: cuts.3,
                epsilon_cutoff: cuts.4,
                eta_cutoff: cuts.5,
                repetition_penalty: penalties.0,
                frequency_penalty: penalties.1,
                presence_penalty: penalties.2,
                dry_multiplier: penalties.3,
                no_repeat_ngram: penalties.4,
                temperature: rest.0,
                dynatemp_range: rest.1,
                top_n_sigma: rest.2,
                xtc_probability: rest.3,
                xtc_threshold: rest.4,
                mirostat: rest.5,
                mirostat_tau: 2.0,
                min_new_tokens: 3,
                banned_tokens: vec![0, 3, 4],
                logit_bias: [(1, 3.0), (2, -3.0)].into(),
                ..Knobs::default()
            }
        },
    )
}

fn is_sound(distribution: &Distribution) -> Result<(), TestCaseError> {
    prop_assert!(distribution.kept_count() >= 1);
    let sum: f64 = distribution.probabilities().iter().sum();
    prop_assert!((sum - 1.0).abs() < 1e-12);
    let order = distribution.kept_by_warped_rank();
    for pair in order.windows(2) {
        let (x, y) = (
            distribution.warped_logit(pair[0]),
            distribution.warped_logit(pair[1]),
        );
        prop_assert!(x > y || (x == y && pair[0] < pair[1]));
    }
    let best = distribution.warped_logit(order[0]);
    let weight = |&id: &u32| (distribution.warped_logit(id) - best).exp();
    let whole: f64 = order.iter().map(weight).sum();
    for id in order {
        prop_assert!((distribution.prob(*id) - weight(id) / whole).abs() < 1e-12);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// In any order of any stages something stays, in order, with the softmax of what is left.
    #[test]
    fn any_chain_leaves_a_distribution(
        knobs in everything(),
        logits in prop::collection::vec((-24_i8..24).prop_map(|x| f32::from(x) / 4.0), 1..40),
        tokens in prop::collection::vec(0_u32..12, 0..30),
        surprises in prop::collection::vec(0.0..9.0, 0..5),
        step in 0_u64..50,
    ) {
        let context = Context {
            tokens: &tokens,
            end_tokens: &[5],
            breakers: &[7],
            step,
            surprises: &surprises,
            ..Context::default()
        };
        is_sound(&warp_after(&logits, &knobs, &context))?;
    }

    /// Names do not matter: the same distinct logits under reversed ids get the same probabilities.
    #[test]
    fn reversing_ids_reverses_the_result(
        knobs in everything(),
        logits in prop::collection::btree_set(-4000_i16..4000, 2..40),
        keys in prop::collection::vec(any::<u32>(), 40),
        tokens in prop::collection::vec(0_u32..12, 0..30),
    ) {
        let mut logits: Vec<f32> = logits.into_iter().map(|x| f32::from(x) / 512.0).collect();
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by_key(|&index| keys[index]);
        logits = order.iter().map(|&index| logits[index]).collect();
        let last = logits.len() as u32 - 1;
        // Ids outside the vocabulary keep their names.
        let turned = |id: u32| if id > last { id } else { last - id };
        let other = Knobs {
            banned_tokens: knobs.banned_tokens.iter().map(|&id| turned(id)).collect(),
            logit_bias: knobs.logit_bias.iter().map(|(&id, &bias)| (turned(id), bias)).collect(),
            ..knobs.clone()
        };
        let warped = |logits: &[f32], knobs: &Knobs, tokens: &[u32], end: u32| {
            let context = Context { tokens, end_tokens: &[end], ..Context::default() };
            warp_after(logits, knobs, &context)
        };
        let plain = warped(&logits, &knobs, &tokens, 5);
        let ties = plain.kept_by_warped_rank().windows(2)
            .any(|pair| plain.warped_logit(pair[0]) == plain.warped_logit(pair[1]));
        prop_assume!(!ties);
        logits.reverse();
        let tokens: Vec<_> = tokens.iter().map(|&id| turned(id)).collect();
        let reversed = warped(&logits, &other, &tokens, turned(5));
        for id in 0..=last {
            let (a, b) = (plain.prob(id), reversed.prob(last - id));
            prop_assert!((a - b).abs() < 1e-12, "{} {} {}", id, a, b);
        }
    }

    /// Of two distributions: 0 from itself, the same both ways, at most 1; Kullback and Leibler's is
    /// never negative, and bounds the total variation (Pinsker).
    #[test]
    fn divergences_are_distances(
        logits in prop::collection::vec(-5.0_f32..5.0, 1..30),
        temperature in 0.1..5.0,
        top_k in 0_u32..9,
    ) {
        let a = warp(&logits, &Knobs { top_k, ..Knobs::default() });
        let b = warp(&logits, &Knobs { temperature, ..Knobs::default() });
        prop_assert_eq!(divergence(&a, &a), (0.0, Some(0.0)));
        let (variation, bits) = divergence(&a, &b);
        prop_assert!((0.0..=1.0).contains(&variation));
        prop_assert!((variation - divergence(&b, &a).0).abs() < 1e-15);
        let bits = bits.unwrap();
        prop_assert!(bits >= 0.0);
        prop_assert!(variation <= (bits * std::f64::consts::LN_2 / 2.0).sqrt() + 1e-7);
    }
}

#[test]
fn divergence_by_hand() {
    let logits = [0.5_f64, 0.25, 0.25].map(|p| p.log2() as f32 * std::f32::consts::LN_2);
    let all = warp(&logits, &Knobs::default());
    let best = warp(
        &logits,
        &Knobs {
            top_k: 1,
            ..Knobs::default()
        },
    );
    let (variation, bits) = divergence(&best, &all);
    assert!((variation - 0.5).abs() < 1e-7);
    assert!((bits.unwrap() - 1.0).abs() < 1e-6);
    assert_eq!(divergence(&all, &best).1, None);
}

#[test]
fn mu_follows_the_surprises() {
    assert_eq!(mu(5.0, 0.1, &[]), 10.0);
    assert_eq!(mu(3.0, 0.5, &[5.0, 1.0]), 6.0 - 0.5 * 2.0 + 0.5 * 2.0);
    // Replaying a prefix gives the state that it had.
    let surprises = [1.0, 7.5, 2.25, 4.0];
    let by_steps = surprises.iter().fold(6.0, |mu, s| mu - 0.25 * (s - 3.0));
    assert_eq!(mu(3.0, 0.25, &surprises), by_steps);
}

#[test]
fn the_surprise_of_a_token_is_that_of_its_warped_probability() {
    let logits = [0.0, 0.0, 0.0, 0.0, -1.0];
    let distribution = warp(
        &logits,
        &Knobs {
            top_k: 4,
            ..Knobs::default()
        },
    );
    assert_eq!(distribution.surprise(2), 2.0);
    // A forced token that the chain had removed has its raw one.
    let raw = -distribution.raw().prob(4).log2();
    assert!((distribution.surprise(4) - raw).abs() < 1e-12);
}

/// XTC's coin: right as often as it should be (χ² with 1 degree of freedom, level 0.001), and apart
/// from the draw.
#[test]
fn xtc_acts_as_often_as_it_should() {
    const STEPS: u32 = 20_000;
    const CRITICAL: f64 = 10.828;
    let logits = RankedLogits::new(vec![1.0, 0.9, -1.0]).unwrap();
    let knobs = Knobs {
        dialect: Dialect::LlamaCpp,
        xtc_probability: 0.3,
        seed: 7,
        ..Knobs::default()
    };
    let chain = Chain::from_knobs(&knobs);
    let acts = |step: u64| {
        let context = Context {
            step,
            ..Context::default()
        };
        kept(&chain.warp(&logits, &context)).len() < 3
    };
    let count = (0..STEPS).filter(|&step| acts(step.into())).count() as f64;
    let expected = 0.3 * f64::from(STEPS);
    let statistic = (count - expected).powi(2) / (expected * 0.7);
    assert!(statistic < CRITICAL, "χ² is {statistic}");
}
