//! What every token adds to a text, and what it is for.

/// What a token is for, as `tokenizer.ggml.token_type` numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Normal,
    /// Stands for text that the vocabulary cannot write.
    Unknown,
    /// Structure: the start of a turn, the end of a text. Not text.
    Control,
    /// Text that is matched whole, before any merging.
    UserDefined,
    /// A place that the model does not use.
    Unused,
    /// One byte, where no token has the character.
    Byte,
}

impl Kind {
    /// The kind for a number of the file; numbers that nobody assigned are text.
    pub(super) const fn from_number(number: i32) -> Self {
        match number {
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => Self::Normal,
        }
    }
}

/// The bytes and kinds of all tokens, by id.
///
/// The `tokenizers` crate gives text for tokens, in which bytes that are no whole characters are
/// lost; here a token's own bytes are shown.
#[derive(Debug)]
pub(super) struct Vocabulary {
    bytes: Vec<u8>,
    /// End of each token in `bytes`; it starts where the one before ends.
    ends: Vec<u32>,
    kinds: Vec<Kind>,
}

impl Vocabulary {
    /// An empty vocabulary with room for `count` tokens.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(count * 8),
            ends: Vec::with_capacity(count),
            kinds: Vec::with_capacity(count),
        }
    }

    /// Adds the token with the next id.
    pub(super) fn push(&mut self, bytes: &[u8], kind: Kind) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len() as u32);
        self.kinds.push(kind);
    }

    /// Number of tokens.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a token.
    pub(super) fn bytes(&self, id: u32) -> Option<&[u8]> {
        let end = *self.ends.get(id as usize)? as usize;
        let start = match id {
            0 => 0,
            _ => self.ends[id as usize - 1] as usize,
        };
        Some(&self.bytes[start..end])
    }

    /// What a token is for.
    pub(super) fn kind(&self, id: u32) -> Option<Kind> {
        self.kinds.get(id as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_it_holds() {
        let words = ["", "a", "abc", "é"];
        let mut vocabulary = Vocabulary::with_capacity(words.len() + 1);
        for word in words {
            vocabulary.push(word.as_bytes(), Kind::Normal);
        }
        vocabulary.push(b"<end>", Kind::Control);
        for (id, word) in (0..).zip(words) {
            assert_eq!(vocabulary.bytes(id), Some(word.as_bytes()));
        }
        assert_eq!(vocabulary.bytes(4), Some(b"<end>".as_slice()));
        assert_eq!(vocabulary.bytes(5), None);
        assert_eq!(vocabulary.kind(4), Some(Kind::Control));
        assert_eq!(vocabulary.kind(5), None);
    }
}
