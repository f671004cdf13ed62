//! The draw: an inverse CDF in raw-rank order.

use tokenscope::sampling::{Context, Draw, Knobs, uniform};

use crate::{kept, warp, warp_after};

const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

#[test]
fn the_order_is_the_raw_one_even_where_a_penalty_turns_it_around() {
    let knobs = Knobs {
        repetition_penalty: 4.0,
        ..Knobs::default()
    };
    let context = Context {
        tokens: &[1],
        ..Context::default()
    };
    let distribution = warp_after(&[1.0, 2.0], &knobs, &context);
    assert!(distribution.prob(0) > distribution.prob(1));
    let Draw { id, low, high, .. } = distribution.draw(0.0);
    assert_eq!((id, low, high), (1, 0.0, distribution.prob(1)));
    assert_eq!(distribution.draw(high).id, 0);
}

#[test]
fn the_greatest_u_draws_the_last_token_that_can_be_drawn() {
    // Ten thirds of nothing sum to a little less than 1: the last interval ends at 1 all the same.
    let distribution = warp(&[0.1; 10], &Knobs::default());
    let draw = distribution.draw(BELOW_ONE);
    assert_eq!((draw.id, draw.high), (9, 1.0));
    assert_eq!(distribution.draw(1.0).id, 9);
    assert_eq!(distribution.draw(f64::INFINITY).id, 9);
}

#[test]
fn a_token_of_probability_zero_is_kept_but_never_drawn() {
    let distribution = warp(&[0.0, -2000.0], &Knobs::default());
    assert_eq!(kept(&distribution), [0, 1]);
    assert_eq!(distribution.prob(1), 0.0);
    assert_eq!(distribution.draw(BELOW_ONE).id, 0);
    assert_eq!(distribution.interval(1), (1.0, 1.0));
}

/// Pearson's test at the level 0.001: with this seed the draws of 200,000 steps pass, and the test
/// would fail for a wrong order, a wrong boundary or a generator that is not uniform.
#[test]
fn frequencies_follow_the_probabilities() {
    const STEPS: u32 = 200_000;
    /// The 0.999 quantile of χ² with 7 degrees of freedom.
    const CRITICAL: f64 = 24.322;
    let logits = [2.0, 1.8, 1.0, 0.5, 0.0, -0.2, -1.0, -2.0, -9.0];
    let knobs = Knobs {
        temperature: 1.3,
        top_k: 8,
        seed: 42,
        ..Knobs::default()
    };
    let distribution = warp(&logits, &knobs);
    let mut counts = [0_u32; 9];
    for step in 0..STEPS {
        counts[distribution.draw(uniform(knobs.seed, step.into())).id as usize] += 1;
    }
    assert_eq!(counts[8], 0);
    let term = |(count, p): (&u32, &f64)| {
        let expected = p * f64::from(STEPS);
        (f64::from(*count) - expected).powi(2) / expected
    };
    let statistic: f64 = counts
        .iter()
        .zip(distribution.probabilities())
        .take(8)
        .map(term)
        .sum();
    assert!(statistic < CRITICAL, "χ² is {statistic}");
}

/// Neighbouring steps and neighbouring seeds must not resemble each other: pairs of their numbers
/// fill the 8 × 8 squares of the plane evenly (χ² with 63 degrees of freedom, level 0.001).
#[test]
fn neighbours_are_independent() {
    const PAIRS: u32 = 64_000;
    const CRITICAL: f64 = 103.442;
    let square = |x: f64, y: f64| (x * 8.0) as usize * 8 + (y * 8.0) as usize;
    let by_step = |i: u64| square(uniform(7, i), uniform(7, i + 1));
    let by_seed = |i: u64| square(uniform(i, 0), uniform(i + 1, 0));
    for pair in [&by_step as &dyn Fn(u64) -> usize, &by_seed] {
        let mut counts = [0_u32; 64];
        for i in 0..PAIRS {
            counts[pair(i.into())] += 1;
        }
        let expected = f64::from(PAIRS) / 64.0;
        let terms = counts
            .iter()
            .map(|&count| (f64::from(count) - expected).powi(2) / expected);
        let statistic: f64 = terms.sum();
        assert!(statistic < CRITICAL, "χ² is {statistic}");
    }
}
