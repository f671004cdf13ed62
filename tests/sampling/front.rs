//! Vocabularies so large that only a part is ranked at first: nobody must be able to tell.

use proptest::prelude::*;
use tokenscope::sampling::knobs::{Dialect, STAGES};
use tokenscope::sampling::{
    Chain, Context, Distribution, Knobs, Piece, Place, RankedLogits, View, uniform,
};

use crate::bits;

/// Logits of a large vocabulary: free, on a grid with many ties, peaked, or with the best ones where
/// no evenly spaced sample finds them.
fn logits(kind: u8, size: u64, seed: u64) -> Vec<f32> {
    let logit = |id: u64| {
        let u = uniform(seed, id);
        let x = match kind {
            0 => 8.0 * u,
            1 => (12.0 * u).floor(),
            2 => 30.0 * u.powi(9) - 100.0,
            _ => f64::from(u8::from(id % 37 == 5)) * 5.0 + u,
        };
        x as f32
    };
    (0..size).map(logit).collect()
}

/// Chains that look at few tokens, at many, and at all.
fn chains() -> Vec<Knobs> {
    let common = Knobs {
        repetition_penalty: 1.3,
        temperature: 0.8,
        top_k: 40,
        top_p: 0.9,
        ..Knobs::default()
    };
    let with = |change: &dyn Fn(&mut Knobs)| {
        let mut knobs = common.clone();
        change(&mut knobs);
        knobs
    };
    let free = |change: &dyn Fn(&mut Knobs)| {
        with(&|knobs| {
            knobs.dialect = Dialect::Free;
            knobs.order = STAGES.iter().map(|stage| stage.name).collect();
            knobs.frequency_penalty = 0.2;
            change(knobs);
        })
    };
    vec![
        Knobs::default(),
        common.clone(),
        with(&|knobs| knobs.top_k = 0),
        with(&|knobs| knobs.top_k = 2000),
        with(&|knobs| (knobs.top_k, knobs.top_p) = (0, 1.0)),
        with(&|knobs| (knobs.top_k, knobs.min_p) = (0, 0.05)),
        with(&|knobs| (knobs.top_k, knobs.typical_p) = (0, 0.5)),
        free(&|knobs| (knobs.top_k, knobs.xtc_probability, knobs.xtc_threshold) = (0, 1.0, 1e-3)),
        free(&|knobs| (knobs.top_k, knobs.mirostat) = (0, 2)),
        free(&|knobs| (knobs.top_k, knobs.epsilon_cutoff) = (0, 3e-4)),
        free(&|knobs| (knobs.top_n_sigma, knobs.dynatemp_range) = (1.0, 0.2)),
        free(&|knobs| knobs.banned_tokens = (0..1000).collect()),
    ]
}

fn check_order(ranked: &RankedLogits) -> Result<(), TestCaseError> {
    let mut wanted: Vec<u32> = (0..u32::try_from(ranked.len()).unwrap()).collect();
    wanted.sort_by(|&a, &b| ranked.logit(b).total_cmp(&ranked.logit(a)).then(a.cmp(&b)));
    // Before the whole order is there, and after.
    for _ in 0..2 {
        for rank in [0, 1, 255, 256, 900, 2000, ranked.len() - 1] {
            prop_assert_eq!(ranked.rank(wanted[rank]), rank);
        }
        for rank in [0, 1, 100, 255] {
            prop_assert_eq!(ranked.at(rank), wanted[rank]);
        }
        prop_assert_eq!(ranked.front(), &wanted[..ranked.front().len()]);
        prop_assert_eq!(ranked.order(), &wanted[..]);
    }
    Ok(())
}

/// The inverse cumulative distribution, written down once more: over all ranks, one by one.
fn drawn(distribution: &Distribution, u: f64) -> u32 {
    let order = distribution.raw().order();
    let mut sum = 0.0;
    let found = order.iter().find(|&&id| {
        sum += distribution.prob(id);
        sum > u
    });
    *found.expect("a `u` well below 1")
}

fn check_distribution(distribution: &Distribution) -> Result<(), TestCaseError> {
    let raw = distribution.raw();
    for step in 0..20 {
        let u = uniform(3, step) * 0.999_999;
        let draw = distribution.draw(u);
        prop_assert_eq!(draw.id, drawn(distribution, u));
        prop_assert_eq!(distribution.interval(draw.id), (draw.low, draw.high));
    }
    let sum = |ids: &mut dyn Iterator<Item = &u32>| ids.map(|&id| raw.prob(id)).sum::<f64>();
    let kept: Vec<u32> = distribution.kept_ids().collect();
    let wanted: Vec<u32> = raw
        .order()
        .iter()
        .copied()
        .filter(|&id| distribution.is_kept(id))
        .collect();
    prop_assert_eq!(&kept, &wanted);
    prop_assert_eq!(kept.len(), distribution.kept_count());
    prop_assert!((sum(&mut kept.iter()) - distribution.kept_mass()).abs() < 1e-12);
    for (index, report) in distribution.reports().iter().enumerate() {
        let mut removed = raw
            .order()
            .iter()
            .filter(|&&id| distribution.remover(id) == Some(index));
        prop_assert!(
            (sum(&mut removed) - report.raw_mass).abs() < 1e-12,
            "{report:?}"
        );
    }
    let by_rank = distribution.kept_by_warped_rank();
    let in_order = |pair: &[u32]| {
        let [a, b] = [pair[0], pair[1]].map(|id| distribution.warped_logit(id));
        a > b || (a == b && pair[0] < pair[1])
    };
    prop_assert!(by_rank.windows(2).all(in_order));
    prop_assert_eq!(by_rank.len(), kept.len());
    let all: f64 = distribution.probabilities().iter().sum();
    prop_assert!((all - 1.0).abs() < 1e-11);
    prop_assert!((distribution.entropy() - bits_of(distribution)).abs() < 1e-10);
    Ok(())
}

fn bits_of(distribution: &Distribution) -> f64 {
    let some = distribution.probabilities().iter().filter(|p| **p > 0.0);
    some.map(|p| -p * p.log2()).sum()
}

fn check_others(distribution: &Distribution, top: usize) -> Result<(), TestCaseError> {
    let chosen = distribution.draw(0.7);
    let place = Place {
        position: 1,
        step: 0,
        chosen: chosen.id,
        draw: Some(chosen),
    };
    let nothing = |_| Piece {
        text: String::new(),
        partial: false,
    };
    let view = View::new(distribution, &place, top, &nothing).expect("a view");
    let shown: Vec<u32> = view.tokens.iter().map(|bar| bar.id).collect();
    let order = distribution.raw().order();
    let hidden = || order.iter().filter(|id| !shown.contains(id));
    let raw: f64 = hidden().map(|&id| distribution.raw().prob(id)).sum();
    let warped: f64 = hidden().map(|&id| distribution.prob(id)).sum();
    prop_assert_eq!(view.others.count, hidden().count());
    prop_assert_eq!(
        view.others.kept,
        hidden().filter(|&&id| distribution.is_kept(id)).count()
    );
    prop_assert!(
        (view.others.raw - raw).abs() <= 1e-11 * raw,
        "{} {raw}",
        view.others.raw
    );
    prop_assert!((view.others.warped - warped).abs() <= 1e-11 * warped);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_chain_is_what_it_is_over_the_whole_order(
        kind in 0_u8..4, size in 3000_u64..9000, seed in any::<u64>(), chain in 0_usize..12,
    ) {
        let logits = logits(kind, size, seed);
        let best = RankedLogits::new(&logits[..]).unwrap().order()[..400].to_vec();
        // The best ones are penalised, so that the front loses most of what it had.
        let tokens: Vec<u32> = best.iter().step_by(2).copied().chain(10..60).collect();
        let context = Context { tokens: &tokens, ..Context::default() };
        let knobs = &chains()[chain];
        let ranked = RankedLogits::new(&logits[..]).unwrap();
        let lazy = Chain::from_knobs(knobs).warp(&ranked, &context);
        check_others(&lazy, 50)?;
        check_distribution(&lazy)?;
        check_order(&RankedLogits::new(&logits[..]).unwrap())?;
        // Once more, with everything in order from the first.
        let again = Chain::from_knobs(knobs).warp(&ranked, &context);
        prop_assert_eq!(bits(again.probabilities()), bits(lazy.probabilities()));
        prop_assert_eq!(again.kept_mass().to_bits(), lazy.kept_mass().to_bits());
    }
}

#[test]
fn what_is_in_play_can_leave_the_front_altogether() {
    let logits = logits(0, 20_000, 1);
    let ranked = RankedLogits::new(&logits[..]).unwrap();
    let front = ranked.front();
    assert!((256..4000).contains(&front.len()), "{}", front.len());
    let knobs = Knobs {
        banned_tokens: front.to_vec(),
        top_k: 3,
        dialect: Dialect::Free,
        order: STAGES.iter().map(|stage| stage.name).collect(),
        ..Knobs::default()
    };
    let distribution = Chain::from_knobs(&knobs).warp(&ranked, &Context::default());
    let next = &ranked.order()[front.len()..][..3];
    assert_eq!(distribution.kept_by_warped_rank(), next);
}

#[test]
fn what_is_penalised_falls_behind_those_that_no_one_had_ranked() {
    let logits = logits(0, 20_000, 2);
    let ranked = RankedLogits::new(&logits[..]).unwrap();
    let front = ranked.front();
    let tokens: Vec<u32> = front.iter().step_by(2).copied().collect();
    for temperature in [1.0, 0.5, 3.0] {
        check_penalised(&ranked, &tokens, temperature);
    }
}

/// Divides by a temperature, then penalises: some fall a little, some behind the front.
fn check_penalised(ranked: &RankedLogits, tokens: &[u32], temperature: f64) {
    let front = ranked.front();
    let knobs = Knobs {
        dialect: Dialect::Free,
        order: vec!["temperature", "repetitionPenalty", "topK"],
        temperature,
        repetition_penalty: 1.01,
        top_k: u32::try_from(front.len()).unwrap() - 5,
        ..Knobs::default()
    };
    let context = Context {
        tokens,
        ..Context::default()
    };
    let distribution = Chain::from_knobs(&knobs).warp(ranked, &context);
    let now = |id: u32| {
        let logit = f64::from(ranked.logit(id)) / temperature;
        if tokens.contains(&id) {
            logit / 1.01
        } else {
            logit
        }
    };
    let mut wanted = ranked.order()[..2 * front.len()].to_vec();
    wanted.sort_by(|&a, &b| now(b).total_cmp(&now(a)).then(a.cmp(&b)));
    wanted.truncate(front.len() - 5);
    assert!(wanted.iter().any(|id| !front.contains(id)), "too easy");
    assert!(wanted.iter().any(|id| tokens.contains(id)), "too easy");
    assert_eq!(distribution.kept_by_warped_rank(), wanted);
}
