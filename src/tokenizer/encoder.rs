//! Text to ids: the parts of the `tokenizers` crate, one after the other.

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::{AddedToken, AddedVocabulary, Model, OffsetType, PreTokenizer};

use crate::error::{Code, Error, Result};

use super::vocabulary::Kind;
use super::{Special, TokenizerSpec};

/// What text goes through before its words are merged, and the merges.
///
/// It is not the crate's own `Tokenizer`: there, whether control tokens are parsed is a state, and
/// here each call says so.
#[derive(Debug)]
pub(super) struct Encoder {
    /// Finds tokens that are written out in a text.
    added: AddedVocabulary,
    /// The same, but for control tokens, which are text.
    added_as_text: AddedVocabulary,
    normalizer: Option<NormalizerWrapper>,
    pre_tokenizer: Option<PreTokenizerWrapper>,
    model: BPE,
}

impl Encoder {
    pub(super) fn new(
        added: AddedVocabulary,
        normalizer: Option<NormalizerWrapper>,
        pre_tokenizer: Option<PreTokenizerWrapper>,
        model: BPE,
    ) -> Self {
        let mut added_as_text = added.clone();
        added_as_text.set_encode_special_tokens(true);
        Self {
            added,
            added_as_text,
            normalizer,
            pre_tokenizer,
            model,
        }
    }

    /// The tokens of a text.
    pub(super) fn encode(&self, text: &str, special: Special) -> Vec<u32> {
        // A byte-pair model fails in one case: its unknown token is not in its vocabulary. It is put there.
        self.try_encode(text, special)
            .expect("the unknown token is in the vocabulary")
    }

    fn try_encode(&self, text: &str, special: Special) -> tokenizers::Result<Vec<u32>> {
        let added = match special {
            Special::Parse => &self.added,
            Special::AsText => &self.added_as_text,
        };
        let mut text = added.extract_and_normalize(self.normalizer.as_ref(), text);
        if let Some(pre_tokenizer) = &self.pre_tokenizer {
            pre_tokenizer.pre_tokenize(&mut text)?;
        }
        self.model.tokenize_in_pretokenized(&mut text, None)?;
        let encoding = text.into_encoding(None, 0, OffsetType::None)?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// The tokens of some kinds, as they are written; of two that are written alike, the first.
pub(super) fn vocabulary_of(spec: &TokenizerSpec, wanted: impl Fn(Kind) -> bool) -> Vocab {
    let mut vocab = Vocab::with_capacity(spec.tokens.len());
    for (id, token) in (0..).zip(&spec.tokens) {
        if wanted(spec.kind(id)) {
            vocab.entry(token.clone()).or_insert(id);
        }
    }
    vocab
}

/// The added tokens of a vocabulary: those for which `added` has an answer.
pub(super) fn added_vocabulary(
    spec: &TokenizerSpec,
    added: impl Fn(&str, u32) -> Option<AddedToken>,
) -> Result<AddedVocabulary> {
    let mut ids = Vocab::default();
    let mut tokens = Vec::new();
    for (id, text) in (0..).zip(&spec.tokens) {
        if let Some(token) = added(text, id) {
            ids.entry(text.clone()).or_insert(id);
            tokens.push(token);
        }
    }
    // The crate takes ids from a model. It is not the one that merges: text that is no token by
    // itself must not become a control token there.
    let ids = WordLevel::builder().vocab(ids).build().map_err(refused)?;
    let mut vocabulary = AddedVocabulary::new();
    // Patterns are taken as they are: they are in the form that text has once it is normalized.
    vocabulary
        .add_tokens(tokens, &ids, None::<&NormalizerWrapper>)
        .map_err(refused)?;
    Ok(vocabulary)
}

/// What the crate does not take.
pub(super) fn refused(error: tokenizers::Error) -> Error {
    let message = format!("the tokenizer cannot be built from the file's metadata: {error}");
    Error::new(Code::UnsupportedTokenizer, message)
}
