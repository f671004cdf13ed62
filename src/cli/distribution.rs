//! `distribution`: JSON lines in, JSON lines out.

use std::io::BufRead;

use tokenscope::error::{Error, Result};
use tokenscope::sampling::distribution_line;

use super::output;

/// Answers line by line, so that another program may ask and listen in turn.
pub(super) fn run() -> Result<()> {
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = distribution_line(&line).map_err(|error| in_line(index + 1, &error))?;
        output::write(&(answer + "\n"))?;
    }
    Ok(())
}

fn in_line(number: usize, error: &Error) -> Error {
    Error::new(error.code(), format!("line {number}: {}", error.message()))
}
