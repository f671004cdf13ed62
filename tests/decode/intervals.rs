//! The interval of a knob in which a step's choice stays, from a session's cached logits.

use tokenscope::decode::{Intervals, Session};
use tokenscope::sampling::Knobs;

use super::{generate, knobs, session, small};

/// The token that these knobs draw at a position.
fn drawn(session: &mut Session, position: usize, knobs: &Knobs) -> u32 {
    let view = session.view(position, knobs, 1).expect("a view");
    view.draw.expect("a draw").id
}

/// The knobs with one of them changed.
fn with(knobs: &Knobs, key: &str, value: f64) -> Knobs {
    let mut changed = knobs.clone();
    let value = serde_json::Value::from(value);
    changed.set(key, &value).expect("in range");
    changed
}

#[test]
fn within_its_ends_the_choice_stays_and_beyond_them_it_changes() {
    let engine = small("llama");
    let mut text = session(&engine, "a text");
    let settings = Knobs {
        temperature: 0.9,
        top_k: 50,
        top_p: 0.9,
        min_p: 0.01,
        repetition_penalty: 1.1,
        ..knobs(12, 4)
    };
    generate(&mut text, &settings);
    let mut inner_ends = 0;
    for position in text.prompt_length()..text.ids().len() {
        let chosen = text.ids()[position];
        let intervals = text.intervals(position, &settings).expect("intervals");
        assert!(intervals.len() >= 5, "{intervals:?}");
        for key in ["temperature", "topP", "minP", "topK"] {
            let (low, high) = intervals[key];
            for end in [low, high] {
                let at_end = with(&settings, key, end);
                assert_eq!(drawn(&mut text, position, &at_end), chosen, "{key} {end}");
            }
            let below = if key == "topK" {
                low - 1.0
            } else {
                low.next_down()
            };
            let spec = tokenscope::sampling::knobs::spec(key).expect("a knob");
            // Top-k 0 is off, and so no neighbour of 1.
            let least = if key == "topK" { 1.0 } else { 0.0 };
            if below >= f64::max(least, spec.min.expect("a least value")) {
                inner_ends += 1;
                let beyond = with(&settings, key, below);
                assert_ne!(drawn(&mut text, position, &beyond), chosen, "{key} {below}");
            }
        }
    }
    assert!(
        inner_ends > 10,
        "only {inner_ends} ends lie inside their range"
    );
}

#[test]
fn there_are_none_in_the_prompt_or_where_another_token_was_forced() {
    let engine = small("llama");
    let mut text = session(&engine, "a text");
    generate(&mut text, &knobs(4, 4));
    assert!(
        text.intervals(2, &knobs(4, 4))
            .expect("intervals")
            .is_empty()
    );
    let position = text.prompt_length() + 1;
    let other = (text.ids()[position] + 1) % 200;
    let mut branch = text.branch(position, other).expect("a branch");
    assert!(
        branch
            .intervals(position, &knobs(4, 4))
            .expect("intervals")
            .is_empty()
    );
}

#[test]
fn pieces_make_the_whole_and_leave_no_memory_taken() {
    let engine = small("llama");
    let mut text = session(&engine, "a text");
    let settings = Knobs {
        temperature: 0.8,
        min_p: 0.02,
        ..knobs(6, 3)
    };
    generate(&mut text, &settings);
    let before = text.memory();
    for position in text.prompt_length()..text.ids().len() {
        let whole = text.intervals(position, &settings).expect("intervals");
        let mut joined = Intervals::new();
        for from in (0..).step_by(3) {
            let part = text.intervals_part(position, &settings, from..from + 3);
            let part = part.expect("a part");
            joined.extend(part.intervals);
            if part.last {
                break;
            }
        }
        assert_eq!(joined, whole);
    }
    assert_eq!(text.memory(), before);
}
