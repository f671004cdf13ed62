//! The most probable texts in exact order, against all texts.

use tokenscope::decode::{
    Engine, Enumerate, EnumerateReport, EnumerateSettings, Session, SessionOptions,
};
use tokenscope::error::Code;
use tokenscope::sampling::Knobs;

use super::{knobs, small};

const PROMPT: &str = "a prompt";

/// A small model whose texts end by the second most probable first token.
struct Case {
    engine: Engine,
    end: u32,
}

impl Case {
    fn new(name: &str) -> Self {
        let engine = small(name);
        let mut free = super::session(&engine, PROMPT);
        let view = free.view(free.prompt_length(), &Knobs::default(), 2);
        let end = view.expect("a view").tokens[1].id;
        Self { engine, end }
    }

    fn session(&self) -> Session {
        self.ending(&[self.end])
    }

    fn ending(&self, end_tokens: &[u32]) -> Session {
        let options = SessionOptions {
            prompt: PROMPT.to_owned(),
            end_tokens: Some(end_tokens.to_vec()),
            ..SessionOptions::default()
        };
        self.engine.session(&options).expect("a session")
    }

    /// All texts with ln of their probabilities, the most probable first: each is forced and looked at.
    fn brute_force(&self, knobs: &Knobs) -> Vec<(Vec<u32>, f64)> {
        let mut texts = Vec::new();
        let mut open = vec![(Vec::new(), 0.0)];
        while let Some((ids, log_prob)) = open.pop() {
            for (id, p) in self.following(&ids, knobs) {
                let longer = ([&*ids, &[id]].concat(), log_prob + p.ln());
                if id == self.end || longer.0.len() >= knobs.max_new_tokens as usize {
                    texts.push(longer);
                } else {
                    open.push(longer);
                }
            }
        }
        texts.sort_by(|a, b| b.1.total_cmp(&a.1));
        texts
    }

    /// The tokens that may follow, with their probabilities.
    fn following(&self, ids: &[u32], knobs: &Knobs) -> Vec<(u32, f64)> {
        let mut session = self.session();
        session.force(ids).expect("tokens");
        let view = session.view(session.ids().len(), knobs, usize::MAX);
        let bars = view.expect("a view").tokens.into_iter();
        let possible = bars.filter(|bar| bar.removed_by.is_none());
        possible.map(|bar| (bar.id, bar.warped)).collect()
    }
}

fn search(session: &mut Session, knobs: &Knobs, m: usize) -> Enumerate {
    let settings = EnumerateSettings::new(knobs.clone(), m);
    session.enumerate(settings).expect("a search")
}

fn finished(mut search: Enumerate, positions: usize) -> EnumerateReport {
    while !search.advance(positions).expect("positions") {}
    search.report()
}

/// Settings with few possible texts.
fn few(max_new_tokens: u32, top_k: u32) -> Knobs {
    Knobs {
        top_k,
        temperature: 1.3,
        repetition_penalty: 1.2,
        ..knobs(max_new_tokens, 0)
    }
}

#[test]
fn all_texts_come_in_the_order_of_brute_force() {
    for (name, knobs) in [
        ("llama", few(3, 5)),
        ("qwen2", few(2, 5)),
        ("gemma3", few(3, 4)),
    ] {
        let case = Case::new(name);
        let all = case.brute_force(&knobs);
        let report = finished(search(&mut case.session(), &knobs, 1000), 10);
        assert!(report.done && report.bound == 0.0);
        assert_eq!(report.outcomes.len(), all.len(), "{name}");
        for (outcome, (ids, log_prob)) in report.outcomes.iter().zip(&all) {
            assert_eq!(&outcome.ids, ids, "{name}");
            assert!((outcome.log_prob - log_prob).abs() < 1e-12, "{name}");
            assert_eq!(outcome.count, 0);
        }
        let sum: f64 = report.outcomes.iter().map(|o| o.log_prob.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{name}: {sum}");
    }
}

#[test]
fn the_first_of_all_are_the_first() {
    let case = Case::new("llama");
    let knobs = few(3, 5);
    let all = case.brute_force(&knobs);
    for m in [1, 2, 9] {
        let report = finished(search(&mut case.session(), &knobs, m), 1);
        let ids: Vec<&Vec<u32>> = report.outcomes.iter().map(|o| &o.ids).collect();
        let first: Vec<&Vec<u32>> = all[..m].iter().map(|(ids, _)| ids).collect();
        assert_eq!(ids, first);
        assert!(all[m].1.exp() <= report.bound * (1.0 + 1e-12));
    }
}

#[test]
fn no_text_that_is_not_listed_is_above_the_bound_and_the_bound_sinks() {
    let case = Case::new("qwen2");
    let knobs = few(3, 5);
    let all = case.brute_force(&knobs);
    let mut search = search(&mut case.session(), &knobs, 1000);
    let (mut last, mut steps) = (1.0, 0);
    loop {
        let EnumerateReport {
            outcomes, bound, ..
        } = search.report();
        assert!(bound <= last, "the bound rose from {last} to {bound}");
        // What is listed is a beginning of the whole order, so the next one is the best that is not.
        if let Some((_, log_prob)) = all.get(outcomes.len()) {
            assert!(log_prob.exp() <= bound * (1.0 + 1e-12));
        }
        (last, steps) = (bound, steps + 1);
        if search.advance(1).expect("a position") {
            break;
        }
    }
    assert!(steps > 3);
}

#[test]
fn a_whole_vocabulary_is_listed_page_by_page() {
    let case = Case::new("llama");
    let knobs = knobs(1, 0);
    let report = finished(search(&mut case.session(), &knobs, 1000), 1);
    assert_eq!(report.outcomes.len(), case.engine.info().vocabulary);
    assert_eq!(report.computed, 0, "the prompt's logits are enough");
    let expected = case.brute_force(&knobs);
    let ids: Vec<&Vec<u32>> = report.outcomes.iter().map(|o| &o.ids).collect();
    let all: Vec<&Vec<u32>> = expected.iter().map(|(ids, _)| ids).collect();
    assert_eq!(ids, all);
}

#[test]
fn impossible_texts_are_not_listed() {
    let case = Case::new("llama");
    // At this temperature most probabilities are too small for a number.
    let cold = Knobs {
        temperature: 0.001,
        ..knobs(1, 0)
    };
    let report = finished(search(&mut case.session(), &cold, 1000), 1);
    assert!(!report.outcomes.is_empty());
    assert!(report.outcomes.iter().all(|o| o.log_prob.is_finite()));
    assert_eq!(report.bound, 0.0);
    let greedy = Knobs {
        do_sample: false,
        ..knobs(4, 0)
    };
    let report = finished(search(&mut case.session(), &greedy, 9), 1);
    assert_eq!(report.outcomes.len(), 1);
    assert_eq!((report.outcomes[0].log_prob, report.bound), (0.0, 0.0));
}

#[test]
fn the_outcomes_do_not_depend_on_the_pieces() {
    let case = Case::new("gemma3");
    let sharp = Knobs {
        temperature: 0.5,
        ..knobs(4, 0)
    };
    let pieces = [1, 7, 1000];
    let reports = pieces.map(|positions| {
        let mut session = super::session(&case.engine, PROMPT);
        finished(search(&mut session, &sharp, 12), positions)
    });
    assert_eq!(reports[0].outcomes.len(), 12);
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[0], reports[2]);
}

/// A flat distribution and long texts: the search cannot end by itself, and makes states again.
#[test]
fn the_limit_is_kept() {
    let case = Case::new("llama");
    let flat = Knobs {
        temperature: 5.0,
        ..knobs(40, 0)
    };
    for limit in [1, 10, 333] {
        let mut session = case.ending(&[]);
        let settings = EnumerateSettings {
            limit,
            ..EnumerateSettings::new(flat.clone(), 5)
        };
        let report = finished(session.enumerate(settings).expect("a search"), 50);
        assert!(report.done && report.outcomes.is_empty());
        assert!(report.bound > 0.0);
        assert!(report.computed <= limit, "{} of {limit}", report.computed);
    }
}

#[test]
fn settings_that_do_not_work_are_refused() {
    let mut session = super::session(&small("llama"), PROMPT);
    let with = |m, limit, top_p| EnumerateSettings {
        knobs: Knobs {
            top_p,
            ..knobs(2, 0)
        },
        m,
        limit,
    };
    for (settings, named) in [
        (with(0, 10, 1.0), "m is 0"),
        (with(1001, 10, 1.0), "m is 1001"),
        (with(5, 0, 1.0), "limit is 0"),
        (with(5, 10, -1.0), "topP"),
    ] {
        let error = session.enumerate(settings).expect_err("a refusal");
        assert_eq!(error.code(), Code::KnobOutOfRange);
        assert!(error.message().contains(named), "{error}");
    }
}
