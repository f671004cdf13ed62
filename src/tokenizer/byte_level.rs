//! Byte-level vocabularies (`gpt2`): words become bytes, bytes are merged by a list of merges.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::bytes::push_bytes;
use super::merge::{Merge, Symbol, merge_all};
use super::normalize::normalize;
use super::split::Splitter;
use super::vocabulary::Vocabulary;

/// Merges by the ids of their two sides.
type Merges = HashMap<u64, Merge, BuildHasherDefault<PairHasher>>;

/// The encoder of byte-level vocabularies.
#[derive(Debug)]
pub(super) struct ByteLevel {
    rules: Rules,
    bytes: Vec<Option<u32>>,
    merges: Merges,
}

/// What a family of vocabularies does with text before it is merged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// How text is cut into words.
    pub(super) splitter: Splitter,
    /// Whether text is brought into normalization form C first.
    pub(super) normalize: bool,
    /// Whether a word that is a token is taken whole, even where merges would not lead to it.
    pub(super) whole_words: bool,
}

impl ByteLevel {
    /// `merges` are pairs in GPT-2's alphabet with a space between, the first one first.
    pub(super) fn new(rules: Rules, vocabulary: &Vocabulary, merges: &[String]) -> Self {
        Self {
            rules,
            bytes: (0..=u8::MAX).map(|b| vocabulary.find(&[b])).collect(),
            merges: merge_table(vocabulary, merges),
        }
    }

    /// Appends the tokens of a text.
    ///
    /// A byte for which the vocabulary has no token is left out, as the reference does (the default
    /// model lacks six control characters).
    pub(super) fn encode(&self, vocabulary: &Vocabulary, text: &str, ids: &mut Vec<u32>) {
        let text = if self.rules.normalize {
            normalize(text)
        } else {
            Cow::Borrowed(text)
        };
        let mut symbols = Vec::new();
        self.rules.splitter.split(&text, |word| {
            if self.rules.whole_words
                && let Some(id) = vocabulary.find(word.as_bytes())
            {
                ids.push(id);
                return;
            }
            symbols.clear();
            symbols.extend(self.symbols(word));
            merge_all(&mut symbols, |left, right| self.join(left, right));
            ids.extend(symbols.iter().filter_map(|s| s.id));
        });
    }

    fn symbols(&self, word: &str) -> impl Iterator<Item = Symbol> {
        (0..).zip(word.bytes()).filter_map(|(at, byte)| {
            self.bytes[usize::from(byte)].map(|id| Symbol {
                id: Some(id),
                start: at,
                end: at + 1,
            })
        })
    }

    fn join(&self, left: &Symbol, right: &Symbol) -> Option<Merge> {
        self.merges.get(&pair(left.id?, right.id?)).copied()
    }
}

/// A merge whose sides or result are no tokens can never apply, and is left out.
fn merge_table(vocabulary: &Vocabulary, merges: &[String]) -> Merges {
    let mut table = Merges::with_capacity_and_hasher(merges.len(), BuildHasherDefault::new());
    let mut joined = Vec::new();
    for (rank, merge) in (0..).zip(merges) {
        let Some((left, right)) = merge.split_once(' ') else {
            continue;
        };
        joined.clear();
        push_bytes(left, &mut joined);
        let middle = joined.len();
        push_bytes(right, &mut joined);
        let ids = (
            vocabulary.find(&joined[..middle]),
            vocabulary.find(&joined[middle..]),
            vocabulary.find(&joined),
        );
        if let (Some(left), Some(right), Some(id)) = ids {
            table.insert(pair(left, right), Merge { rank, id });
        }
    }
    table
}

fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

/// A hash for pairs of ids: they come from the file, not from whoever writes the text, so the
/// standard one's defence against chosen keys is not needed.
#[derive(Default)]
struct PairHasher(u64);

impl Hasher for PairHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 29);
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }
}
