//! Text to token ids and back, and chat templates, from what a GGUF file says.
//!
//! Two kinds of vocabulary work: byte-level BPE (`gpt2`) and SentencePiece's BPE (`llama`). The ids are
//! those of the reference implementations, Hugging Face tokenizers and SentencePiece; the vectors
//! in `tests/parity/tokenizer` say so. Encoding is the `tokenizers` crate's, set up from the file's own
//! metadata. Decoding is ours: one token at a time, from a token's own bytes. Not here, on purpose:
//! WordPiece and Unigram vocabularies, training, offsets, truncation and padding.

mod build;
mod byte_level;
mod bytes;
mod chat;
mod decoder;
mod encoder;
mod piece;
mod sentencepiece;
mod spec;
mod vocabulary;

pub use chat::{ChatOptions, ChatTemplate, Message, Moment};
pub use decoder::{DecodeStream, Utf8Stream};
pub use piece::Piece;
pub use spec::TokenizerSpec;

use crate::error::{Code, Error, Result};
use encoder::Encoder;
use vocabulary::{Kind, Vocabulary};

/// What becomes of special (control) tokens such as `<|im_end|>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Special {
    /// Encoding: written out in a text, they are that token (the reference's default).
    /// Decoding: they are structure, and leave no text.
    #[default]
    Parse,
    /// Encoding: they are text like any other; no control token comes of it.
    /// Decoding: they are shown as they are written.
    AsText,
}

/// A tokenizer.
#[derive(Debug)]
pub struct Tokenizer {
    vocabulary: Vocabulary,
    encoder: Encoder,
    /// How many spaces at the start of a text are the tokenizer's and not the text's.
    leading_spaces: usize,
    add_bos: bool,
    bos: Option<u32>,
    eos: Option<u32>,
    eot: Option<u32>,
    chat_template: Option<String>,
}

impl Tokenizer {
    /// The tokens of a text, and nothing before or after them.
    pub fn encode(&self, text: &str, special: Special) -> Vec<u32> {
        self.encoder.encode(text, special)
    }

    /// The tokens of a prompt, raw or from a chat template: special tokens are parsed, and the
    /// token that begins a text comes first where the model wants one and the prompt has none.
    pub fn encode_prompt(&self, text: &str) -> Vec<u32> {
        let mut ids = self.encode(text, Special::Parse);
        if let Some(bos) = self.bos
            && self.add_bos
            && ids.first() != Some(&bos)
        {
            ids.insert(0, bos);
        }
        ids
    }

    /// The text of tokens at the start of a text; bytes that are no characters become U+FFFD.
    ///
    /// # Errors
    /// [`Code::OutOfRange`] for an id outside of the vocabulary.
    pub fn decode(&self, ids: &[u32], special: Special) -> Result<String> {
        let mut stream = self.decode_stream(special);
        let mut text = String::new();
        for id in ids {
            text.push_str(&stream.push(self, *id)?);
        }
        text.push_str(&stream.finish());
        Ok(text)
    }

    /// Decodes tokens from the start of a text on: the space that `llama` vocabularies put in front of
    /// a text is left out again, as in the reference.
    pub fn decode_stream(&self, special: Special) -> DecodeStream {
        DecodeStream::new(special, self.leading_spaces)
    }

    /// Decodes tokens that follow others: a space at their start is kept.
    pub fn decode_stream_after(&self, special: Special) -> DecodeStream {
        DecodeStream::new(special, 0)
    }

    /// What a token adds to a text (special tokens: as they are written).
    ///
    /// # Errors
    /// [`Code::OutOfRange`] for an id outside of the vocabulary.
    pub fn token_bytes(&self, id: u32) -> Result<Vec<u8>> {
        let bytes = self.vocabulary.bytes(id).ok_or_else(|| {
            let count = self.vocabulary.len();
            let message = format!("token {id} is outside of the vocabulary of {count} tokens");
            Error::new(Code::OutOfRange, message)
        })?;
        Ok(bytes.to_vec())
    }

    /// A token for the eye.
    ///
    /// # Errors
    /// [`Code::OutOfRange`] for an id outside of the vocabulary.
    pub fn piece(&self, id: u32) -> Result<Piece> {
        Ok(Piece::new(self.token_bytes(id)?, self.is_special(id)))
    }

    /// Whether a token is structure and not text; false for ids outside of the vocabulary.
    pub fn is_special(&self, id: u32) -> bool {
        matches!(
            self.vocabulary.kind(id),
            Some(Kind::Control | Kind::Unknown)
        )
    }

    /// Number of tokens.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary.len()
    }

    /// The token that begins a text.
    pub const fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The token that ends a text.
    pub const fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// Tokens that end what a model writes: of a text, and of a turn, without repetition.
    pub fn end_tokens(&self) -> Vec<u32> {
        let turn = self.eot.filter(|eot| self.eos != Some(*eot));
        self.eos.into_iter().chain(turn).collect()
    }

    /// The source of the model's chat template.
    pub fn chat_template(&self) -> Option<&str> {
        self.chat_template.as_deref()
    }

    /// A conversation as the model's own template writes it, up to where the model's answer begins.
    /// Special tokens in a message's content become such tokens when the result is encoded, as
    /// in the reference.
    ///
    /// # Errors
    /// [`Code::ChatTemplate`] if the model has no template, or its template does not parse or
    /// refuses the messages.
    pub fn chat_prompt(&self, messages: &[Message], now: Option<Moment>) -> Result<String> {
        let source = self.chat_template().ok_or_else(|| {
            Error::new(
                Code::ChatTemplate,
                "this model has no chat template; use the raw prompt",
            )
        })?;
        let written = |id: Option<u32>| {
            let bytes = id.and_then(|id| self.token_bytes(id).ok());
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        let options = ChatOptions {
            add_generation_prompt: true,
            bos: written(self.bos),
            eos: written(self.eos),
            now,
        };
        ChatTemplate::new(source)?.render(messages, &options)
    }
}
