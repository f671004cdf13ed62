//! `tojson` as transformers gives it to templates: Python's `json.dumps(…, ensure_ascii=False)`.

use std::fmt::Write;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, ErrorKind};

/// The filter. Of Python's arguments, `indent` is known; any other is an error.
pub(super) fn to_json(value: &Value, arguments: Kwargs) -> Result<String, Error> {
    let indent = arguments.get("indent")?;
    arguments.assert_all_used()?;
    let mut writer = Writer {
        out: String::new(),
        indent,
        depth: 0,
    };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    /// Spaces a level; without it, all stands on one line.
    indent: Option<usize>,
    depth: usize,
}

impl Writer {
    fn value(&mut self, value: &Value) -> Result<(), Error> {
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool if value.is_true() => self.out.push_str("true"),
            ValueKind::Bool => self.out.push_str("false"),
            ValueKind::Number => self.out.push_str(&value.to_string()),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => self.list(value)?,
            ValueKind::Map => self.map(value)?,
            kind => {
                let message = format!("{kind} cannot be written as JSON");
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
        }
        Ok(())
    }

    fn list(&mut self, value: &Value) -> Result<(), Error> {
        let mut first = true;
        self.out.push('[');
        self.depth += 1;
        for item in value.try_iter()? {
            self.separate(std::mem::take(&mut first));
            self.value(&item)?;
        }
        self.close(first, ']');
        Ok(())
    }

    fn map(&mut self, value: &Value) -> Result<(), Error> {
        let mut first = true;
        self.out.push('{');
        self.depth += 1;
        for key in value.try_iter()? {
            self.separate(std::mem::take(&mut first));
            self.string(&key.to_string());
            self.out.push_str(": ");
            self.value(&value.get_item(&key)?)?;
        }
        self.close(first, '}');
        Ok(())
    }

    fn separate(&mut self, first: bool) {
        match (first, self.indent) {
            (true, None) => {}
            (true, Some(_)) => self.line(),
            (false, None) => self.out.push_str(", "),
            (false, Some(_)) => {
                self.out.push(',');
                self.line();
            }
        }
    }

    fn close(&mut self, empty: bool, bracket: char) {
        self.depth -= 1;
        if !empty && self.indent.is_some() {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        let spaces = self.indent.unwrap_or_default() * self.depth;
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', spaces));
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '\0'..='\x1f' => {
                    // Writing to a string does not fail.
                    let _ = write!(self.out, "\\u{:04x}", c as u32);
                }
                _ => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}
