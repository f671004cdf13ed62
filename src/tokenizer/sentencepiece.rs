//! SentencePiece's BPE vocabularies (`llama`): a text becomes characters, and neighbours merge where
//! the joined text is a token, the highest score first.

use super::merge::{Merge, Symbol, merge_all};
use super::special::Matcher;
use super::vocabulary::{Kind, Vocabulary};

/// How such vocabularies write a space (U+2581).
pub(super) const SPACE: &str = "▁";

/// The encoder of SentencePiece vocabularies.
#[derive(Debug)]
pub(super) struct SentencePiece {
    /// Whether a text gets a space in front.
    pub(super) space_prefix: bool,
    /// Whether spaces at the ends go, and runs of them become one.
    pub(super) trim_spaces: bool,
    /// Tokens that are found before any merging, written with [`SPACE`].
    pub(super) user_defined: Matcher,
    /// By id; a higher score is a smaller rank.
    pub(super) ranks: Vec<u32>,
    /// The token of each byte, for characters that have none.
    pub(super) bytes: Vec<Option<u32>>,
    /// Stands for characters where bytes have no tokens either.
    pub(super) unknown: Option<u32>,
}

impl SentencePiece {
    /// Appends the tokens of a text.
    pub(super) fn encode(&self, vocabulary: &Vocabulary, text: &str, ids: &mut Vec<u32>) {
        let text = self.normalize(text);
        let mut symbols = self.symbols(vocabulary, &text);
        merge_all(&mut symbols, |left, right| {
            self.join(vocabulary, &text, left, right)
        });
        let mut after_unknown = false;
        for symbol in symbols {
            let written = match symbol.id {
                Some(id) => {
                    ids.push(id);
                    true
                }
                None => self.push_bytes(bytes_of(&text, symbol.start, symbol.end), ids),
            };
            // One token stands for a whole run of unknown characters.
            if !written && !after_unknown {
                ids.extend(self.unknown);
            }
            after_unknown = !written;
        }
    }

    /// The text as it is matched: spaces written with [`SPACE`], and perhaps one in front.
    fn normalize(&self, text: &str) -> String {
        let body = if self.trim_spaces {
            trim_spaces(text)
        } else {
            text.replace(' ', SPACE)
        };
        if self.space_prefix && !body.is_empty() {
            format!("{SPACE}{body}")
        } else {
            body
        }
    }

    /// User-defined tokens where they stand, and single characters between them.
    fn symbols(&self, vocabulary: &Vocabulary, text: &str) -> Vec<Symbol> {
        let mut symbols = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let token = self.user_defined.prefix(rest.as_bytes());
            let length = token.map_or(first.len_utf8(), |(_, length)| length);
            let start = text.len() - rest.len();
            let (symbol, after) = rest.split_at(length);
            symbols.push(Symbol {
                id: token
                    .map(|(id, _)| id)
                    .or_else(|| vocabulary.find(symbol.as_bytes())),
                start: start as u32,
                end: (start + length) as u32,
            });
            rest = after;
        }
        symbols
    }

    /// The token that two neighbours make, if there is one; user-defined tokens stay apart.
    fn join(&self, all: &Vocabulary, text: &str, left: &Symbol, right: &Symbol) -> Option<Merge> {
        let fixed = |s: &Symbol| s.id.and_then(|id| all.kind(id)) == Some(Kind::UserDefined);
        if fixed(left) || fixed(right) {
            return None;
        }
        let id = all.find(bytes_of(text, left.start, right.end))?;
        let rank = *self.ranks.get(id as usize)?;
        Some(Merge { rank, id })
    }

    /// Appends the tokens of single bytes; false, and nothing, if one of them has none.
    fn push_bytes(&self, bytes: &[u8], ids: &mut Vec<u32>) -> bool {
        let tokens = bytes.iter().map(|b| self.bytes[usize::from(*b)]);
        let tokens: Option<Vec<u32>> = tokens.collect();
        ids.extend(tokens.iter().flatten());
        tokens.is_some()
    }
}

/// Single spaces between words, none at the ends; SentencePiece takes its own mark at the end for one.
fn trim_spaces(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let body = words.join(SPACE);
    body.trim_end_matches(SPACE).to_owned()
}

fn bytes_of(text: &str, start: u32, end: u32) -> &[u8] {
    &text.as_bytes()[start as usize..end as usize]
}

/// A number that is smaller where the score is higher, in the order of all floats.
pub(super) fn rank_of(score: f32) -> u32 {
    // Minus zero is zero.
    let bits = (score + 0.0).to_bits();
    match bits >> 31 {
        0 => !(bits | 1 << 31),
        _ => bits,
    }
}

/// The byte that a token such as `<0x0A>` stands for.
pub(super) fn byte_of(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_scores() {
        let scores = [f32::INFINITY, 3.5, 1.0, 0.0, -0.5, -1.0, -48_000.0];
        let ranks: Vec<u32> = scores.into_iter().map(rank_of).collect();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
        assert_eq!(rank_of(0.0), rank_of(-0.0));
    }

    #[test]
    fn byte_tokens() {
        assert_eq!(byte_of("<0x0A>"), Some(10));
        assert_eq!(byte_of("<0xFF>"), Some(255));
        assert_eq!(byte_of("<0x100>"), None);
        assert_eq!(byte_of("0x0A"), None);
    }
}
