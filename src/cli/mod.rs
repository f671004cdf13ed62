//! The command line: one module for each command, or for a few that are alike.

mod arguments;
mod commands;
mod distribution;
mod generate;
mod inspect;
mod output;
mod prompt;
mod score;
mod search;

use std::process::ExitCode;

use tokenscope::error::Result;
use tokenscope::sampling::knobs::javascript;

/// Exit status of a command that was refused or failed.
const FAILED: u8 = 1;

pub(crate) fn main() -> ExitCode {
    let matches = commands::command().get_matches();
    let outcome = match matches.subcommand() {
        Some(("inspect", matches)) => inspect::run(matches),
        Some(("generate", matches)) => generate::run(matches),
        Some(("outcomes", matches)) => search::outcomes(matches),
        Some(("enumerate", matches)) => search::enumerate(matches),
        Some(("beams", matches)) => search::beams(matches),
        Some(("score", matches)) => score::run(matches),
        Some(("distribution", _)) => distribution::run(),
        Some(("knobs", _)) => knobs(),
        _ => Ok(()), // clap asks for a subcommand
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error[{}]: {error}", error.code().name());
            ExitCode::from(FAILED)
        }
    }
}

fn knobs() -> Result<()> {
    output::write(&javascript())
}
