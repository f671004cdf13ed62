//! Options for knobs, made from their table, and the knobs that they set.

use clap::{Arg, ArgAction, ArgMatches, builder::ValueParser};
use serde_json::{Number, Value};
use tokenscope::error::{Code, Error, Result};
use tokenscope::sampling::Knobs;
use tokenscope::sampling::knobs::{KNOBS, Kind, KnobSpec, KnobValue, PRESETS};

/// The knobs' options, and that of a preset to begin with.
pub(super) fn knob_options() -> Vec<Arg> {
    let preset = Arg::new("preset")
        .long("preset")
        .value_parser(PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>())
        .help("Begin with these knobs; options change them further");
    std::iter::once(preset)
        .chain(KNOBS.iter().map(knob))
        .collect()
}

/// The option of one knob: `topK` is `--top-k`.
fn knob(spec: &'static KnobSpec) -> Arg {
    let arg = Arg::new(spec.key)
        .long(option_name(spec))
        .allow_hyphen_values(true)
        .help(help(spec))
        .help_heading("Knobs");
    match spec.kind {
        Kind::Strings => arg.action(ArgAction::Append).value_name("TEXT"),
        Kind::Bool => arg
            .value_name("true|false")
            .value_parser(ValueParser::bool()),
        Kind::Number | Kind::Integer => arg.value_name("NUMBER"),
        Kind::Choice => arg.value_name("NAME").value_parser(spec.choices.to_vec()),
        Kind::Stages => list(arg, "STAGE"),
        Kind::Ids => list(arg, "ID"),
        Kind::Biases => list(arg, "ID:NUMBER"),
    }
}

/// An option whose values are given one by one, or with commas between them.
fn list(arg: Arg, value: &'static str) -> Arg {
    arg.action(ArgAction::Append)
        .value_delimiter(',')
        .value_name(value)
}

fn option_name(spec: &KnobSpec) -> String {
    // A list is given one by one.
    let mut name = String::new();
    for c in spec.key.chars() {
        if c.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

fn help(spec: &KnobSpec) -> String {
    let default = match spec.default {
        KnobValue::Bool(value) => format!(" [default: {value}]"),
        KnobValue::Number(value) => format!(" [default: {value}]"),
        KnobValue::Choice(value) => format!(" [default: {value}]"),
        KnobValue::List(_) | KnobValue::NoBiases => " (may be given several times)".to_owned(),
    };
    format!("{}{default}", spec.meaning)
}

/// The knobs that the options set, after the preset.
pub(super) fn knobs(matches: &ArgMatches) -> Result<Knobs> {
    let mut knobs = Knobs::default();
    let preset = matches.get_one::<String>("preset");
    if let Some(preset) = PRESETS.iter().find(|p| preset.is_some_and(|n| n == p.name)) {
        knobs = preset.apply(&knobs);
    }
    for spec in KNOBS {
        if let Some(value) = value(spec, matches)? {
            knobs.set(spec.key, &value)?;
        }
    }
    Ok(knobs)
}

/// The value of a knob's option in JSON; ranges are checked by [`Knobs::set`].
fn value(spec: &KnobSpec, matches: &ArgMatches) -> Result<Option<Value>> {
    Ok(match spec.kind {
        Kind::Bool => matches.get_one::<bool>(spec.key).map(|&b| Value::Bool(b)),
        Kind::Choice => matches
            .get_one::<String>(spec.key)
            .map(|name| name.as_str().into()),
        Kind::Strings | Kind::Stages => matches.get_many::<String>(spec.key).map(|texts| {
            let texts = texts.map(|text| Value::String(text.clone()));
            Value::Array(texts.collect())
        }),
        Kind::Ids => match matches.get_many::<String>(spec.key) {
            Some(ids) => Some(ids.map(|id| number(spec, id)).collect::<Result<_>>()?),
            None => None,
        },
        Kind::Biases => match matches.get_many::<String>(spec.key) {
            Some(biases) => {
                let biases = biases.map(|bias| self::bias(spec, bias));
                Some(Value::Object(biases.collect::<Result<_>>()?))
            }
            None => None,
        },
        Kind::Number | Kind::Integer => match matches.get_one::<String>(spec.key) {
            Some(text) => Some(number(spec, text)?),
            None => None,
        },
    })
}

/// The bias of one token: `50:-1.5`.
fn bias(spec: &KnobSpec, text: &str) -> Result<(String, Value)> {
    let Some((id, bias)) = text.split_once(':') else {
        let message = format!(
            "--{} takes a token id and a number, as in 50:-1.5, not \"{text}\"",
            option_name(spec)
        );
        return Err(Error::new(Code::KnobOutOfRange, message));
    };
    Ok((id.to_owned(), number(spec, bias)?))
}

fn number(spec: &KnobSpec, text: &str) -> Result<Value> {
    let whole = text.parse().ok().map(|n: u64| Value::Number(n.into()));
    let any = || {
        let number = text.parse().ok().and_then(Number::from_f64);
        number.map(Value::Number)
    };
    whole.or_else(any).ok_or_else(|| {
        let message = format!("--{} takes a number, not \"{text}\"", option_name(spec));
        Error::new(Code::KnobOutOfRange, message)
    })
}
