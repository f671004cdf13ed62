//! Python's methods on strings and maps, as far as chat templates call them.

use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State};

/// Calls a method that the engine itself does not have.
pub(super) fn call(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    match (value.kind(), value.as_str()) {
        (_, Some(text)) => on_text(state, text, method, arguments),
        (ValueKind::Map, _) => on_map(value, method, arguments),
        _ => Err(ErrorKind::UnknownMethod.into()),
    }
}

fn on_text(
    state: &State<'_, '_>,
    text: &str,
    method: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    Ok(match method {
        "strip" | "lstrip" | "rstrip" => strip(text, method, arguments)?.into(),
        "split" => {
            let (separator, limit): (Option<&str>, Option<i64>) = from_args(arguments)?;
            split(text, separator, limit).into()
        }
        "splitlines" => {
            let () = from_args(arguments)?;
            text.lines().map(Value::from).collect::<Vec<_>>().into()
        }
        "startswith" => affix(arguments, |part| text.starts_with(part))?.into(),
        "endswith" => affix(arguments, |part| text.ends_with(part))?.into(),
        "removeprefix" => {
            let (part,): (&str,) = from_args(arguments)?;
            text.strip_prefix(part).unwrap_or(text).into()
        }
        "removesuffix" => {
            let (part,): (&str,) = from_args(arguments)?;
            text.strip_suffix(part).unwrap_or(text).into()
        }
        "find" => {
            let (part,): (&str,) = from_args(arguments)?;
            position(text, text.find(part)).into()
        }
        "rfind" => {
            let (part,): (&str,) = from_args(arguments)?;
            position(text, text.rfind(part)).into()
        }
        "count" => {
            let (part,): (&str,) = from_args(arguments)?;
            text.matches(part).count().into()
        }
        "replace" => {
            let (from, to, limit): (&str, &str, Option<i64>) = from_args(arguments)?;
            replace(state, text, from, to, limit)?.into()
        }
        "join" => {
            let (parts,): (&Value,) = from_args(arguments)?;
            let parts: Vec<String> = parts.try_iter()?.map(|part| part.to_string()).collect();
            parts.join(text).into()
        }
        "upper" => {
            let () = from_args(arguments)?;
            text.to_uppercase().into()
        }
        "lower" => {
            let () = from_args(arguments)?;
            text.to_lowercase().into()
        }
        "capitalize" => {
            let () = from_args(arguments)?;
            capitalize(text).into()
        }
        "title" => {
            let () = from_args(arguments)?;
            title(text).into()
        }
        "isdigit" => {
            let () = from_args(arguments)?;
            (!text.is_empty() && text.chars().all(char::is_numeric)).into()
        }
        _ => return Err(ErrorKind::UnknownMethod.into()),
    })
}

/// White space, or any of the given characters, taken off one end or both.
fn strip<'t>(text: &'t str, method: &str, arguments: &[Value]) -> Result<&'t str, Error> {
    let (characters,): (Option<&str>,) = from_args(arguments)?;
    let goes = |c: char| characters.map_or(c.is_whitespace(), |all| all.contains(c));
    let text = match method {
        "rstrip" => text,
        _ => text.trim_start_matches(goes),
    };
    Ok(match method {
        "lstrip" => text,
        _ => text.trim_end_matches(goes),
    })
}

/// Parts between separators, at most `limit` cuts of them; without a separator, words.
fn split(text: &str, separator: Option<&str>, limit: Option<i64>) -> Vec<Value> {
    let cuts = limit.and_then(|limit| usize::try_from(limit).ok());
    let parts = cuts.map_or(usize::MAX, |cuts| cuts.saturating_add(1));
    match separator {
        Some(separator) => text.splitn(parts, separator).map(Value::from).collect(),
        None => words(text, parts),
    }
}

fn words(text: &str, parts: usize) -> Vec<Value> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let last = words.len() + 1 == parts;
        let end = rest.find(char::is_whitespace).filter(|_| !last);
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(Value::from(word));
        rest = after.trim_start();
    }
    words
}

/// Whether a text has this part, or one of these.
fn affix(arguments: &[Value], has: impl Fn(&str) -> bool) -> Result<bool, Error> {
    let (part,): (&Value,) = from_args(arguments)?;
    if let Some(part) = part.as_str() {
        return Ok(has(part));
    }
    Ok(part.try_iter()?.any(|part| part.as_str().is_some_and(&has)))
}

/// An offset in characters; −1 for none.
fn position(text: &str, at: Option<usize>) -> i64 {
    at.map_or(-1, |at| text[..at].chars().count() as i64)
}

/// The filter and the method of that name: the first `limit` places, or all.
pub(super) fn replace(
    state: &State<'_, '_>,
    text: &str,
    from: &str,
    to: &str,
    limit: Option<i64>,
) -> Result<String, Error> {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let count = text.matches(from).count().min(limit.unwrap_or(usize::MAX));
    // A short text can grow long here: it is paid for before it is made.
    state.consume_fuel((count.saturating_mul(to.len()) / 64) as u64)?;
    Ok(text.replacen(from, to, count))
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars.as_str().to_lowercase().chars()).collect()
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn on_map(map: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    match method {
        "get" => {
            let (key, default): (&Value, Option<Value>) = from_args(arguments)?;
            let found = map.get_item(key)?;
            let default = default.unwrap_or_else(|| Value::from(()));
            Ok(if found.is_undefined() { default } else { found })
        }
        "keys" => {
            let () = from_args(arguments)?;
            Ok(map.try_iter()?.collect::<Vec<_>>().into())
        }
        "values" => {
            let () = from_args(arguments)?;
            pairs(map, |_, value| value)
        }
        "items" => {
            let () = from_args(arguments)?;
            pairs(map, |key, value| Value::from(vec![key, value]))
        }
        _ => Err(ErrorKind::UnknownMethod.into()),
    }
}

fn pairs(map: &Value, make: impl Fn(Value, Value) -> Value) -> Result<Value, Error> {
    let mut made = Vec::new();
    for key in map.try_iter()? {
        let value = map.get_item(&key)?;
        made.push(make(key, value));
    }
    Ok(made.into())
}
