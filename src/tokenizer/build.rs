//! From a file's metadata to a tokenizer.

use crate::error::{Code, Error, Result};

use super::byte_level::{FAMILIES, Family};
use super::bytes::push_bytes;
use super::encoder::Encoder;
use super::sentencepiece::{self, SPACE, Spaces};
use super::vocabulary::{Kind, Vocabulary};
use super::{Tokenizer, TokenizerSpec};

fn missing(key: &str) -> Error {
    let message = format!("the file has no tokenizer.ggml.{key}, which its vocabulary needs");
    Error::new(Code::MissingPart, message)
}

fn unsupported(message: String) -> Error {
    Error::new(Code::UnsupportedTokenizer, message)
}

impl Tokenizer {
    /// Builds a tokenizer.
    ///
    /// # Errors
    /// [`Code::UnsupportedTokenizer`] for a kind of vocabulary or a way to cut words that is not
    /// known here, [`Code::MissingPart`] for one without merges or scores, [`Code::Corrupt`] where
    /// lists and ids do not fit each other.
    pub fn new(spec: TokenizerSpec) -> Result<Self> {
        spec.check()?;
        match spec.model.as_str() {
            "gpt2" => Self::byte_level(spec),
            "llama" => Self::sentencepiece(spec),
            other => Err(unsupported(format!(
                "the vocabulary is of the kind \"{other}\"; those that work are gpt2 (byte-level BPE) and llama (SentencePiece BPE)"
            ))),
        }
    }

    fn byte_level(spec: TokenizerSpec) -> Result<Self> {
        let pre = spec.pre.as_deref().unwrap_or("default");
        let family = Family::named(pre).ok_or_else(|| {
            unsupported(format!(
                "text is cut into words in the way \"{pre}\" (tokenizer.ggml.pre); those that work are {FAMILIES}"
            ))
        })?;
        let merges = spec.merges.as_deref().ok_or_else(|| missing("merges"))?;
        let encoder = family.encoder(&spec, merges)?;
        let vocabulary = vocabulary(&spec, |token, kind, bytes| match kind {
            Kind::Normal => push_bytes(token, bytes),
            _ => bytes.extend_from_slice(token.as_bytes()),
        });
        let add_bos = family.adds_bos();
        Ok(Self::assemble(spec, vocabulary, encoder, 0, add_bos))
    }

    fn sentencepiece(spec: TokenizerSpec) -> Result<Self> {
        let scores = spec.scores.as_deref().ok_or_else(|| missing("scores"))?;
        let spaces = Spaces::of(&spec);
        let encoder = sentencepiece::encoder(&spec, scores, spaces)?;
        let vocabulary = vocabulary(&spec, |token, kind, bytes| {
            match sentencepiece::byte_of(token).filter(|_| kind == Kind::Byte) {
                Some(byte) => bytes.push(byte),
                None => bytes.extend_from_slice(token.replace(SPACE, " ").as_bytes()),
            }
        });
        let leading = spaces.leading();
        Ok(Self::assemble(spec, vocabulary, encoder, leading, true))
    }

    fn assemble(
        spec: TokenizerSpec,
        vocabulary: Vocabulary,
        encoder: Encoder,
        leading_spaces: usize,
        add_bos: bool,
    ) -> Self {
        Self {
            vocabulary,
            encoder,
            leading_spaces,
            add_bos: spec.add_bos.unwrap_or(add_bos),
            bos: spec.bos,
            eos: spec.eos,
            eot: spec.eot,
            chat_template: spec.chat_template,
        }
    }
}

/// All tokens; `write` appends the bytes that one adds to a text.
fn vocabulary(spec: &TokenizerSpec, write: impl Fn(&str, Kind, &mut Vec<u8>)) -> Vocabulary {
    let mut vocabulary = Vocabulary::with_capacity(spec.tokens.len());
    let mut bytes = Vec::new();
    for (id, token) in (0..).zip(&spec.tokens) {
        let kind = spec.kind(id);
        bytes.clear();
        write(token, kind, &mut bytes);
        vocabulary.push(&bytes, kind);
    }
    vocabulary
}
