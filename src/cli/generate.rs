//! `generate`: text after a prompt.

use clap::ArgMatches;
use tokenscope::decode::{Session, Step};
use tokenscope::error::Result;
use tokenscope::sampling::Knobs;

use super::{arguments, output, prompt};

pub(super) fn run(matches: &ArgMatches) -> Result<()> {
    // A knob that is out of range is told before a large file is read.
    let knobs = arguments::knobs(matches)?;
    let (_, mut session) = prompt::open(matches)?;
    if matches.get_flag("json") {
        let top = matches.get_one("top").copied().unwrap_or_default();
        return each_step(&mut session, &knobs, top, output::write_json);
    }
    let mut shown = 0;
    each_step(&mut session, &knobs, 0, |step| {
        // What might turn out to begin a stop string is held back until it is sure.
        let sure = match step.finish {
            Some(_) => step.text.len(),
            None => step.text.len() - held_back(&step.text, &knobs.stop),
        };
        if sure > shown {
            output::write(&step.text[shown..sure])?;
            shown = sure;
        }
        Ok(())
    })?;
    output::write("\n")
}

/// Steps until the text ends.
fn each_step(
    session: &mut Session,
    knobs: &Knobs,
    top: usize,
    mut tell: impl FnMut(&Step) -> Result<()>,
) -> Result<()> {
    loop {
        let step = session.step(knobs, top)?;
        tell(&step)?;
        if step.finish.is_some() {
            return Ok(());
        }
    }
}

/// Bytes at the end of `text` that are the beginning of a stop string.
fn held_back(text: &str, stop: &[String]) -> usize {
    let begins = |stop: &String| {
        let lengths = stop.char_indices().map(|(length, _)| length);
        lengths
            .rev()
            .find(|&length| text.ends_with(&stop[..length]))
    };
    stop.iter().filter_map(begins).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::held_back;

    #[test]
    fn only_what_may_begin_a_stop_string_is_held_back() {
        let stop = ["\n\nUser:".to_owned(), "END".to_owned()];
        assert_eq!(held_back("text", &stop), 0);
        assert_eq!(held_back("text\n", &stop), 1);
        assert_eq!(held_back("text\n\nUs", &stop), 4);
        assert_eq!(held_back("the E", &stop), 1);
        assert_eq!(held_back("", &stop), 0);
    }
}
