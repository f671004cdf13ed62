//! The classes of characters that the cuts between words depend on.

use super::classes::{LETTERS, NUMBERS};

/// A character's class: exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// `\p{L}`
    Letter,
    /// `\p{N}`
    Number,
    /// `\s`
    Space,
    /// The rest: punctuation, symbols, marks, controls and what is not assigned.
    Other,
}

/// The class of a character.
pub(super) fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Number,
        _ if c.is_whitespace() => Class::Space,
        _ if c.is_ascii() => Class::Other,
        _ if within(&LETTERS, c) => Class::Letter,
        _ if within(&NUMBERS, c) => Class::Number,
        _ => Class::Other,
    }
}

/// Whether one of the ranges, which are in order, holds the character.
fn within(ranges: &[(u32, u32)], c: char) -> bool {
    let point = c as u32;
    let at = ranges.partition_point(|(_, last)| *last < point);
    ranges.get(at).is_some_and(|(first, _)| *first <= point)
}
