//! The bytes of every token, and the way back from bytes to an id.

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

/// All tokens in one buffer, and an open-addressing table over those that text may become.
///
/// A map with a key of its own for each of up to 262,144 tokens would take several times the
/// memory and most of the time that a tokenizer takes to build.
#[derive(Debug)]
pub(super) struct Vocabulary {
    bytes: Vec<u8>,
    /// End of each token in `bytes`; it starts where the one before ends.
    ends: Vec<u32>,
    kinds: Vec<Kind>,
    /// `id + 1`, or 0 for an empty slot; a power of two long, at most half full.
    slots: Vec<u32>,
    longest: usize,
}

impl Vocabulary {
    /// An empty vocabulary with room for `count` tokens.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(count * 8),
            ends: Vec::with_capacity(count),
            kinds: Vec::with_capacity(count),
            slots: vec![0; (count * 2).next_power_of_two()],
            longest: 0,
        }
    }

    /// Adds the token with the next id. `searchable` tokens can be found by their bytes; of two
    /// with the same bytes, the first.
    pub(super) fn push(&mut self, bytes: &[u8], kind: Kind, searchable: bool) {
        if searchable && let Err(slot) = self.slot(bytes) {
            self.slots[slot] = self.ends.len() as u32 + 1;
            self.longest = self.longest.max(bytes.len());
        }
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

    /// The searchable token with these bytes.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<u32> {
        if bytes.len() > self.longest {
            return None;
        }
        self.slot(bytes).ok()
    }

    /// The id with these bytes, or the slot where it would go.
    fn slot(&self, bytes: &[u8]) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = hash(bytes) as usize & mask;
        while let Some(id) = self.slots[slot].checked_sub(1) {
            if self.bytes(id) == Some(bytes) {
                return Ok(id);
            }
            slot = (slot + 1) & mask;
        }
        Err(slot)
    }
}

/// FNV-1a with a final mix: the table uses the low bits.
fn hash(bytes: &[u8]) -> u32 {
    let fold = |h: u32, b: &u8| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193);
    let h = bytes.iter().fold(0x811C_9DC5, fold);
    (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D) ^ (h >> 13)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_it_holds_and_only_what_is_searchable() {
        let words = ["", "a", "ab", "abc", "b", "é"];
        let mut vocabulary = Vocabulary::with_capacity(words.len() + 2);
        for word in words {
            vocabulary.push(word.as_bytes(), Kind::Normal, true);
        }
        vocabulary.push(b"<end>", Kind::Control, false);
        vocabulary.push(b"ab", Kind::Normal, true);
        for (id, word) in (0..).zip(words) {
            assert_eq!(vocabulary.find(word.as_bytes()), Some(id));
            assert_eq!(vocabulary.bytes(id), Some(word.as_bytes()));
        }
        assert_eq!(vocabulary.find(b"<end>"), None);
        assert_eq!(vocabulary.find(b"abcd"), None);
        assert_eq!(vocabulary.bytes(7), Some(b"ab".as_slice()));
        assert_eq!(vocabulary.bytes(8), None);
        assert_eq!(vocabulary.kind(6), Some(Kind::Control));
    }
}
