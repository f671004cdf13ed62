//! Chat templates: a model's own Jinja template turns messages into a prompt.
//!
//! Templates are rendered as Hugging Face transformers does: `trim_blocks`, `lstrip_blocks`,
//! `break` and `continue`, Python's methods on strings and maps, `raise_exception`, `tojson` as Python's
//! `json` writes it, and `strftime_now`. Tools and documents are none.

mod json;
mod language;
mod methods;
mod moment;

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{Environment, ErrorKind, context};

use crate::error::{Code, Error, Result};

pub use moment::Moment;

/// The name under which a template is kept.
const NAME: &str = "chat";

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `system`, `user` or `assistant`; some templates know more.
    pub role: String,
    /// What is said.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            content: content.into(),
        }
    }
}

impl Object for Message {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "role" => Some(Value::from(self.role.as_str())),
            "content" => Some(Value::from(self.content.as_str())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["role", "content"])
    }
}

/// What a template gets besides the messages.
#[derive(Clone, Debug, Default)]
pub struct ChatOptions {
    /// Whether the prompt ends where an answer of the model begins.
    pub add_generation_prompt: bool,
    /// `bos_token`, as it is written; undefined if there is none.
    pub bos: Option<String>,
    /// `eos_token`, as it is written; undefined if there is none.
    pub eos: Option<String>,
    /// What `strftime_now` tells; without it, there is no such function, and templates that only
    /// ask for a date if they can write the same prompt every day.
    pub now: Option<Moment>,
}

/// A chat template.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
}

impl ChatTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// [`Code::ChatTemplate`], with the line.
    pub fn new(source: &str) -> Result<Self> {
        let mut environment = language::environment().map_err(|e| refuse(&e))?;
        environment
            .add_template_owned(NAME, without_generation_marks(source))
            .map_err(|e| refuse(&e))?;
        Ok(Self { environment })
    }

    /// The messages as one text.
    ///
    /// # Errors
    /// [`Code::ChatTemplate`], with the line: the template raised an exception, used what it does not
    /// have, or took too many steps.
    pub fn render(&self, messages: &[Message], options: &ChatOptions) -> Result<String> {
        let messages: Vec<Value> = messages.iter().cloned().map(Value::from_object).collect();
        let mut given = context! {
            messages,
            tools => (),
            documents => (),
            add_generation_prompt => options.add_generation_prompt,
        };
        if let Some(bos) = &options.bos {
            given = context! { bos_token => bos.as_str(), ..given };
        }
        if let Some(eos) = &options.eos {
            given = context! { eos_token => eos.as_str(), ..given };
        }
        if let Some(now) = options.now {
            let strftime = move |format: String| now.format(&format);
            given = context! { strftime_now => Value::from_function(strftime), ..given };
        }
        let template = self.environment.get_template(NAME);
        let rendered = template.and_then(|template| template.render(given));
        rendered.map_err(|e| refuse(&e))
    }
}

/// `{% generation %}` marks what a model wrote, for training; it leaves no trace in a prompt.
fn without_generation_marks(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    for (at, part) in source.split("{%").enumerate() {
        if at > 0 {
            text.push_str("{%");
        }
        let name = part.trim_start_matches(['-', '+']).trim_start();
        let (lead, name) = part.split_at(part.len() - name.len());
        text.push_str(lead);
        let marks = [("generation", "if true"), ("endgeneration", "endif")];
        let mark = marks.iter().find_map(|(mark, instead)| {
            let rest = name.strip_prefix(mark)?;
            let ends = rest.trim_start().trim_start_matches(['-', '+']);
            ends.starts_with("%}").then_some((instead, rest))
        });
        let (instead, rest) = mark.unwrap_or((&"", name));
        text.push_str(instead);
        text.push_str(rest);
    }
    text
}

fn refuse(error: &minijinja::Error) -> Error {
    let line = error
        .line()
        .map_or(String::new(), |l| format!(", line {l}"));
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "it takes too many steps".to_owned(),
        kind => error.detail().map_or(kind.to_string(), str::to_owned),
    };
    let message = format!("the model's chat template failed{line}: {what}; the raw prompt works");
    Error::new(Code::ChatTemplate, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generation_marks_leave_no_trace() {
        let source = "{% if generation %}a{%- generation -%}b{%endgeneration%}c{% endif %}";
        let expected = "{% if generation %}a{%- if true -%}b{%endif%}c{% endif %}";
        assert_eq!(without_generation_marks(source), expected);
    }
}
