//! GPT-2's alphabet, in which byte-level vocabularies write bytes as printable characters.
//!
//! Only the way back to bytes: the `tokenizers` crate writes the alphabet, but reads it as text, in which
//! bytes that are no whole characters are lost.

use std::sync::LazyLock;

/// The byte of each character below U+0144, where it has one.
static BYTES: LazyLock<[Option<u8>; 0x144]> = LazyLock::new(|| {
    let mut table = [None; 0x144];
    let mut spare = 0x100;
    for byte in 0..=u8::MAX {
        let at = match byte {
            b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => usize::from(byte),
            _ => {
                spare += 1;
                spare - 1
            }
        };
        table[at] = Some(byte);
    }
    table
});

/// The byte that a character of the alphabet stands for.
fn byte_of(c: char) -> Option<u8> {
    BYTES.get(c as usize).copied().flatten()
}

/// Appends the bytes that `token` stands for; a token with any character outside the alphabet is
/// text as it is, which is how the reference reads it too.
pub(super) fn push_bytes(token: &str, out: &mut Vec<u8>) {
    let start = out.len();
    for c in token.chars() {
        let Some(byte) = byte_of(c) else {
            out.truncate(start);
            out.extend_from_slice(token.as_bytes());
            return;
        };
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_one_character() {
        let mut found: Vec<u8> = (0..0x200u32)
            .filter_map(char::from_u32)
            .filter_map(byte_of)
            .collect();
        found.sort_unstable();
        assert_eq!(found, (0..=u8::MAX).collect::<Vec<_>>());
        assert_eq!(byte_of('Ġ'), Some(b' '));
        assert_eq!(byte_of('Ċ'), Some(b'\n'));
    }
}
