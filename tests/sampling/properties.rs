//! What holds for any logits and knobs.

use proptest::prelude::*;
use tokenscope::sampling::{
    Chain, Context, Distribution, Draw, Knobs, Piece, Place, RankedLogits, View,
};

use crate::{bits, kept, warp};

/// A step: logits (on a coarse grid half of the time, so that there are ties), a context and knobs.
#[derive(Clone, Debug)]
struct Case {
    logits: Vec<f32>,
    tokens: Vec<u32>,
    new_tokens: usize,
    end_tokens: Vec<u32>,
    knobs: Knobs,
}

impl Case {
    fn warp(&self) -> Distribution {
        let logits = RankedLogits::new(&self.logits[..]).unwrap();
        let context = Context {
            tokens: &self.tokens,
            new_tokens: self.new_tokens,
            end_tokens: &self.end_tokens,
            ..Context::default()
        };
        Chain::from_knobs(&self.knobs).warp(&logits, &context)
    }
}

fn logits() -> impl Strategy<Value = Vec<f32>> {
    let free = prop::collection::vec(-30.0_f32..30.0, 1..80);
    let grid = prop::collection::vec((-6_i8..6).prop_map(f32::from), 1..80);
    prop_oneof![free, grid]
}

fn knobs() -> impl Strategy<Value = Knobs> {
    let or_off = |on: BoxedStrategy<f64>, off: f64| prop_oneof![on, Just(off)];
    (
        prop::bool::weighted(0.9),
        or_off((0.0..20.0).boxed(), 1.0),
        prop_oneof![0_u32..20, Just(0)],
        or_off((0.0..1.0).boxed(), 1.0),
        or_off((0.0..1.0).boxed(), 0.0),
        or_off((0.01..10.0).boxed(), 1.0),
        0_u32..4,
    )
        .prop_map(
            |(do_sample, temperature, top_k, top_p, min_p, repetition_penalty, min_new_tokens)| {
                Knobs {
                    do_sample,
                    temperature,
                    top_k,
                    top_p,
                    min_p,
                    repetition_penalty,
                    min_new_tokens,
                    ..Knobs::default()
                }
            },
        )
}

fn case() -> impl Strategy<Value = Case> {
    let ids = || prop::collection::vec(0_u32..90, 0..30);
    (logits(), ids(), 0_usize..4, ids(), knobs()).prop_map(
        |(logits, tokens, new_tokens, end_tokens, knobs)| Case {
            logits,
            tokens,
            new_tokens,
            end_tokens,
            knobs,
        },
    )
}

fn ids(distribution: &Distribution) -> std::ops::Range<u32> {
    0..u32::try_from(distribution.raw().len()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn something_stays_and_all_masses_add_up(case in case()) {
        let distribution = case.warp();
        prop_assert!(distribution.kept_count() >= 1);
        prop_assert_eq!(distribution.kept_count(), distribution.kept_ids().count());
        let sum: f64 = distribution.probabilities().iter().sum();
        prop_assert!((sum - 1.0).abs() < 1e-12);
        let reports = distribution.reports();
        let removed: usize = reports.iter().map(|report| report.removed).sum();
        prop_assert_eq!(removed + distribution.kept_count(), case.logits.len());
        let mass: f64 = reports.iter().map(|report| report.raw_mass).sum();
        prop_assert!((mass + distribution.kept_mass() - 1.0).abs() < 1e-12);
        for (index, report) in reports.iter().enumerate() {
            let by_this: Vec<_> =
                ids(&distribution).filter(|&id| distribution.remover(id) == Some(index)).collect();
            prop_assert_eq!(by_this.len(), report.removed);
            let mass: f64 = by_this.iter().map(|&id| distribution.raw().prob(id)).sum();
            prop_assert!((mass - report.raw_mass).abs() < 1e-12);
        }
    }

    #[test]
    fn removed_tokens_have_no_probability_and_kept_ones_have_their_softmax(case in case()) {
        let distribution = case.warp();
        let best = distribution.warped_logit(distribution.kept_by_warped_rank()[0]);
        let weight = |id: u32| (distribution.warped_logit(id) - best).exp();
        let sum: f64 = distribution.kept_ids().map(weight).sum();
        for id in ids(&distribution) {
            let wanted = if distribution.is_kept(id) { weight(id) / sum } else { 0.0 };
            prop_assert!((distribution.prob(id) - wanted).abs() < 1e-12);
        }
    }

    #[test]
    fn the_stages_leave_the_candidates_in_order(case in case()) {
        let distribution = case.warp();
        let mut sorted: Vec<u32> = distribution.kept_ids().collect();
        sorted.sort_by(|&a, &b| {
            let (x, y) = (distribution.warped_logit(a), distribution.warped_logit(b));
            y.total_cmp(&x).then(a.cmp(&b))
        });
        prop_assert_eq!(distribution.kept_by_warped_rank(), sorted);
    }

    #[test]
    fn entropies_are_those_of_the_definition(case in case()) {
        let distribution = case.warp();
        let bits = |p: &[f64]| -> f64 { p.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum() };
        prop_assert!((distribution.entropy() - bits(distribution.probabilities())).abs() < 1e-11);
        prop_assert!((distribution.raw().entropy() - bits(distribution.raw_probabilities())).abs() < 1e-11);
        prop_assert!(distribution.entropy() >= 0.0);
        prop_assert!((distribution.effective().log2() - distribution.entropy()).abs() < 1e-11);
    }

    #[test]
    fn ranks_are_the_places_in_the_order(logits in logits()) {
        let ranked = RankedLogits::new(logits).unwrap();
        for (rank, &id) in ranked.order().iter().enumerate() {
            prop_assert_eq!(ranked.rank(id), rank);
        }
        for pair in ranked.order().windows(2) {
            let (x, y) = (ranked.logit(pair[0]), ranked.logit(pair[1]));
            prop_assert!(x > y || (x == y && pair[0] < pair[1]));
        }
    }

    /// Names do not matter: the same logits under other ids get the same probabilities, to the bit.
    #[test]
    fn permuting_ids_permutes_the_result(
        case in case(),
        keys in prop::collection::vec(any::<u64>(), 90),
    ) {
        let mut case = case;
        // Distinct logits, since ties go by id.
        for (index, logit) in case.logits.iter_mut().enumerate() {
            *logit += index as f32 / 1024.0;
        }
        prop_assume!(RankedLogits::new(&case.logits[..]).unwrap().order().windows(2)
            .all(|pair| case.logits[pair[0] as usize] != case.logits[pair[1] as usize]));
        let size = u32::try_from(case.logits.len()).unwrap();
        let mut new_to_old: Vec<u32> = (0..size).collect();
        new_to_old.sort_by_key(|&id| keys[id as usize]);
        let old_to_new = |id: u32| {
            new_to_old.iter().position(|&old| old == id).map_or(id, |new| u32::try_from(new).unwrap())
        };
        let permuted = Case {
            logits: new_to_old.iter().map(|&old| case.logits[old as usize]).collect(),
            tokens: case.tokens.iter().map(|&id| old_to_new(id)).collect(),
            end_tokens: case.end_tokens.iter().map(|&id| old_to_new(id)).collect(),
            ..case.clone()
        };
        let (plain, permuted) = (case.warp(), permuted.warp());
        // A penalty can still make two logits equal.
        let order = plain.kept_by_warped_rank();
        prop_assume!(order.windows(2).all(|pair| plain.warped_logit(pair[0]) != plain.warped_logit(pair[1])));
        for (new, &old) in (0..).zip(&new_to_old) {
            prop_assert_eq!(plain.prob(old).to_bits(), permuted.prob(new).to_bits());
            prop_assert_eq!(plain.removed_by(old), permuted.removed_by(new));
            prop_assert_eq!(plain.interval(old), permuted.interval(new));
        }
    }

    #[test]
    fn a_looser_cut_keeps_at_least_as_much(logits in logits(), a in 0.0..1.0, b in 0.0..1.0) {
        let (tight, loose) = if a < b { (a, b) } else { (b, a) };
        let kept_with = |change: &dyn Fn(&mut Knobs)| {
            let mut knobs = Knobs::default();
            change(&mut knobs);
            kept(&warp(&logits, &knobs))
        };
        let k = |share: f64| 1 + (share * 80.0) as u32;
        for (tight, loose) in [
            (kept_with(&|knobs| knobs.top_k = k(tight)), kept_with(&|knobs| knobs.top_k = k(loose))),
            (kept_with(&|knobs| knobs.top_p = tight), kept_with(&|knobs| knobs.top_p = loose)),
            (kept_with(&|knobs| knobs.min_p = loose), kept_with(&|knobs| knobs.min_p = tight)),
        ] {
            // Each cut alone keeps a run of the raw order.
            prop_assert!(loose.starts_with(&tight));
        }
    }

    #[test]
    fn top_p_keeps_the_smallest_run_that_reaches_the_mass(logits in logits(), top_p in 0.0..1.0) {
        let distribution = warp(&logits, &Knobs { top_p, ..Knobs::default() });
        let kept = kept(&distribution);
        let mass = |ids: &[u32]| ids.iter().map(|&id| distribution.raw().prob(id)).sum::<f64>();
        prop_assert!(mass(&kept) >= top_p - 1e-12);
        prop_assert!(kept.len() == 1 || mass(&kept[..kept.len() - 1]) <= top_p + 1e-12);
    }

    #[test]
    fn switched_off_the_chain_gives_the_raw_distribution_to_the_bit(logits in logits()) {
        let distribution = warp(&logits, &Knobs::default());
        prop_assert_eq!(bits(distribution.probabilities()), bits(distribution.raw_probabilities()));
        for id in ids(&distribution) {
            prop_assert_eq!(distribution.prob(id).to_bits(), distribution.raw().prob(id).to_bits());
        }
        prop_assert_eq!(distribution.entropy().to_bits(), distribution.raw().entropy().to_bits());
        prop_assert_eq!(distribution.kept_mass(), 1.0);
    }

    #[test]
    fn the_penalty_takes_each_id_once_in_any_order(case in case()) {
        let mut other = case.clone();
        other.tokens.extend(case.tokens.iter().rev());
        prop_assert_eq!(bits(case.warp().probabilities()), bits(other.warp().probabilities()));
    }

    #[test]
    fn a_draw_falls_into_the_interval_of_its_token(case in case(), u in 0.0..1.0) {
        let distribution = case.warp();
        let Draw { id, low, high, .. } = distribution.draw(u);
        prop_assert!(low <= u && u < high);
        prop_assert!(distribution.prob(id) > 0.0);
        prop_assert_eq!(distribution.interval(id), (low, high));
        let order = distribution.raw().order();
        let before: f64 = order.iter().take_while(|&&other| other != id).map(|&id| distribution.prob(id)).sum();
        prop_assert!((low - before).abs() < 1e-12);
        prop_assert!((high - low - distribution.prob(id)).abs() < 1e-12);
    }

    /// The boundaries themselves: each belongs to the token that begins there.
    #[test]
    fn intervals_adjoin_and_cover_everything(case in case()) {
        let distribution = case.warp();
        let mut end = 0.0;
        for (rank, &id) in distribution.raw().order().iter().enumerate() {
            let (low, high) = distribution.interval_at(rank);
            prop_assert_eq!(low, end);
            prop_assert!(high >= low);
            if high > low {
                prop_assert_eq!(distribution.draw(low).id, id);
                prop_assert_eq!(distribution.draw(high.next_down()).id, id);
            }
            end = high;
        }
        prop_assert_eq!(end, 1.0);
    }

    /// A larger u never draws a token of better rank, and within an interval nothing changes.
    #[test]
    fn small_changes_of_u_move_the_draw_little(case in case(), u in 0.0..1.0, change in 0.0..0.01) {
        let distribution = case.warp();
        let moved = f64::min(u + change, 1.0_f64.next_down());
        let (a, b) = (distribution.draw(u), distribution.draw(moved));
        let rank = |draw: Draw| distribution.raw().rank(draw.id);
        prop_assert!(rank(a) <= rank(b));
        prop_assert_eq!(moved < a.high, a.id == b.id);
    }

    #[test]
    fn others_are_what_a_sum_over_all_tokens_says(case in case(), top in 0_usize..90, u in 0.0..1.0) {
        let distribution = case.warp();
        let draw = distribution.draw(u);
        let place = Place { position: 3, step: 0, chosen: draw.id, draw: Some(draw) };
        let text = |id: u32| Piece { text: id.to_string(), partial: false };
        let view = View::new(&distribution, &place, top, &text).unwrap();
        let without_bar: Vec<u32> = ids(&distribution)
            .filter(|&id| view.tokens.iter().all(|bar| bar.id != id))
            .collect();
        let sum = |of: &dyn Fn(u32) -> f64| without_bar.iter().map(|&id| of(id)).sum::<f64>();
        prop_assert_eq!(view.others.count, without_bar.len());
        prop_assert_eq!(view.others.kept, without_bar.iter().filter(|&&id| distribution.is_kept(id)).count());
        prop_assert!((view.others.raw - sum(&|id| distribution.raw().prob(id))).abs() < 1e-12);
        prop_assert!((view.others.warped - sum(&|id| distribution.prob(id))).abs() < 1e-12);
        prop_assert_eq!(view.tokens.len() + without_bar.len(), case.logits.len());
    }

    #[test]
    fn memory_used_again_changes_nothing(first in case(), second in case()) {
        let buffers = first.warp().into_buffers();
        let logits = RankedLogits::new(&second.logits[..]).unwrap();
        let context = Context {
            tokens: &second.tokens,
            new_tokens: second.new_tokens,
            end_tokens: &second.end_tokens,
            ..Context::default()
        };
        let again = Chain::from_knobs(&second.knobs).warp_into(&logits, &context, buffers);
        let fresh = second.warp();
        prop_assert_eq!(bits(again.probabilities()), bits(fresh.probabilities()));
        prop_assert_eq!(bits(again.raw_probabilities()), bits(fresh.raw_probabilities()));
        prop_assert_eq!(again.kept_by_warped_rank(), fresh.kept_by_warped_rank());
        prop_assert_eq!(again.reports(), fresh.reports());
        for id in ids(&fresh) {
            prop_assert_eq!(again.interval(id), fresh.interval(id));
        }
    }
}
