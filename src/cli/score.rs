//! `score`: the probability of a given text.

use clap::ArgMatches;
use tokenscope::decode::Likelihood;
use tokenscope::error::Result;
use tokenscope::tokenizer::Special;

use super::{arguments, output, prompt};

/// Token positions that are scored at a time.
const PIECE: usize = 64;

pub(super) fn run(matches: &ArgMatches) -> Result<()> {
    let knobs = arguments::knobs(matches)?;
    let (engine, mut session) = prompt::open(matches)?;
    let text = prompt::text(matches, "text")?;
    let tokens = engine.tokenize(&text, Special::Parse)?;
    session.force(&tokens.iter().map(|token| token.id).collect::<Vec<_>>())?;
    loop {
        let progress = session.score(PIECE)?;
        if progress.done == progress.total {
            break;
        }
    }
    let likelihood = session.likelihood(&knobs)?;
    if matches.get_flag("json") {
        return output::write_json(&likelihood);
    }
    output::write(&table(&likelihood))
}

fn table(likelihood: &Likelihood) -> String {
    let mut table = format!("{:>10} {:>10}  token\n", "ln p", "warped");
    for token in &likelihood.tokens {
        table += &format!(
            "{:>10.4} {}  {:?}\n",
            token.raw,
            warped(token.warped),
            token.text
        );
    }
    table += &format!(
        "{:>10.4} {}  in all",
        likelihood.raw,
        warped(likelihood.warped)
    );
    if let Some(perplexity) = likelihood.perplexity {
        table += &format!("; perplexity {perplexity:.4}");
    }
    table + "\n"
}

/// What the knobs forbid has no logarithm.
fn warped(value: Option<f64>) -> String {
    value.map_or_else(
        || format!("{:>10}", "forbidden"),
        |value| format!("{value:>10.4}"),
    )
}
