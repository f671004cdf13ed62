//! What a tokenizer is made of, as GGUF's metadata states it.

use crate::error::{Code, Error, Result};

use super::vocabulary::Kind;

/// The `tokenizer.*` entries of a GGUF file; `None` where the file has no such key.
///
/// `tokenizer.ggml.add_eos_token` is not among them: a prompt is there to be continued.
#[derive(Clone, Debug, Default)]
pub struct TokenizerSpec {
    /// `tokenizer.ggml.model`: `gpt2` or `llama`.
    pub model: String,
    /// `tokenizer.ggml.pre`: how text is cut into words.
    pub pre: Option<String>,
    /// `tokenizer.ggml.tokens`: by id, in the vocabulary's own notation.
    pub tokens: Vec<String>,
    /// `tokenizer.ggml.token_type`: by id.
    pub token_types: Option<Vec<i32>>,
    /// `tokenizer.ggml.scores`: by id; `llama` needs them.
    pub scores: Option<Vec<f32>>,
    /// `tokenizer.ggml.merges`: two tokens with a space between; `gpt2` needs them.
    pub merges: Option<Vec<String>>,
    /// `tokenizer.ggml.bos_token_id`: begins a text.
    pub bos: Option<u32>,
    /// `tokenizer.ggml.eos_token_id`: ends a text.
    pub eos: Option<u32>,
    /// `tokenizer.ggml.eot_token_id`: ends a turn.
    pub eot: Option<u32>,
    /// `tokenizer.ggml.unknown_token_id`.
    pub unk: Option<u32>,
    /// `tokenizer.ggml.padding_token_id`.
    pub pad: Option<u32>,
    /// `tokenizer.ggml.add_bos_token`: whether a prompt begins with `bos`.
    pub add_bos: Option<bool>,
    /// `tokenizer.ggml.add_space_prefix`: whether `llama` puts a space in front of a text.
    pub add_space_prefix: Option<bool>,
    /// `tokenizer.ggml.remove_extra_whitespaces`: whether `llama` trims and collapses spaces.
    pub remove_extra_whitespaces: Option<bool>,
    /// `tokenizer.chat_template`: a Jinja template.
    pub chat_template: Option<String>,
}

impl TokenizerSpec {
    /// Whether the lists are of one length and the ids lie within them.
    pub(super) fn check(&self) -> Result<()> {
        let count = self.tokens.len();
        self.check_length("token_type", self.token_types.as_ref().map(Vec::len))?;
        self.check_length("scores", self.scores.as_ref().map(Vec::len))?;
        for (key, id) in self.ids() {
            if id.is_some_and(|id| id as usize >= count) {
                let message =
                    format!("tokenizer.ggml.{key} is outside of the vocabulary of {count} tokens");
                return Err(Error::new(Code::Corrupt, message));
            }
        }
        Ok(())
    }

    fn check_length(&self, key: &str, length: Option<usize>) -> Result<()> {
        match length {
            Some(length) if length != self.tokens.len() => Err(Error::new(
                Code::Corrupt,
                format!(
                    "tokenizer.ggml.{key} has {length} entries for {} tokens",
                    self.tokens.len()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn ids(&self) -> [(&'static str, Option<u32>); 5] {
        [
            ("bos_token_id", self.bos),
            ("eos_token_id", self.eos),
            ("eot_token_id", self.eot),
            ("unknown_token_id", self.unk),
            ("padding_token_id", self.pad),
        ]
    }

    /// What a token is for. Files without types have only the named tokens to go by.
    pub(super) fn kind(&self, id: u32) -> Kind {
        if let Some(types) = &self.token_types {
            return types
                .get(id as usize)
                .map_or(Kind::Normal, |number| Kind::from_number(*number));
        }
        match Some(id) {
            id if id == self.unk => Kind::Unknown,
            id if [self.bos, self.eos, self.eot, self.pad].contains(&id) => Kind::Control,
            _ => Kind::Normal,
        }
    }
}
