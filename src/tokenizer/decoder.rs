//! From tokens back to text, one at a time, and never half a character.

use crate::error::Result;

use super::{Special, Tokenizer};

/// Bytes that arrive in pieces, given out as text as soon as characters are whole.
///
/// Bytes that can be no part of a character become U+FFFD, just as in
/// [`String::from_utf8_lossy`] over all of them.
#[derive(Clone, Debug, Default)]
pub struct Utf8Stream {
    /// The start of a character: at most three bytes.
    held: Vec<u8>,
}

impl Utf8Stream {
    /// Takes bytes; returns the text that is whole now.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let mut text = String::new();
        let mut used = 0;
        while let Err(error) = std::str::from_utf8(&self.held[used..]) {
            let Some(length) = error.error_len() else {
                return self.give(text, used, used + error.valid_up_to());
            };
            let bad = used + error.valid_up_to();
            text.push_str(&String::from_utf8_lossy(&self.held[used..bad]));
            text.push(char::REPLACEMENT_CHARACTER);
            used = bad + length;
        }
        let end = self.held.len();
        self.give(text, used, end)
    }

    /// Ends the stream: a character that is not whole becomes U+FFFD.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }

    /// The bytes of a character that is not whole yet.
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// Appends the whole characters in `held[from..to]`, and keeps what follows.
    fn give(&mut self, mut text: String, from: usize, to: usize) -> String {
        text.push_str(&String::from_utf8_lossy(&self.held[from..to]));
        self.held.drain(..to);
        text
    }
}

/// Decodes tokens one at a time. It is a value: a clone goes on by itself.
///
/// [`Tokenizer::decode_stream`] makes one.
#[derive(Clone, Debug)]
pub struct DecodeStream {
    utf8: Utf8Stream,
    special: Special,
    /// How many spaces at the start may still be dropped.
    spaces: usize,
}

impl DecodeStream {
    pub(super) fn new(special: Special, spaces: usize) -> Self {
        Self {
            utf8: Utf8Stream::default(),
            special,
            spaces,
        }
    }

    /// Takes the next token; returns the text that became whole with it.
    ///
    /// # Errors
    /// [`Code::OutOfRange`](crate::error::Code::OutOfRange) for an id outside of the vocabulary.
    pub fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> Result<String> {
        let bytes = tokenizer.token_bytes(id)?;
        if self.special == Special::Parse && tokenizer.is_special(id) {
            return Ok(String::new());
        }
        let leading = bytes.iter().take_while(|byte| **byte == b' ').count();
        let dropped = leading.min(self.spaces);
        // Once something is left to show, the text has begun.
        self.spaces = if dropped == bytes.len() {
            self.spaces - dropped
        } else {
            0
        };
        Ok(self.utf8.push(&bytes[dropped..]))
    }

    /// Ends the text: a character that is not whole becomes U+FFFD.
    pub fn finish(&mut self) -> String {
        self.utf8.finish()
    }

    /// The bytes of a character that is not whole yet.
    pub fn held(&self) -> &[u8] {
        self.utf8.held()
    }
}
