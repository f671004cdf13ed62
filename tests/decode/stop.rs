//! When a text ends.

use tokenscope::decode::Finish;
use tokenscope::sampling::Knobs;

use super::{generate, knobs, session, small};

#[test]
fn the_number_of_new_tokens_ends_it() {
    let engine = small("llama");
    let mut session = session(&engine, "text");
    let steps = generate(&mut session, &knobs(7, 4));
    assert_eq!(steps.len(), 7);
    assert_eq!(steps[6].finish, Some(Finish::MaxNewTokens));
}

#[test]
fn a_stop_string_ends_it_even_across_tokens_and_is_left_out() {
    let engine = small("llama");
    let mut free = session(&engine, "text");
    let steps = generate(&mut free, &knobs(60, 9));
    // A string that spans the end of one token's text and the start of a later one's.
    let texts: Vec<char> = free.text().chars().collect();
    let middle: String = texts[10..13].iter().collect();
    let settings = Knobs {
        stop: vec![middle.clone()],
        ..knobs(60, 9)
    };
    let mut stopped = session(&engine, "text");
    let last = generate(&mut stopped, &settings).pop().expect("a step");
    assert_eq!(last.finish, Some(Finish::Stop));
    assert!(!last.text.contains(&middle));
    assert!(free.text().starts_with(&last.text));
    assert!(
        stopped.text().contains(&middle),
        "the tokens are still there"
    );
    assert!(stopped.output().len() < steps.len());
    // Tokens up to the end are those without a stop string.
    assert_eq!(stopped.output(), &free.output()[..stopped.output().len()]);
}

#[test]
fn the_text_may_not_end_before_the_minimum() {
    let engine = small("llama");
    let end = engine.info().end_tokens[0];
    // Seeds at which the random model ends early.
    let early = (0..400).find(|&seed| {
        let mut session = session(&engine, "t");
        let steps = generate(&mut session, &knobs(8, seed));
        steps.last().and_then(|s| s.finish) == Some(Finish::End)
    });
    let seed = early.expect("one of 400 texts of 8 tokens ends by itself");
    let settings = Knobs {
        min_new_tokens: 8,
        ..knobs(8, seed)
    };
    let mut longer = session(&engine, "t");
    let steps = generate(&mut longer, &settings);
    assert_eq!(steps.len(), 8);
    assert!(!longer.output()[..8].contains(&end));
    let removed: usize = steps[0].view.stages.iter().map(|stage| stage.removed).sum();
    assert_eq!(removed, engine.info().end_tokens.len());
}
