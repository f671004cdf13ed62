//! Replay equals generating afresh, up to the first step whose choice flips.

use proptest::prelude::*;
use tokenscope::decode::Engine;
use tokenscope::sampling::Knobs;
use tokenscope::sampling::knobs::Dialect;

use super::{generate, knobs, session, small};

thread_local! {
    static ENGINE: Engine = small("llama");
}

fn any_knobs() -> impl Strategy<Value = Knobs> {
    let shape = (
        prop_oneof![Just(1.0), 0.05..3.0_f64],
        prop_oneof![Just(0), 1..60_u32],
        prop_oneof![Just(1.0), 0.05..1.0_f64],
        prop_oneof![Just(0.0), 0.0..0.6_f64],
        prop_oneof![Just(1.0), 0.8..1.6_f64],
    );
    let ends = (0..20_u32, 1..30_u32, 0..3_u64, prop::bool::weighted(0.9));
    let more = (
        any::<bool>(),
        prop_oneof![Just(0), 1..3_u32],
        prop_oneof![Just(0), 1..4_u32],
        prop_oneof![Just(0.0), 0.5..2.0_f64],
        prop_oneof![Just(1.0), 0.2..1.0_f64],
        prop_oneof![Just(0.0), 0.1..1.0_f64],
    );
    (shape, ends, more).prop_map(|(shape, ends, more)| {
        let (llama_cpp, mirostat, no_repeat_ngram, dry_multiplier, typical_p, xtc_probability) =
            more;
        let (temperature, top_k, top_p, min_p, repetition_penalty) = shape;
        let (min_new_tokens, max_new_tokens, seed, do_sample) = ends;
        Knobs {
            do_sample,
            temperature,
            top_k,
            top_p,
            min_p,
            repetition_penalty,
            min_new_tokens,
            max_new_tokens,
            seed,
            dialect: if llama_cpp {
                Dialect::LlamaCpp
            } else {
                Dialect::HuggingFace
            },
            mirostat,
            no_repeat_ngram,
            dry_multiplier,
            typical_p,
            xtc_probability,
            ..Knobs::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn replay_and_then_going_on_equals_generating_afresh(edits in prop::collection::vec(any_knobs(), 1..4)) {
        ENGINE.with(|engine| {
            let mut edited = session(engine, "a text");
            generate(&mut edited, &knobs(25, 0));
            for knobs in &edits {
                let replay = edited.replay(knobs, 3).expect("a replay");
                prop_assert_eq!(replay.steps.len(), edited.output().len());
                let ended = replay.steps.last().is_some_and(|step| step.finish.is_some());
                if !ended {
                    generate(&mut edited, knobs);
                }
                let mut fresh = session(engine, "a text");
                let steps = generate(&mut fresh, knobs);
                prop_assert_eq!(edited.output(), fresh.output());
                prop_assert_eq!(edited.text(), fresh.text());
                for (replayed, step) in replay.steps.iter().zip(&steps) {
                    prop_assert_eq!(replayed.view.draw, step.view.draw);
                    prop_assert_eq!(&replayed.text, &step.text);
                    prop_assert_eq!(replayed.finish, step.finish);
                }
            }
            Ok(())
        })?;
    }
}

#[test]
fn a_replay_in_pieces_is_the_replay() {
    let engine = small("llama");
    let sharp = Knobs {
        temperature: 0.9,
        ..knobs(40, 1)
    };
    let mut whole = session(&engine, "a text");
    generate(&mut whole, &knobs(40, 1));
    let mut pieces = session(&engine, "a text");
    pieces.force(whole.output()).expect("tokens");
    let expected = whole.replay(&sharp, 3).expect("a replay");
    let mut steps = Vec::new();
    loop {
        let from = steps.len();
        let part = pieces
            .replay_part(&sharp, 3, from..from + 3)
            .expect("a part");
        steps.extend(part.replay.steps);
        if part.last {
            assert_eq!(part.replay.flip, expected.flip);
            break;
        }
    }
    assert_eq!(steps, expected.steps);
    assert_eq!(pieces.output(), whole.output());
}

#[test]
fn the_flip_is_the_first_step_that_differs() {
    let engine = small("llama");
    let mut text = session(&engine, "a text");
    generate(&mut text, &knobs(40, 1));
    let old = text.output().to_vec();
    let sharp = Knobs {
        temperature: 0.5,
        ..knobs(40, 1)
    };
    let replay = text.replay(&sharp, 3).expect("a replay");
    let flip = replay
        .flip
        .expect("half the temperature flips some of 40 choices");
    assert_eq!(text.output()[..flip], old[..flip]);
    assert_ne!(text.output()[flip], old[flip]);
    assert_eq!(text.output().len(), flip + 1);
    assert!(replay.steps.iter().all(|step| step.cached));
    // The same knobs again change nothing.
    assert_eq!(text.replay(&sharp, 3).expect("a replay").flip, None);
}
