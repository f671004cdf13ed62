//! The command line: `inspect`, `generate`, `distribution` and `knobs`.

mod arguments;
mod distribution;
mod generate;
mod inspect;
mod output;

use std::process::ExitCode;

use tokenscope::error::Result;
use tokenscope::sampling::knobs::javascript;

/// Exit status of a command that was refused or failed.
const FAILED: u8 = 1;

pub(crate) fn main() -> ExitCode {
    let matches = arguments::command().get_matches();
    let outcome = match matches.subcommand() {
        Some(("inspect", matches)) => inspect::run(matches),
        Some(("generate", matches)) => generate::run(matches),
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
