//! Prompts, steps, forced tokens, and errors that leave everything as it was.

use tokenscope::decode::{Finish, SessionOptions, Template, TokenKind};
use tokenscope::error::Code;
use tokenscope::sampling::Knobs;

use super::{default_model, generate, knobs, session, small};

#[test]
fn the_default_model_knows_the_largest_ocean() {
    let mut text = session(&default_model(), "The largest ocean is the");
    let greedy = Knobs {
        do_sample: false,
        ..knobs(4, 0)
    };
    generate(&mut text, &greedy);
    assert!(text.text().starts_with(" Pacific Ocean"), "{}", text.text());
}

#[test]
fn a_chat_ends_with_a_token_that_leaves_no_text() {
    let engine = default_model();
    let options = SessionOptions {
        prompt: "Which is the largest ocean?".to_owned(),
        template: Template::Chat,
        ..SessionOptions::default()
    };
    let mut chat = engine.session(&options).expect("a session");
    let steps = generate(&mut chat, &knobs(200, 1));
    let last = steps.last().expect("a step");
    assert_eq!(last.finish, Some(Finish::End), "{}", chat.text());
    assert!(engine.info().end_tokens.contains(&last.id));
    assert_eq!(last.delta, "");
    assert!(!chat.text().contains("<|im_end|>"), "{}", chat.text());
}

#[test]
fn the_same_seed_writes_the_same_text_whatever_the_pieces_of_the_prompt() {
    let prompt = "a text of some twenty tokens or more, in pieces".repeat(2);
    for name in ["llama", "qwen2", "qwen3", "gemma3", "mixed"] {
        let engine = small(name);
        let text = |pieces: usize, seed: u64| {
            let mut session = session(&engine, &prompt);
            loop {
                let progress = session.prefill(pieces).expect("progress");
                if progress.done == progress.total {
                    break;
                }
            }
            generate(&mut session, &knobs(24, seed))
        };
        let whole = text(1000, 5);
        for pieces in [1, 7, 40] {
            assert_eq!(text(pieces, 5), whole, "{name} in pieces of {pieces}");
        }
        assert_ne!(text(1000, 6), whole);
    }
}

#[test]
fn deltas_make_up_the_text_and_never_end_inside_a_character() {
    let engine = small("llama");
    let mut session = session(&engine, "bytes");
    // A random model writes bytes of all kinds.
    let steps = generate(&mut session, &knobs(200, 11));
    let joined: String = steps.iter().map(|s| s.delta.as_str()).collect();
    assert_eq!(joined, session.text());
    for step in &steps {
        assert!(joined.starts_with(&step.text), "{:?}", step.text);
    }
}

#[test]
fn only_the_first_step_needs_no_forward_pass() {
    let engine = small("llama");
    let mut session = session(&engine, "text");
    session.prefill(1000).expect("progress");
    let cached: Vec<bool> = (0..3)
        .map(|_| session.step(&knobs(9, 0), 1).expect("a step").cached)
        .collect();
    assert_eq!(cached, [true, false, false]);
}

#[test]
fn reading_ahead_changes_nothing_that_is_told() {
    let engine = small("llama");
    let (mut plain, mut ahead) = (session(&engine, "text"), session(&engine, "text"));
    for i in 0..30 {
        ahead.read_ahead().expect("logits");
        let steps = [&mut plain, &mut ahead].map(|it| it.step(&knobs(99, 4), 5).expect("a step"));
        assert_eq!(steps[0], steps[1]);
        if i == 20 {
            ahead.read_ahead().expect("logits");
            let replays =
                [&mut plain, &mut ahead].map(|it| it.replay(&knobs(99, 5), 5).expect("steps"));
            assert_eq!(replays[0], replays[1]);
            assert!(replays[0].flip.is_some());
        }
    }
}

#[test]
fn nothing_is_read_ahead_where_no_step_can_follow() {
    let engine = small("llama");
    let length = engine.info().context_length;
    let mut session = session(&engine, "text");
    while session.ids().len() < length {
        session.force(&[1]).expect("room");
    }
    session.read_ahead().expect("nothing to do");
    assert_eq!(
        session.step(&knobs(9, 0), 1).expect_err("full").code(),
        Code::ContextFull
    );
}

#[test]
fn nothing_is_read_ahead_of_a_text_that_ended() {
    let engine = small("llama");
    let mut session = session(&engine, "text");
    while session
        .step(&knobs(3, 4), 1)
        .expect("a step")
        .finish
        .is_none()
    {}
    let before = session.memory();
    session.read_ahead().expect("nothing to do");
    assert_eq!(session.memory(), before);
    // Other knobs let it go on.
    session.step(&knobs(9, 4), 1).expect("a step");
    let before = session.memory();
    session.read_ahead().expect("logits");
    assert_ne!(session.memory(), before);
}

#[test]
fn forced_tokens_are_like_written_ones() {
    let engine = small("gemma3");
    let mut written = session(&engine, "a prompt");
    generate(&mut written, &knobs(30, 3));
    let mut forced = session(&engine, "a prompt");
    forced.force(&written.output()[..20]).expect("tokens");
    while forced.output().len() < 30 {
        forced.step(&knobs(30, 3), 1).expect("a step");
    }
    assert_eq!(forced.output(), written.output());
    assert_eq!(forced.text(), written.text());
}

#[test]
fn tokens_tell_the_probability_that_the_model_gave_them() {
    let engine = small("qwen2");
    let mut session = session(&engine, "a prompt of tokens");
    let settings = Knobs {
        temperature: 0.7,
        ..knobs(6, 1)
    };
    let steps = generate(&mut session, &settings);
    while session.score(3).expect("progress").done < session.ids().len() {}
    let tokens = session.tokens();
    assert_eq!(tokens[0].raw, None);
    let length = session.prompt_length();
    assert!(
        tokens[1..]
            .iter()
            .all(|t| t.raw.is_some_and(|p| p > 0.0 && p < 1.0))
    );
    for (token, step) in tokens[length..].iter().zip(&steps) {
        let raw = token.raw.expect("a score");
        assert!((raw / step.view.chosen.raw - 1.0).abs() < 1e-9);
        assert_eq!(token.warped, Some(step.view.chosen.warped));
        assert_eq!(token.kind, TokenKind::Output);
    }
    assert!(
        tokens[..length]
            .iter()
            .all(|t| t.warped.is_none() && t.kind == TokenKind::Prompt)
    );
}

#[test]
fn what_is_refused_changes_nothing() {
    let engine = small("llama");
    let mut session = session(&engine, "text");
    generate(&mut session, &knobs(5, 0));
    let before = session.ids().to_vec();
    let wrong = Knobs {
        top_p: 1.5,
        ..Knobs::default()
    };
    let refused = session.step(&wrong, 1).expect_err("out of range");
    assert_eq!(refused.code(), Code::KnobOutOfRange);
    assert!(refused.message().contains("topP"), "{refused}");
    assert_eq!(
        session.replay(&wrong, 1).expect_err("a range").code(),
        Code::KnobOutOfRange
    );
    assert_eq!(
        session.view(1, &wrong, 1).expect_err("a range").code(),
        Code::KnobOutOfRange
    );
    let unknown = session.force(&[1, 5000]).expect_err("unknown");
    assert_eq!(unknown.code(), Code::OutOfRange);
    assert_eq!(session.ids(), before);
    session.step(&knobs(9, 0), 1).expect("it goes on");
}

#[test]
fn prompts_that_do_not_work_are_named() {
    let engine = small("llama");
    let refused = |prompt: String| {
        let options = SessionOptions {
            prompt,
            ..SessionOptions::default()
        };
        engine.session(&options).expect_err("no session").code()
    };
    assert_eq!(refused(String::new()), Code::EmptyPrompt);
    assert_eq!(refused("abc ".repeat(5000)), Code::ContextFull);
}

#[test]
fn a_full_context_ends_the_text() {
    let engine = small("llama");
    let limit = engine.info().context_length;
    let mut session = session(&engine, "x");
    let prompt = session.prompt_length();
    let filler = vec![65; limit - prompt - 1];
    session.force(&filler).expect("room");
    let step = session.step(&knobs(100_000, 0), 1).expect("a step");
    assert!(matches!(step.finish, Some(Finish::Context | Finish::End)));
    let full = session.step(&knobs(100_000, 0), 1).expect_err("no room");
    assert_eq!(full.code(), Code::ContextFull);
    assert_eq!(session.ids().len(), limit);
}

#[test]
fn architectures_of_candle_transformers_run_in_the_same_sessions() {
    for name in ["phi3", "lfm2"] {
        let engine = small(name);
        assert_eq!(engine.info().engine, "candle-transformers");
        let mut first = session(&engine, "some text to begin with");
        generate(&mut first, &knobs(12, 2));
        let mut second = session(&engine, "some text to begin with");
        second.step(&knobs(12, 2), 3).expect("a step");
        // Two sessions in turn share one engine, which has one cache only.
        let more = first.step(&knobs(13, 2), 3).expect("a step");
        assert_eq!(more.view.position, first.ids().len() - 1);
        generate(&mut second, &knobs(12, 2));
        assert_eq!(
            second.output(),
            &first.output()[..second.output().len()],
            "{name}"
        );
        let inside = first
            .view(2, &Knobs::default(), 3)
            .expect_err("no logits there");
        assert_eq!(inside.code(), Code::UnsupportedFeature);
    }
}
