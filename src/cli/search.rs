//! `outcomes`, `enumerate` and `beams`: what may follow a prompt as a whole.

use std::io::IsTerminal;

use clap::ArgMatches;
use tokenscope::decode::{
    BeamSettings, EarlyStopping, EnumerateSettings, Outcome, OutcomesReport, OutcomesSettings,
};
use tokenscope::error::Result;
use tokenscope::sampling::Knobs;

use super::{arguments, output, prompt};

/// Token positions between two words on how far it is.
const PIECE: usize = 64;

pub(super) fn outcomes(matches: &ArgMatches) -> Result<()> {
    let knobs = arguments::knobs(matches)?;
    let n = count(matches, "n");
    let (_, mut session) = prompt::open(matches)?;
    let mut search = session.outcomes(OutcomesSettings { knobs, n })?;
    while !search.advance(PIECE)? {
        let report = search.report();
        progress(&format!(
            "{} of {n} samples, unseen mass {:.3}",
            report.finished, report.unseen
        ));
    }
    progress("");
    let report = search.report();
    if matches.get_flag("json") {
        return output::write_json(&report);
    }
    output::write(&outcomes_table(&report, count(matches, "top")))
}

fn outcomes_table(report: &OutcomesReport, top: usize) -> String {
    let mut table = format!("{:>6} {:>12} {:>10}  text\n", "count", "p", "ln p");
    for outcome in report.outcomes.iter().take(top) {
        table += &format!("{:>6} {}\n", outcome.count, probable(outcome));
    }
    let hidden = report.outcomes.len().saturating_sub(top);
    if hidden > 0 {
        table += &format!("       … and {hidden} more\n");
    }
    table
        + &format!(
            "{} samples, {} distinct texts; probability of all others: {:.6}\n\
             {} positions computed, {} as separate texts\n",
            report.finished,
            report.outcomes.len(),
            report.unseen,
            report.computed,
            report.separate
        )
}

pub(super) fn enumerate(matches: &ArgMatches) -> Result<()> {
    let knobs = arguments::knobs(matches)?;
    let (m, limit) = (count(matches, "m"), count(matches, "limit"));
    let settings = EnumerateSettings { knobs, m, limit };
    let (_, mut session) = prompt::open(matches)?;
    let mut search = session.enumerate(settings)?;
    while !search.advance(PIECE)? {
        let report = search.report();
        progress(&format!(
            "{} texts, {} positions",
            report.outcomes.len(),
            report.computed
        ));
    }
    progress("");
    let report = search.report();
    if matches.get_flag("json") {
        return output::write_json(&report);
    }
    let mut table = format!("{:>12} {:>10}  text\n", "p", "ln p");
    for outcome in &report.outcomes {
        table += &(probable(outcome) + "\n");
    }
    table += &format!(
        "no other text is more probable than {:.3e}; {} positions computed\n",
        report.bound, report.computed
    );
    output::write(&table)
}

pub(super) fn beams(matches: &ArgMatches) -> Result<()> {
    let settings = beam_settings(matches, searched(matches)?);
    let (_, mut session) = prompt::open(matches)?;
    let mut search = session.beams(settings)?;
    let mut returned = Vec::new();
    while let Some(report) = search.advance()? {
        if matches.get_flag("json") {
            output::write_json(&report)?;
        }
        progress(&format!(
            "step {}, {} finished",
            report.step,
            report.finished.len()
        ));
        returned = report.returned;
    }
    progress("");
    if matches.get_flag("json") {
        return Ok(());
    }
    let mut table = format!("{:>10} {:>10} {:>10}  text\n", "score", "sum", "ln p");
    for text in &returned {
        table += &format!(
            "{:>10.5} {:>10.4} {:>10.4}  {:?}\n",
            text.normalised, text.beam.score, text.raw_log_prob, text.beam.text
        );
    }
    output::write(&table)
}

/// The knobs of a beam search, which draws only if it is asked to.
fn searched(matches: &ArgMatches) -> Result<Knobs> {
    let mut knobs = arguments::knobs(matches)?;
    knobs.do_sample &= matches.contains_id("doSample");
    Ok(knobs)
}

fn beam_settings(matches: &ArgMatches, knobs: Knobs) -> BeamSettings {
    let early_stopping = match matches
        .get_one::<String>("early-stopping")
        .map(String::as_str)
    {
        Some("true") => EarlyStopping::Yes,
        Some("never") => EarlyStopping::Never,
        _ => EarlyStopping::No,
    };
    BeamSettings {
        length_penalty: matches.get_one("length-penalty").copied().unwrap_or(1.0),
        early_stopping,
        num_return: count(matches, "num-return"),
        ..BeamSettings::new(knobs, count(matches, "num-beams"))
    }
}

/// Probability, its logarithm, and the text as it would be quoted.
fn probable(outcome: &Outcome) -> String {
    format!(
        "{:>12.6} {:>10.4}  {:?}",
        outcome.log_prob.exp(),
        outcome.log_prob,
        outcome.text
    )
}

/// A number that has a default.
fn count(matches: &ArgMatches, name: &str) -> usize {
    matches.get_one(name).copied().unwrap_or_default()
}

/// Says how far it is, where a person looks on; each word takes the place of the one before.
fn progress(word: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{word}");
    }
}
