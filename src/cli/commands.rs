//! What the command line understands.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Arg, ArgAction, Command, value_parser};

use super::arguments::knob_options;

pub(super) fn command() -> Command {
    Command::new("tokenscope")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A language model as a distribution: inspect, generate, search, score, and look at every step")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([inspect(), generate(), outcomes(), enumerate(), beams(), score()])
        .subcommands([distribution(), knobs()])
}

fn inspect() -> Command {
    Command::new("inspect")
        .about("Show what a GGUF file holds, without loading it")
        .arg(model())
        .arg(flag("tensors", "List every tensor"))
        .arg(flag("json", "As JSON"))
}

fn generate() -> Command {
    prompted("generate")
        .about("Write text after a prompt")
        .arg(
            number("top", 0..=usize::MAX)
                .default_value("10")
                .help("With --json: how many tokens of each distribution are listed"),
        )
        .arg(flag(
            "json",
            "One line of JSON for each step: the whole view, then the text",
        ))
}

fn outcomes() -> Command {
    prompted("outcomes")
        .about("Sample whole texts after a prompt: the distribution over texts")
        .arg(
            number("n", 1..=10_000)
                .short('n')
                .default_value("100")
                .help("How many samples"),
        )
        .arg(
            number("top", 0..=usize::MAX)
                .default_value("20")
                .help("How many of the distinct texts are listed"),
        )
        .arg(flag("json", "As JSON, with every distinct text"))
}

fn enumerate() -> Command {
    prompted("enumerate")
        .about("List the most probable texts after a prompt in exact order, with a bound on all others")
        .arg(
            number("m", 1..=1000)
                .short('m')
                .default_value("10")
                .help("How many texts"),
        )
        .arg(
            number("limit", 1..=usize::MAX)
                .default_value("2000")
                .help("Give up after so many token positions"),
        )
        .arg(flag("json", "As JSON"))
}

fn beams() -> Command {
    prompted("beams")
        .about("Beam search after a prompt, as Hugging Face's generate does it; sampled with --do-sample true")
        .arg(
            number("num-beams", 1..=64)
                .default_value("4")
                .help("Beams"),
        )
        .arg(
            Arg::new("length-penalty")
                .long("length-penalty")
                .default_value("1")
                .value_parser(value_parser!(f64))
                .allow_negative_numbers(true)
                .help("Exponent of the length in a finished text's score"),
        )
        .arg(
            Arg::new("early-stopping")
                .long("early-stopping")
                .default_value("false")
                .value_parser(["true", "false", "never"])
                .help("When the search ends that has as many finished texts as beams"),
        )
        .arg(
            number("num-return", 1..=64)
                .default_value("1")
                .help("How many texts are returned, at most as many as beams"),
        )
        .arg(flag(
            "json",
            "One line of JSON for each step: candidates, beams and finished texts",
        ))
}

fn score() -> Command {
    prompted("score")
        .about("The probability of a given text after a prompt, token by token")
        .arg(
            Arg::new("text")
                .long("text")
                .short('t')
                .required(true)
                .allow_hyphen_values(true)
                .help("The text; - reads it from standard input"),
        )
        .arg(flag("json", "As JSON"))
}

fn distribution() -> Command {
    Command::new("distribution")
        .about("Read JSON lines with logits and knobs; write the warped distribution, its trace and the draw of each")
        .after_help("In:  {\"logits\":[…], \"context\":[ids], \"newTokens\":n, \"endTokens\":[ids], \"breakers\":[ids], \"surprises\":[bits], \"knobs\":{…}, \"step\":t}, all but logits optional\nOut: {\"kept\":[ids], \"probabilities\":[…], \"keptMass\":…, \"removed\":[…], \"stages\":[…], \"draw\":{…}, \"entropy\":{…}}")
}

fn knobs() -> Command {
    Command::new("knobs")
        .about("Write the table of knobs as the page's JavaScript module")
        .arg(flag("js", "As a JavaScript module (the only form)").required(true))
}

/// A command that loads a model and gives it a prompt.
fn prompted(name: &'static str) -> Command {
    Command::new(name)
        .arg(model())
        .arg(
            Arg::new("prompt")
                .long("prompt")
                .short('p')
                .required(true)
                .allow_hyphen_values(true)
                .help("The prompt; - reads it from standard input"),
        )
        .arg(flag(
            "chat",
            "Put the prompt into the model's chat template, as the user's message",
        ))
        .arg(
            Arg::new("system")
                .long("system")
                .requires("chat")
                .help("A system message, with --chat"),
        )
        .arg(number("threads", 1..=256).help("Threads that share the work [default: all cores]"))
        .args(knob_options())
}

fn model() -> Arg {
    Arg::new("model")
        .value_name("MODEL")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("A GGUF file")
}

fn number(name: &'static str, range: RangeInclusive<usize>) -> Arg {
    let range = *range.start() as u64..=*range.end() as u64;
    Arg::new(name)
        .long(name)
        .value_name("NUMBER")
        .value_parser(RangedU64ValueParser::<usize>::new().range(range))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}
