//! What a GGUF header says about the tokenizer.

use crate::error::{Code, Error, Result};
use crate::model::gguf::{Header, Value};
use crate::tokenizer::TokenizerSpec;

/// Reads the `tokenizer.*` keys. Lists are moved out of the header, not copied.
///
/// # Errors
/// [`Code::MissingPart`] if there is no vocabulary, [`Code::Corrupt`] for a value of the wrong kind.
pub(super) fn tokenizer_spec(mut header: Header) -> Result<TokenizerSpec> {
    let mut keys = Keys(&mut header);
    Ok(TokenizerSpec {
        model: keys.string("ggml.model")?.ok_or_else(no_tokenizer)?,
        tokens: keys.strings("ggml.tokens")?.ok_or_else(no_tokenizer)?,
        pre: keys.string("ggml.pre")?,
        token_types: keys.integers("ggml.token_type")?,
        scores: keys.floats("ggml.scores")?,
        merges: keys.strings("ggml.merges")?,
        bos: keys.id("ggml.bos_token_id")?,
        eos: keys.id("ggml.eos_token_id")?,
        eot: keys.id("ggml.eot_token_id")?,
        unk: keys.id("ggml.unknown_token_id")?,
        pad: keys.id("ggml.padding_token_id")?,
        add_bos: keys.boolean("ggml.add_bos_token")?,
        add_space_prefix: keys.boolean("ggml.add_space_prefix")?,
        remove_extra_whitespaces: keys.boolean("ggml.remove_extra_whitespaces")?,
        chat_template: keys.string("chat_template")?,
    })
}

fn no_tokenizer() -> Error {
    Error::new(
        Code::MissingPart,
        "the file has no tokenizer (tokenizer.ggml.model, tokenizer.ggml.tokens); convert the model again with its tokenizer",
    )
}

struct Keys<'a>(&'a mut Header);

impl Keys<'_> {
    /// Takes a value out and converts it.
    fn take<T>(
        &mut self,
        key: &str,
        wanted: &str,
        convert: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let key = format!("tokenizer.{key}");
        let Some(value) = self.0.metadata.remove(&key) else {
            return Ok(None);
        };
        convert(value).map(Some).ok_or_else(|| {
            let message = format!("{key} is not {wanted}; the file is damaged, fetch it again");
            Error::new(Code::Corrupt, message)
        })
    }

    fn string(&mut self, key: &str) -> Result<Option<String>> {
        self.take(key, "a string", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    fn strings(&mut self, key: &str) -> Result<Option<Vec<String>>> {
        self.take(key, "a list of strings", |value| match value {
            Value::Strings(list) => Some(list),
            _ => None,
        })
    }

    fn integers(&mut self, key: &str) -> Result<Option<Vec<i32>>> {
        self.take(key, "a list of small integers", |value| match value {
            Value::Ints(list) => list.into_iter().map(|i| i32::try_from(i).ok()).collect(),
            _ => None,
        })
    }

    fn floats(&mut self, key: &str) -> Result<Option<Vec<f32>>> {
        self.take(key, "a list of numbers", |value| match value {
            Value::Floats(list) => Some(list),
            _ => None,
        })
    }

    fn id(&mut self, key: &str) -> Result<Option<u32>> {
        self.take(key, "a token id", |value| match value {
            Value::Int(id) => u32::try_from(id).ok(),
            _ => None,
        })
    }

    fn boolean(&mut self, key: &str) -> Result<Option<bool>> {
        self.take(key, "true or false", |value| match value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        })
    }
}
