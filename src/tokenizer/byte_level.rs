//! Byte-level vocabularies (`gpt2`): text is cut into words, words become bytes, and bytes are merged
//! by a list of merges.

use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::{NFC, NormalizerWrapper};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior};

use crate::error::Result;

use super::TokenizerSpec;
use super::encoder::{Encoder, added_vocabulary, refused, vocabulary_of};
use super::vocabulary::Kind;

/// The names in `tokenizer.ggml.pre` that work, for the message about one that does not.
pub(super) const FAMILIES: &str =
    "gpt-2, default, smollm, qwen2, deepseek-r1-qwen, llama-bpe, llama3, llama-v3, falcon3, lfm2";

/// Llama 3's expression for a word; `DIGITS` says how many number characters are one.
const MODERN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// What a family of vocabularies does with text before it is merged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    words: Words,
    /// Whether text is brought into normalization form C first.
    compose: bool,
    /// Whether a word that is a token is taken whole, even where merges would not lead to it.
    whole_words: bool,
}

/// How text is cut into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    /// By GPT-2's expression.
    Gpt2,
    /// Each number character for itself, then by GPT-2's expression.
    DigitsGpt2,
    /// By Llama 3's expression, with at most three number characters in a word.
    Llama3,
    /// By the same, with one (Qwen 2).
    Qwen2,
}

impl Family {
    /// What a name in `tokenizer.ggml.pre` stands for.
    pub(super) fn named(pre: &str) -> Option<Self> {
        let (words, compose, whole_words) = match pre {
            "gpt-2" | "default" => (Words::Gpt2, false, false),
            "smollm" => (Words::DigitsGpt2, false, false),
            "qwen2" => (Words::Qwen2, true, false),
            "deepseek-r1-qwen" => (Words::Qwen2, false, false),
            "llama-bpe" | "llama3" | "llama-v3" | "falcon3" | "lfm2" => {
                (Words::Llama3, false, true)
            }
            _ => return None,
        };
        Some(Self {
            words,
            compose,
            whole_words,
        })
    }

    /// Whether prompts begin with `bos` in files that do not say.
    pub(super) fn adds_bos(self) -> bool {
        self.words == Words::Llama3
    }

    /// The encoder for a vocabulary of the family.
    ///
    /// Bytes for which the vocabulary has no token are left out, as in the reference (the default
    /// model lacks six control characters).
    pub(super) fn encoder(self, spec: &TokenizerSpec, merges: &[String]) -> Result<Encoder> {
        let vocab = vocabulary_of(spec, |kind| {
            matches!(kind, Kind::Normal | Kind::UserDefined)
        });
        let merges = known_merges(&vocab, merges);
        let model = BPE::builder()
            .vocab_and_merges(vocab, merges)
            .ignore_merges(self.whole_words)
            // The cache outlives the tokenizer, and texts are short.
            .cache_capacity(0)
            .build()
            .map_err(refused)?;
        let added = added_vocabulary(spec, |text, id| {
            let special = match spec.kind(id) {
                Kind::Control | Kind::Unknown => true,
                Kind::UserDefined => false,
                _ => return None,
            };
            Some(AddedToken::from(text, special).normalized(false))
        })?;
        let normalizer = self.compose.then_some(NormalizerWrapper::NFC(NFC));
        Ok(Encoder::new(
            added,
            normalizer,
            Some(self.words.pre_tokenizer()?),
            model,
        ))
    }
}

impl Words {
    /// What cuts text into words, and writes them in GPT-2's alphabet.
    fn pre_tokenizer(self) -> Result<PreTokenizerWrapper> {
        let bytes = |use_regex| ByteLevel::new(false, false, use_regex).into();
        let parts = match self {
            Self::Gpt2 => vec![bytes(true)],
            Self::DigitsGpt2 => vec![Digits::new(true).into(), bytes(true)],
            Self::Llama3 => vec![modern("{1,3}")?, bytes(false)],
            Self::Qwen2 => vec![modern("")?, bytes(false)],
        };
        Ok(Sequence::new(parts).into())
    }
}

fn modern(digits: &str) -> Result<PreTokenizerWrapper> {
    let pattern = SplitPattern::Regex(MODERN.replace("DIGITS", digits));
    let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
    Ok(split.map_err(refused)?.into())
}

/// The merges as pairs. One whose sides or result are no tokens can never apply; the crate would
/// refuse the vocabulary for it.
fn known_merges(vocab: &Vocab, merges: &[String]) -> Merges {
    let mut known = Merges::with_capacity(merges.len());
    let mut joined = String::new();
    for (left, right) in merges.iter().filter_map(|merge| merge.split_once(' ')) {
        joined.clear();
        joined.push_str(left);
        joined.push_str(right);
        if [left, right, &joined]
            .iter()
            .all(|t| vocab.contains_key(*t))
        {
            known.push((left.to_owned(), right.to_owned()));
        }
    }
    known
}
