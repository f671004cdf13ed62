//! Standard output, where a reader that went away is no error.

use std::io::{ErrorKind, Write};

use serde::Serialize;
use tokenscope::error::{Code, Error, Result};

/// Writes and flushes. If nobody reads any more, the program ends quietly, as others do.
pub(super) fn write(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Error::new(
            Code::Io,
            format!("the output cannot be written: {error}"),
        )),
        Ok(()) => Ok(()),
    }
}

/// One value as one line of JSON.
pub(super) fn write_json<T: Serialize>(value: &T) -> Result<()> {
    let line = serde_json::to_string(value)
        .map_err(|error| Error::new(Code::Internal, error.to_string()))?;
    write(&(line + "\n"))
}
