//! Sampled texts as a distribution: counts, exact probabilities, and what they cost.

use std::collections::HashSet;

use tokenscope::decode::{
    Engine, Finish, Outcome, OutcomesReport, OutcomesSettings, Session, SessionOptions,
};
use tokenscope::error::Code;
use tokenscope::sampling::Knobs;

use super::chi_square::assert_fits;
use super::memory::peak;
use super::{generate, knobs, session, small};

/// Samples to the end, so many positions at a time.
fn sample(session: &mut Session, knobs: &Knobs, n: usize, positions: usize) -> OutcomesReport {
    let settings = OutcomesSettings {
        knobs: knobs.clone(),
        n,
    };
    let mut outcomes = session.outcomes(settings).expect("a sampling");
    while !outcomes.advance(positions).expect("positions") {
        assert!(!outcomes.report().done);
    }
    let report = outcomes.report();
    assert!(report.done);
    assert_eq!((report.n, report.finished), (n, n));
    let counts = report.outcomes.iter().map(|outcome| outcome.count);
    assert_eq!(counts.sum::<usize>(), n);
    report
}

/// A session whose texts end by these tokens.
fn ending(engine: &Engine, prompt: &str, end_tokens: &[u32]) -> Session {
    let options = SessionOptions {
        prompt: prompt.to_owned(),
        end_tokens: Some(end_tokens.to_vec()),
        ..SessionOptions::default()
    };
    engine.session(&options).expect("a session")
}

/// The tokens that may come first, the most probable ones.
fn first_tokens(session: &mut Session, count: usize) -> Vec<u32> {
    let position = session.prompt_length();
    let view = session.view(position, &Knobs::default(), count);
    let bars = view.expect("a view").tokens.into_iter();
    bars.take(count).map(|bar| bar.id).collect()
}

#[test]
fn counts_follow_the_exact_probabilities() {
    const N: usize = 10_000;
    let mut session = session(&small("llama"), "a prompt");
    for (seed, temperature) in [(1, 0.5), (2, 1.0)] {
        let settings = Knobs {
            temperature,
            top_k: 12,
            ..knobs(2, seed)
        };
        let report = sample(&mut session, &settings, N, 1000);
        let exact = |outcome: &Outcome| (outcome.count, outcome.log_prob.exp());
        let cells: Vec<(usize, f64)> = report.outcomes.iter().map(exact).collect();
        assert_fits(&cells, N);
    }
}

#[test]
fn probabilities_are_those_of_the_same_text_in_a_session() {
    for name in ["llama", "qwen2", "gemma3"] {
        let engine = small(name);
        let settings = Knobs {
            temperature: 0.8,
            top_p: 0.9,
            repetition_penalty: 1.2,
            min_new_tokens: 2,
            ..knobs(5, 4)
        };
        let ends = first_tokens(&mut session(&engine, "some text"), 3);
        let report = sample(&mut ending(&engine, "some text", &ends), &settings, 60, 100);
        assert!(report.outcomes.len() > 10);
        for outcome in &report.outcomes {
            let mut forced = ending(&engine, "some text", &ends);
            forced.force(&outcome.ids).expect("tokens");
            let told = forced.likelihood(&settings).expect("a likelihood");
            let warped = told.warped.expect("a text that can be drawn");
            assert!((outcome.log_prob - warped).abs() < 1e-12, "{name}");
            assert!((outcome.raw_log_prob - told.raw).abs() < 1e-12, "{name}");
            assert_eq!(outcome.text, forced.text());
        }
    }
}

#[test]
fn one_sample_is_the_text_that_a_session_writes() {
    let engine = small("qwen3");
    for seed in [0, 7, 1 << 40] {
        let settings = Knobs {
            temperature: 1.2,
            ..knobs(20, seed)
        };
        let report = sample(&mut session(&engine, "a text"), &settings, 1, 3);
        let mut written = session(&engine, "a text");
        let last = generate(&mut written, &settings).pop().expect("a step");
        let outcome = &report.outcomes[0];
        assert_eq!(outcome.ids, written.output());
        assert_eq!((Some(outcome.finish), outcome.count), (last.finish, 1));
        assert_eq!(outcome.text, last.text);
    }
}

#[test]
fn the_result_does_not_depend_on_pieces_or_on_batches() {
    let engine = small("gemma3");
    // So many paths that batches become narrow.
    let settings = Knobs {
        temperature: 0.9,
        ..knobs(7, 5)
    };
    let pieces = [1, 7, 1000];
    let reports = pieces.map(|positions| {
        let mut session = session(&engine, "a prompt");
        sample(&mut session, &settings, 300, positions)
    });
    assert!(reports[0].outcomes.len() > 100);
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[0], reports[2]);
}

#[test]
fn a_piece_does_not_cut_what_is_read_together() {
    let settings = OutcomesSettings {
        // So hot that no two of the eight draw the same token.
        knobs: Knobs {
            temperature: 100.0,
            ..knobs(6, 9)
        },
        n: 8,
    };
    let mut session = session(&small("llama"), "text");
    let mut outcomes = session.outcomes(settings).expect("a sampling");
    let mut computed = vec![0];
    while !outcomes.advance(12).expect("positions") {
        computed.push(outcomes.report().computed);
    }
    computed.push(outcomes.report().computed);
    assert_eq!(computed, [0, 8, 16, 24, 32, 40]);
}

#[test]
fn every_distinct_path_is_read_once() {
    let engine = small("llama");
    for (n, temperature) in [(1, 1.0), (40, 0.3), (500, 1.0)] {
        let settings = Knobs {
            temperature,
            ..knobs(6, 9)
        };
        let report = sample(&mut session(&engine, "text"), &settings, n, 50);
        let mut paths: HashSet<&[u32]> = HashSet::new();
        let mut separate = 0;
        for outcome in &report.outcomes {
            // The last token of a text ends it, so the model does not read it.
            let read = outcome.ids.len() - 1;
            paths.extend((1..=read).map(|length| &outcome.ids[..length]));
            separate += outcome.count * read;
        }
        assert_eq!(report.computed, paths.len());
        assert_eq!(report.separate, separate);
        let texts: HashSet<&[u32]> = report.outcomes.iter().map(|o| &*o.ids).collect();
        assert_eq!(texts.len(), report.outcomes.len(), "texts are distinct");
    }
}

#[test]
fn what_was_not_seen_has_the_rest_of_the_probability() {
    let engine = small("llama");
    let settings = Knobs {
        top_k: 4,
        ..knobs(3, 2)
    };
    let few = sample(&mut session(&engine, "text"), &settings, 20, 50);
    let seen: f64 = few.outcomes.iter().map(|o| o.log_prob.exp()).sum();
    assert!(seen < 1.0 && (few.unseen - (1.0 - seen)).abs() < 1e-12);
    let greedy = Knobs {
        do_sample: false,
        ..settings
    };
    let all = sample(&mut session(&engine, "text"), &greedy, 20, 50);
    assert_eq!((all.outcomes.len(), all.unseen), (1, 0.0));
    assert_eq!(all.outcomes[0].log_prob, 0.0);
}

#[test]
fn the_most_frequent_comes_first() {
    let settings = Knobs {
        temperature: 0.6,
        ..knobs(2, 0)
    };
    let report = sample(&mut session(&small("llama"), "text"), &settings, 400, 50);
    let order = |o: &Outcome| (o.count, o.log_prob);
    assert!(report.outcomes.is_sorted_by(|a, b| order(a) >= order(b)));
}

#[test]
fn texts_end_by_a_token_by_a_stop_string_and_by_their_length() {
    let engine = small("llama");
    let first = first_tokens(&mut session(&engine, "text"), 12);
    let (ends, rest) = first.split_at(3);
    // Stop strings are the texts of tokens that are likely too.
    let texts = rest.iter().map(|&id| engine.tokenizer().piece(id));
    let texts = texts.map(|piece| piece.expect("a token"));
    let whole = texts.filter(|piece| !piece.partial && !piece.text.is_empty());
    let settings = Knobs {
        temperature: 0.8,
        stop: whole.map(|piece| piece.text).take(4).collect(),
        ..knobs(4, 3)
    };
    assert!(!settings.stop.is_empty());
    let report = sample(&mut ending(&engine, "text", ends), &settings, 600, 64);
    let mut kinds = HashSet::new();
    for outcome in &report.outcomes {
        let (last, before) = outcome.ids.split_last().expect("a token");
        let mut forced = ending(&engine, "text", ends);
        forced.force(&outcome.ids).expect("tokens");
        let stopped = settings
            .stop
            .iter()
            .any(|stop| forced.text().contains(stop));
        let expected = if ends.contains(last) {
            Finish::End
        } else if stopped {
            Finish::Stop
        } else {
            assert_eq!(outcome.ids.len(), 4);
            Finish::MaxNewTokens
        };
        assert_eq!(outcome.finish, expected, "{outcome:?}");
        assert!(before.iter().all(|id| !ends.contains(id)));
        assert!(!settings.stop.iter().any(|stop| outcome.text.contains(stop)));
        kinds.insert(format!("{expected:?}"));
    }
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}

#[test]
fn a_full_context_ends_texts() {
    let engine = small("llama");
    let prompt = "Z".repeat(engine.info().context_length - 2);
    let report = sample(&mut ending(&engine, &prompt, &[]), &knobs(9, 0), 10, 5);
    for outcome in &report.outcomes {
        assert_eq!((outcome.ids.len(), outcome.finish), (2, Finish::Context));
    }
}

#[test]
fn the_text_of_the_session_stays_as_it_was() {
    let mut session = session(&small("llama"), "text");
    generate(&mut session, &knobs(6, 1));
    let (ids, state) = (session.ids().to_vec(), session.memory().state_bytes);
    sample(&mut session, &knobs(4, 1), 10, 5);
    assert_eq!(session.ids(), ids);
    assert_eq!(session.memory().state_bytes, state);
    session.step(&knobs(9, 1), 1).expect("it goes on");
}

/// Two thousand samples that part in two at every token: breadth first, the tree would hold as many
/// states as there are paths.
#[test]
fn only_some_states_are_held_at_a_time() {
    const MOST_STATES: usize = 80;
    const LENGTH: u32 = 16;
    let mut session = ending(&small("llama"), "text", &[]);
    session.prefill(100).expect("the prompt");
    let page = session.memory().state_bytes;
    let settings = OutcomesSettings {
        knobs: Knobs {
            temperature: 100.0,
            top_k: 2,
            ..knobs(LENGTH, 1)
        },
        n: 2000,
    };
    let mut outcomes = session.outcomes(settings).expect("a sampling");
    let ((), taken) = peak(|| while !outcomes.advance(100).expect("positions") {});
    assert!(outcomes.report().outcomes.len() > 1900);
    let states = taken / page;
    let most = MOST_STATES + LENGTH as usize;
    assert!(states < most * 3 / 2, "as much as {states} states");
}

#[test]
fn settings_that_do_not_work_are_refused() {
    let mut session = session(&small("llama"), "text");
    let wrong = Knobs {
        top_p: 1.5,
        ..knobs(2, 0)
    };
    for (n, knobs, named) in [
        (0, knobs(2, 0), "n is 0"),
        (10_001, knobs(2, 0), "n is 10001"),
        (10, wrong, "topP"),
    ] {
        let refused = session.outcomes(OutcomesSettings { knobs, n });
        let error = refused.expect_err("a refusal");
        assert_eq!(error.code(), Code::KnobOutOfRange);
        assert!(error.message().contains(named), "{error}");
    }
}
