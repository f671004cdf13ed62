//! One token for the eye.

use std::fmt::Write;

/// One token for the eye.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What the token adds to a text.
    pub bytes: Vec<u8>,
    /// The bytes as text; those that are no whole characters as `\xE2` and so on.
    pub text: String,
    /// Whether some of the bytes are no whole character by themselves.
    pub partial: bool,
    /// Whether the token is structure and not text.
    pub special: bool,
}

impl Piece {
    pub(super) fn new(bytes: Vec<u8>, special: bool) -> Self {
        let mut text = String::with_capacity(bytes.len());
        let mut partial = false;
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                partial = true;
                // Writing to a string does not fail.
                let _ = write!(text, "\\x{byte:02X}");
            }
        }
        Self {
            bytes,
            text,
            partial,
            special,
        }
    }
}
