//! SentencePiece's BPE vocabularies (`llama`): a text becomes characters, and neighbours merge where
//! the joined text is a token, the highest score first.

use std::cmp::Reverse;

use tokenizers::AddedToken;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{NormalizerWrapper, Prepend, Replace, Sequence};

use crate::error::Result;

use super::TokenizerSpec;
use super::encoder::{Encoder, added_vocabulary, refused, vocabulary_of};
use super::vocabulary::Kind;

/// How such vocabularies write a space (U+2581).
pub(super) const SPACE: &str = "▁";

/// What becomes of the spaces in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spaces {
    /// Whether a text gets a space in front.
    pub(super) prefix: bool,
    /// Whether spaces at the ends go, and runs of them become one.
    pub(super) trim: bool,
}

impl Spaces {
    pub(super) fn of(spec: &TokenizerSpec) -> Self {
        Self {
            prefix: spec.add_space_prefix.unwrap_or(true),
            trim: spec.remove_extra_whitespaces.unwrap_or(false),
        }
    }

    /// How many spaces at the start of a text are not its own.
    pub(super) const fn leading(self) -> usize {
        match (self.trim, self.prefix) {
            (true, _) => usize::MAX,
            (false, prefix) => prefix as usize,
        }
    }

    fn normalizer(self) -> Result<NormalizerWrapper> {
        let mut parts = Vec::new();
        if self.trim {
            // SentencePiece takes its own mark at the end for a space.
            parts.push(replace("^ +|[ ▁]+$", "")?);
            parts.push(replace(" +", SPACE)?);
        } else {
            parts.push(replace(" ", SPACE)?);
        }
        if self.prefix {
            parts.push(Prepend::new(SPACE.to_owned()).into());
        }
        Ok(Sequence::new(parts).into())
    }
}

fn replace(pattern: &str, by: &str) -> Result<NormalizerWrapper> {
    let pattern = ReplacePattern::Regex(pattern.to_owned());
    Ok(Replace::new(pattern, by).map_err(refused)?.into())
}

/// The encoder for a vocabulary and the scores of its tokens.
pub(super) fn encoder(spec: &TokenizerSpec, scores: &[f32], spaces: Spaces) -> Result<Encoder> {
    let mut vocab = vocabulary_of(spec, |kind| kind == Kind::Normal);
    let merges = merges(spec, scores, &vocab);
    // Text never becomes these by merging.
    vocab.extend(vocabulary_of(spec, |kind| kind == Kind::Byte));
    let mut model = BPE::builder().fuse_unk(true).byte_fallback(true);
    if let Some((id, token)) = spec
        .unk
        .and_then(|id| Some((id, spec.tokens.get(id as usize)?)))
    {
        vocab.entry(token.clone()).or_insert(id);
        model = model.unk_token(token.clone());
    }
    let model = model
        .vocab_and_merges(vocab, merges)
        // The whole text is one word: the cache would never see it again.
        .cache_capacity(0)
        .build()
        .map_err(refused)?;
    let added = added_vocabulary(spec, |text, id| match spec.kind(id) {
        Kind::Control | Kind::Unknown => Some(AddedToken::from(text, true)),
        // Found once spaces are marked, for that is how they are written.
        Kind::UserDefined => Some(AddedToken::from(text, false)),
        _ => None,
    })?;
    Ok(Encoder::new(added, Some(spaces.normalizer()?), None, model))
}

/// Two tokens that make a third one.
struct Merge<'a> {
    score: f32,
    left: &'a str,
    right: &'a str,
}

/// All pairs of tokens that make a token, the highest score first.
///
/// SentencePiece has no list of merges; this is the one that the conversion in Hugging Face
/// transformers makes. Where several pairs make tokens of the same score, SentencePiece takes the
/// leftmost in the text, and a list cannot say that: as in the conversion, the longer left side goes
/// first, then the longer right side.
fn merges(spec: &TokenizerSpec, scores: &[f32], vocab: &Vocab) -> Merges {
    let mut merges = Vec::new();
    for (id, (token, score)) in (0..).zip(spec.tokens.iter().zip(scores)) {
        if vocab.get(token) != Some(&id) {
            continue;
        }
        for (middle, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(middle);
            if vocab.contains_key(left) && vocab.contains_key(right) {
                // Minus zero is zero.
                let score = *score + 0.0;
                merges.push(Merge { score, left, right });
            }
        }
    }
    merges.sort_by(|a, b| {
        let by_score = b.score.total_cmp(&a.score);
        by_score.then_with(|| lengths(a).cmp(&lengths(b)))
    });
    let owned = |merge: Merge<'_>| (merge.left.to_owned(), merge.right.to_owned());
    merges.into_iter().map(owned).collect()
}

fn lengths(merge: &Merge<'_>) -> Reverse<(usize, usize)> {
    Reverse((merge.left.chars().count(), merge.right.chars().count()))
}

/// The byte that a token such as `<0x0A>` stands for.
pub(super) fn byte_of(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merges_of(tokens: [&str; 6], scores: [f32; 6]) -> Vec<String> {
        let spec = TokenizerSpec {
            tokens: tokens.map(str::to_owned).to_vec(),
            ..TokenizerSpec::default()
        };
        let vocab = vocabulary_of(&spec, |kind| kind == Kind::Normal);
        let merges = merges(&spec, &scores, &vocab);
        let written = merges.iter().map(|(l, r)| format!("{l}+{r}"));
        written.collect()
    }

    #[test]
    fn merges_follow_scores_then_lengths() {
        let tokens = ["a", "b", "ab", "ba", "aba", "cab"];
        assert_eq!(
            merges_of(tokens, [0.0, 0.0, -2.0, -1.0, -3.0, -0.5]),
            ["b+a", "a+b", "ab+a", "a+ba"]
        );
        assert_eq!(
            merges_of(tokens, [0.0, 0.0, 0.0, -0.0, f32::INFINITY, f32::NAN]),
            ["ab+a", "a+ba", "a+b", "b+a"]
        );
    }

    #[test]
    fn byte_tokens() {
        assert_eq!(byte_of("<0x0A>"), Some(10));
        assert_eq!(byte_of("<0xFF>"), Some(255));
        assert_eq!(byte_of("<0x100>"), None);
        assert_eq!(byte_of("0x0A"), None);
    }
}
