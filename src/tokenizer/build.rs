//! From a file's metadata to a tokenizer.

use crate::error::{Code, Error, Result};

use super::byte_level::{ByteLevel, Rules};
use super::bytes::push_bytes;
use super::sentencepiece::{self, SentencePiece};
use super::special::Matcher;
use super::split::Splitter;
use super::vocabulary::{Kind, Vocabulary};
use super::{Encoder, Tokenizer, TokenizerSpec};

/// The names in `tokenizer.ggml.pre` that work, for the message about one that does not.
const SPLITTERS: &str =
    "gpt-2, default, smollm, qwen2, deepseek-r1-qwen, llama-bpe, llama3, llama-v3, falcon3, lfm2";

/// What a name in `tokenizer.ggml.pre` stands for.
fn rules(pre: &str) -> Option<Rules> {
    let (splitter, normalize, whole_words) = match pre {
        "gpt-2" | "default" => (Splitter::Gpt2, false, false),
        "smollm" => (Splitter::DigitsGpt2, false, false),
        "qwen2" => (Splitter::Modern { digits: 1 }, true, false),
        "deepseek-r1-qwen" => (Splitter::Modern { digits: 1 }, false, false),
        "llama-bpe" | "llama3" | "llama-v3" | "falcon3" | "lfm2" => {
            (Splitter::Modern { digits: 3 }, false, true)
        }
        _ => return None,
    };
    Some(Rules {
        splitter,
        normalize,
        whole_words,
    })
}

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
        let rules = rules(pre).ok_or_else(|| {
            unsupported(format!(
                "text is cut into words in the way \"{pre}\" (tokenizer.ggml.pre); those that work are {SPLITTERS}"
            ))
        })?;
        let merges = spec.merges.as_deref().ok_or_else(|| missing("merges"))?;
        let mut vocabulary = Vocabulary::with_capacity(spec.tokens.len());
        let mut bytes = Vec::new();
        for (id, token) in (0..).zip(&spec.tokens) {
            let kind = spec.kind(id);
            bytes.clear();
            match kind {
                Kind::Normal => push_bytes(token, &mut bytes),
                _ => bytes.extend_from_slice(token.as_bytes()),
            }
            vocabulary.push(&bytes, kind, kind == Kind::Normal);
        }
        let encoder = ByteLevel::new(rules, &vocabulary, merges);
        let add_bos = rules.splitter == Splitter::Modern { digits: 3 };
        let without_control = matcher(&spec, |kind| kind == Kind::UserDefined);
        Ok(Self::assemble(
            spec,
            vocabulary,
            Encoder::ByteLevel(encoder),
            without_control,
            add_bos,
        ))
    }

    fn sentencepiece(spec: TokenizerSpec) -> Result<Self> {
        let scores = spec.scores.as_deref().ok_or_else(|| missing("scores"))?;
        let mut vocabulary = Vocabulary::with_capacity(spec.tokens.len());
        let mut bytes = vec![None; 256];
        for (id, token) in (0..).zip(&spec.tokens) {
            let kind = spec.kind(id);
            let byte = sentencepiece::byte_of(token).filter(|_| kind == Kind::Byte);
            if let Some(byte) = byte {
                bytes[usize::from(byte)] = Some(id);
            }
            let text = matches!(kind, Kind::Normal | Kind::UserDefined);
            match byte {
                Some(byte) => vocabulary.push(&[byte], kind, false),
                None => vocabulary.push(token.as_bytes(), kind, text),
            }
        }
        let encoder = SentencePiece {
            space_prefix: spec.add_space_prefix.unwrap_or(true),
            trim_spaces: spec.remove_extra_whitespaces.unwrap_or(false),
            user_defined: matcher(&spec, |kind| kind == Kind::UserDefined),
            ranks: scores.iter().copied().map(sentencepiece::rank_of).collect(),
            bytes,
            unknown: spec.unk,
        };
        let nothing = matcher(&spec, |_| false);
        Ok(Self::assemble(
            spec,
            vocabulary,
            Encoder::SentencePiece(encoder),
            nothing,
            true,
        ))
    }

    fn assemble(
        spec: TokenizerSpec,
        vocabulary: Vocabulary,
        encoder: Encoder,
        without_control: Matcher,
        add_bos: bool,
    ) -> Self {
        let with_user_defined = matches!(encoder, Encoder::ByteLevel(_));
        let with_control = matcher(&spec, |kind| match kind {
            Kind::Control | Kind::Unknown => true,
            Kind::UserDefined => with_user_defined,
            _ => false,
        });
        Self {
            vocabulary,
            encoder,
            with_control,
            without_control,
            add_bos: spec.add_bos.unwrap_or(add_bos),
            bos: spec.bos,
            eos: spec.eos,
            eot: spec.eot,
            chat_template: spec.chat_template,
        }
    }
}

/// Looks for the tokens of some kinds.
fn matcher(spec: &TokenizerSpec, wanted: impl Fn(Kind) -> bool) -> Matcher {
    let tokens = (0..).zip(&spec.tokens);
    Matcher::new(
        tokens
            .filter(|(id, _)| wanted(spec.kind(*id)))
            .map(|(id, token)| (token.as_str(), id)),
    )
}
