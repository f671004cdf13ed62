//! From the options of a command to a session that begins with its prompt.

use std::io::Read;
use std::path::PathBuf;

use clap::ArgMatches;
use tokenscope::decode::{Engine, Session, SessionOptions, Template};
use tokenscope::error::{Code, Error, Result};
use tokenscope::model::threads;

/// Loads the model, on as many threads as are wanted.
pub(super) fn open(matches: &ArgMatches) -> Result<(Engine, Session)> {
    let options = options(matches)?;
    start_threads(matches)?;
    let path = matches.get_one::<PathBuf>("model").cloned();
    let engine = Engine::open(&path.unwrap_or_default())?;
    let session = engine.session(&options)?;
    Ok((engine, session))
}

fn start_threads(matches: &ArgMatches) -> Result<()> {
    let wanted = matches.get_one::<usize>("threads").copied();
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    threads::grow(wanted.unwrap_or_else(cores)).map_err(|error| {
        let message = format!("the threads cannot be started: {error}; use --threads 1");
        Error::new(Code::Io, message)
    })
}

fn options(matches: &ArgMatches) -> Result<SessionOptions> {
    let template = if matches.get_flag("chat") {
        Template::Chat
    } else {
        Template::Raw
    };
    Ok(SessionOptions {
        prompt: text(matches, "prompt")?,
        template,
        system: matches.get_one::<String>("system").cloned(),
        ..SessionOptions::default()
    })
}

/// The text of an option; `-` stands for standard input.
pub(super) fn text(matches: &ArgMatches, name: &str) -> Result<String> {
    let mut text = matches.get_one::<String>(name).cloned().unwrap_or_default();
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    Ok(text)
}
