//! Views of positions: nothing is computed anew but what was let go, and nothing changes.

use tokenscope::error::Code;
use tokenscope::sampling::Knobs;

use super::{generate, knobs, session, small};

#[test]
fn a_view_under_the_same_knobs_is_what_the_step_told() {
    let engine = small("mistral");
    let mut session = session(&engine, "looking back");
    let settings = Knobs {
        temperature: 1.3,
        top_k: 40,
        top_p: 0.9,
        repetition_penalty: 1.2,
        ..knobs(20, 8)
    };
    let steps = generate(&mut session, &settings);
    for step in &steps {
        let view = session
            .view(step.view.position, &settings, 5)
            .expect("a view");
        assert_eq!(view, step.view);
    }
}

#[test]
fn other_knobs_give_another_picture_and_leave_the_text() {
    let engine = small("llama");
    let mut session = session(&engine, "looking back");
    generate(&mut session, &knobs(10, 8));
    let before = session.ids().to_vec();
    let sharp = Knobs {
        temperature: 0.1,
        ..knobs(10, 8)
    };
    let position = session.prompt_length() + 4;
    let plain = session.view(position, &knobs(10, 8), 10).expect("a view");
    let warped = session.view(position, &sharp, 10).expect("a view");
    assert!(warped.warped.entropy < plain.warped.entropy);
    assert_eq!(warped.raw, plain.raw);
    assert_eq!(session.ids(), before);
}

#[test]
fn the_next_position_shows_what_a_step_will_draw() {
    let engine = small("qwen2");
    let mut session = session(&engine, "what comes next");
    for _ in 0..5 {
        let ahead = session
            .view(session.ids().len(), &knobs(9, 1), 10)
            .expect("a view");
        let step = session.step(&knobs(9, 1), 10).expect("a step");
        assert_eq!(ahead, step.view);
    }
}

#[test]
fn positions_of_the_prompt_have_no_draw() {
    let engine = small("gemma3");
    let mut session = session(&engine, "inside the prompt");
    let view = session.view(2, &Knobs::default(), 10).expect("a view");
    assert_eq!(view.draw, None);
    assert_eq!(view.chosen.id, session.ids()[2]);
    assert_eq!(view.step, 2 - session.prompt_length() as i64);
    let first = session
        .view(0, &Knobs::default(), 10)
        .expect_err("nothing before it");
    assert_eq!(first.code(), Code::OutOfRange);
    let beyond = session.ids().len() + 1;
    let beyond = session
        .view(beyond, &Knobs::default(), 10)
        .expect_err("beyond");
    assert_eq!(beyond.code(), Code::OutOfRange);
}

#[test]
fn logits_that_were_let_go_come_back_the_same() {
    let engine = super::default_model();
    let mut session = session(&engine, "Once upon a time");
    let settings = knobs(220, 3);
    let mut told = Vec::new();
    while session.output().len() < 220 {
        told.push(session.step(&settings, 5).expect("a step").view);
    }
    // So many positions of 49,152 tokens do not fit.
    let memory = session.memory();
    assert!(
        memory.logits_bytes < memory.budget_bytes + (1 << 20),
        "{memory:?}"
    );
    for view in told.iter().rev().step_by(20) {
        assert_eq!(
            &session.view(view.position, &settings, 5).expect("a view"),
            view
        );
    }
    // Here several positions' are made together.
    let replay = session.replay(&settings, 5).expect("a replay");
    let views: Vec<_> = replay.steps.into_iter().map(|step| step.view).collect();
    assert!(views == told, "a replay tells something else");
}
