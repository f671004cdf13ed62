//! Beam search against Hugging Face's, and what its steps tell.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use tokenscope::decode::{
    BeamReport, BeamSettings, Beams, EarlyStopping, Engine, Fate, Finish, FinishedBeam, Session,
    SessionOptions,
};
use tokenscope::error::Code;
use tokenscope::sampling::Knobs;

use super::chi_square::assert_fits;
use super::{generate, knobs, session, small};

/// A search of `tests/parity/beams/vectors.json`.
#[derive(Deserialize)]
struct Case {
    model: String,
    prompt: String,
    ids: Vec<u32>,
    settings: Settings,
    returned: Vec<Returned>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    num_beams: usize,
    num_return: usize,
    length_penalty: f64,
    early_stopping: Value,
    min_new_tokens: u32,
    max_new_tokens: u32,
    repetition_penalty: f64,
    no_repeat_ngram: u32,
    end_tokens: Vec<u32>,
}

#[derive(Deserialize)]
struct Returned {
    ids: Vec<u32>,
    normalised: Option<f64>,
}

impl Settings {
    fn beams(&self) -> BeamSettings {
        let knobs = Knobs {
            do_sample: false,
            min_new_tokens: self.min_new_tokens,
            max_new_tokens: self.max_new_tokens,
            repetition_penalty: self.repetition_penalty,
            no_repeat_ngram: self.no_repeat_ngram,
            ..Knobs::default()
        };
        BeamSettings {
            length_penalty: self.length_penalty,
            early_stopping: match self.early_stopping {
                Value::Bool(true) => EarlyStopping::Yes,
                Value::Bool(false) => EarlyStopping::No,
                _ => EarlyStopping::Never,
            },
            num_return: self.num_return,
            ..BeamSettings::new(knobs, self.num_beams)
        }
    }
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

fn search(session: &mut Session, settings: &BeamSettings) -> Beams {
    session.beams(settings.clone()).expect("a search")
}

/// The reports of all steps.
fn steps(session: &mut Session, settings: &BeamSettings) -> Vec<BeamReport> {
    let mut beams = search(session, settings);
    let mut reports = Vec::new();
    while let Some(report) = beams.advance().expect("a step") {
        reports.push(report);
    }
    let last = reports.last().expect("a step");
    assert!(last.done);
    reports
}

fn returned(session: &mut Session, settings: &BeamSettings) -> Vec<FinishedBeam> {
    let last = steps(session, settings).pop();
    last.expect("a step").returned
}

#[test]
fn texts_and_scores_are_those_of_hugging_face() {
    let vectors = include_str!("../parity/beams/vectors.json");
    let cases: Vec<Case> = serde_json::from_str(vectors).expect("vectors");
    let mut engines: HashMap<&str, Engine> = HashMap::new();
    let mut wrong = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let engine = engines
            .entry(&case.model)
            .or_insert_with(|| small(&case.model));
        let mut session = ending(engine, &case.prompt, &case.settings.end_tokens);
        assert_eq!(session.ids(), case.ids, "the prompt of case {index}");
        let got = returned(&mut session, &case.settings.beams());
        if let Err(difference) = compare(&got, &case.returned, case.settings.length_penalty) {
            wrong.push(format!("case {index}: {difference}"));
        }
    }
    assert!(cases.len() >= 200);
    let count = wrong.len();
    assert!(wrong.is_empty(), "{count} differ:\n{}", wrong.join("\n"));
}

fn compare(got: &[FinishedBeam], want: &[Returned], length_penalty: f64) -> Result<(), String> {
    let ids = |text: &FinishedBeam| text.beam.ids.clone();
    let got_ids: Vec<Vec<u32>> = got.iter().map(ids).collect();
    let want_ids: Vec<Vec<u32>> = want.iter().map(|text| text.ids.clone()).collect();
    if got_ids != want_ids {
        return Err(format!("{got_ids:?} and not {want_ids:?}"));
    }
    for (got, want) in got.iter().zip(want) {
        let want = want.normalised.unwrap_or(got.normalised);
        // Their sums are f32; a negative length penalty multiplies what they round away.
        let factor = (got.length as f64).powf(-length_penalty).max(1.0);
        if (got.normalised - want).abs() > 1e-4 * factor {
            return Err(format!("scores {} and {want}", got.normalised));
        }
    }
    Ok(())
}

/// Settings of searches that do not draw.
fn plain(num_beams: usize, max_new_tokens: u32) -> BeamSettings {
    let knobs = Knobs {
        do_sample: false,
        ..knobs(max_new_tokens, 0)
    };
    BeamSettings::new(knobs, num_beams)
}

#[test]
fn one_beam_is_greedy_search() {
    for name in ["llama", "qwen2", "gemma3"] {
        let engine = small(name);
        for repetition_penalty in [0.8, 1.0, 1.4] {
            let mut settings = plain(1, 20);
            settings.knobs.repetition_penalty = repetition_penalty;
            let found = returned(&mut session(&engine, "a text"), &settings);
            let mut greedy = session(&engine, "a text");
            let last = generate(&mut greedy, &settings.knobs).pop();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].beam.ids, greedy.output(), "{name}");
            assert_eq!(Some(found[0].finish), last.expect("a step").finish);
        }
    }
}

#[test]
fn steps_tell_where_every_beam_comes_from() {
    let engine = small("llama");
    // Likely tokens end texts, so that all three fates occur.
    let free = returned(&mut ending(&engine, "a text", &[]), &plain(4, 6));
    let ends = &free[0].beam.ids[2..4];
    let settings = BeamSettings {
        early_stopping: EarlyStopping::Never,
        ..plain(4, 12)
    };
    let reports = steps(&mut ending(&engine, "a text", ends), &settings);
    let (mut before, mut computed, mut finished) = (vec![(Vec::new(), 0.0)], 0, 0);
    let mut fates = [0; 3];
    for (step, report) in reports.iter().enumerate() {
        assert_eq!((report.step, report.computed), (step, computed));
        assert_eq!(report.candidates.len(), 4 * (1 + ends.len()));
        let scores = report.candidates.iter().map(|c| c.score);
        assert!(scores.is_sorted_by(|a, b| a >= b));
        for (rank, candidate) in report.candidates.iter().enumerate() {
            let (parent, score): &(Vec<u32>, f64) = &before[candidate.parent];
            assert!(candidate.score <= *score, "no log-probability is above 0");
            let ids = [&**parent, &[candidate.id]].concat();
            let is_end = ends.contains(&candidate.id) || ids.len() == 12;
            fates[candidate.fate as usize] += 1;
            match candidate.fate {
                Fate::Kept => {
                    let beam = &report.beams[candidate.beam.expect("a place")];
                    assert_eq!((&beam.ids, beam.score), (&ids, candidate.score));
                    assert!(!is_end);
                }
                Fate::Finished => {
                    let text = report.finished.iter().find(|text| text.beam.ids == ids);
                    assert_eq!(text.expect("it is told").beam.score, candidate.score);
                    assert!(is_end && rank < 4);
                    finished += 1;
                }
                Fate::Pruned => assert!(is_end && rank >= 4 || report.beams.len() == 4),
            }
            assert_eq!(candidate.beam.is_some(), candidate.fate == Fate::Kept);
        }
        assert_eq!(report.finished.len(), finished);
        let beams = report
            .beams
            .iter()
            .map(|beam| (beam.ids.clone(), beam.score));
        before = beams.collect();
        computed += before.len();
        assert_eq!(report.returned.is_empty(), !report.done);
    }
    assert!(fates.iter().all(|&count| count > 0), "{fates:?}");
}

#[test]
fn texts_are_ranked_by_their_score_for_their_length() {
    let engine = small("qwen3");
    let free = returned(&mut ending(&engine, "text", &[]), &plain(3, 5));
    let ends = [free[0].beam.ids[1], free[0].beam.ids[3]];
    for length_penalty in [-1.0, 0.0, 1.0, 2.5] {
        let settings = BeamSettings {
            length_penalty,
            num_return: 3,
            ..plain(3, 10)
        };
        let mut session = ending(&engine, "text", &ends);
        let last = steps(&mut session, &settings).pop().expect("a step");
        for text in &last.finished {
            assert_eq!(text.length, text.beam.ids.len());
            let factor = (text.length as f64).powf(length_penalty);
            assert!((text.normalised - text.beam.score / factor).abs() < 1e-9);
            let mut forced = ending(&engine, "text", &ends);
            forced.force(&text.beam.ids).expect("tokens");
            let told = forced.likelihood(&settings.knobs).expect("a likelihood");
            assert!((text.raw_log_prob - told.raw).abs() < 1e-9);
            // Without a penalty the score is that likelihood, but for logits rounded to f32.
            assert!((text.beam.score - told.raw).abs() < 1e-4);
            assert_eq!(text.beam.text, forced.text());
        }
        let ranks = last.finished.iter().map(|text| text.normalised);
        assert!(ranks.is_sorted_by(|a, b| a >= b));
        assert_eq!(last.returned, last.finished[..3]);
    }
}

#[test]
fn a_stop_string_ends_a_beam_and_is_left_out() {
    let engine = small("llama");
    let free = returned(&mut ending(&engine, "a text", &[]), &plain(3, 8));
    let stop: String = free[0].beam.text.chars().skip(2).take(1).collect();
    let mut settings = plain(3, 8);
    settings.knobs.stop = vec![stop.clone()];
    let last = steps(&mut ending(&engine, "a text", &[]), &settings).pop();
    let last = last.expect("a step");
    let stopped = last.finished.iter().filter(|t| t.finish == Finish::Stop);
    assert!(stopped.count() > 0);
    assert!(last.finished.iter().all(|t| !t.beam.text.contains(&stop)));
}

/// The kept tokens of the first step and their probabilities under these knobs.
fn first_tokens(session: &mut Session, knobs: &Knobs) -> Vec<(u32, f64)> {
    let view = session.view(session.prompt_length(), knobs, usize::MAX);
    let bars = view.expect("a view").tokens.into_iter();
    let kept = bars.filter(|bar| bar.removed_by.is_none());
    kept.map(|bar| (bar.id, bar.warped)).collect()
}

/// How often each set of candidates is drawn in the first step, by seed.
fn drawn_sets(
    session: &mut Session,
    settings: &BeamSettings,
    n: usize,
) -> HashMap<Vec<u32>, usize> {
    let mut counts = HashMap::new();
    for seed in 0..n as u64 {
        let mut settings = settings.clone();
        settings.knobs.seed = seed;
        let report = search(session, &settings).advance().expect("a step");
        let candidates = report.expect("a step").candidates;
        let mut ids: Vec<u32> = candidates.iter().map(|c| c.id).collect();
        ids.sort_unstable();
        *counts.entry(ids).or_default() += 1;
    }
    counts
}

/// The probability that drawing without replacement gives exactly this set, in any order.
fn probability_of_set(masses: &[f64]) -> f64 {
    fn go(left: &[f64], rest: f64) -> f64 {
        if left.is_empty() {
            return 1.0;
        }
        let first = |index: usize| {
            let mut others = left.to_vec();
            let mass = others.remove(index);
            mass / rest * go(&others, rest - mass)
        };
        (0..left.len()).map(first).sum()
    }
    go(masses, 1.0)
}

#[test]
fn beam_sampling_draws_without_replacement() {
    const N: usize = 5000;
    let mut session = ending(&small("llama"), "a text", &[]);
    let sampled = Knobs {
        temperature: 1.5,
        top_k: 6,
        ..knobs(2, 0)
    };
    let masses: HashMap<u32, f64> = first_tokens(&mut session, &sampled).into_iter().collect();
    assert_eq!(masses.len(), 6);
    // Two beams look at four candidates.
    let counts = drawn_sets(&mut session, &BeamSettings::new(sampled, 2), N);
    let cells: Vec<(usize, f64)> = counts
        .iter()
        .map(|(ids, &count)| {
            assert_eq!(ids.len(), 4);
            let masses: Vec<f64> = ids.iter().map(|id| masses[id]).collect();
            (count, probability_of_set(&masses))
        })
        .collect();
    assert_fits(&cells, N);
}

#[test]
fn drawn_beams_can_go_on_even_if_the_best_token_ends_the_text() {
    let engine = small("llama");
    let mut free = session(&engine, "a text");
    let mut tokens = first_tokens(&mut free, &knobs(2, 0));
    tokens.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (best, second) = (tokens[0].0, tokens[1].0);
    let mut session = ending(&engine, "a text", &[best]);
    let narrow = Knobs {
        top_k: 1,
        ..knobs(2, 0)
    };
    let first = &steps(&mut session, &BeamSettings::new(narrow, 2))[0];
    let mut ids: Vec<u32> = first.candidates.iter().map(|c| c.id).collect();
    ids.sort_unstable();
    let mut want = [best, second];
    want.sort_unstable();
    assert_eq!(ids, want, "top-k 1 keeps two where one may end the text");
    assert_eq!(first.beams.len(), 1);
}

#[test]
fn one_beam_that_is_drawn_is_sampling() {
    const N: usize = 5000;
    let mut session = ending(&small("qwen2"), "a text", &[]);
    let sampled = Knobs {
        temperature: 0.8,
        top_k: 10,
        repetition_penalty: 1.3,
        ..knobs(2, 0)
    };
    let masses = first_tokens(&mut session, &sampled);
    let counts = drawn_sets(&mut session, &BeamSettings::new(sampled, 1), N);
    let cells: Vec<(usize, f64)> = masses
        .iter()
        .map(|&(id, mass)| (counts.get(&vec![id]).copied().unwrap_or(0), mass))
        .collect();
    assert_fits(&cells, N);
}

#[test]
fn drawn_beams_are_the_same_for_the_same_seed() {
    let engine = small("gemma3");
    let with_seed = |seed| {
        let settings = BeamSettings::new(knobs(10, seed), 3);
        returned(&mut session(&engine, "a text"), &settings)
    };
    assert_eq!(with_seed(1), with_seed(1));
    assert_ne!(with_seed(1), with_seed(2));
}

#[test]
fn settings_that_do_not_work_are_refused() {
    let mut session = session(&small("llama"), "text");
    let with = |change: fn(&mut BeamSettings)| {
        let mut settings = plain(3, 2);
        change(&mut settings);
        settings
    };
    for (settings, named) in [
        (plain(0, 2), "numBeams is 0"),
        (plain(65, 2), "numBeams is 65"),
        (with(|s| s.num_return = 4), "numReturn is 4"),
        (with(|s| s.num_return = 0), "numReturn is 0"),
        (
            with(|s| s.length_penalty = f64::NAN),
            "lengthPenalty is NaN",
        ),
        (with(|s| s.knobs.top_p = 2.0), "topP"),
    ] {
        let error = session.beams(settings).expect_err("a refusal");
        assert_eq!(error.code(), Code::KnobOutOfRange);
        assert!(error.message().contains(named), "{error}");
    }
}
