//! Finds tokens that are written out in a text, such as `<|im_end|>`.

/// A piece of a text that was searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text between tokens; never empty.
    Text(&'a str),
    /// A token that was found.
    Token(u32),
}

/// A set of tokens to look for: the leftmost one is found first, and of those that start at the
/// same place, the longest.
#[derive(Debug)]
pub(super) struct Matcher {
    /// Sorted by first byte, then longest first.
    tokens: Vec<(Box<str>, u32)>,
    /// Where each first byte's tokens start in `tokens`; they end where the next byte's start.
    starts: Vec<u32>,
}

impl Matcher {
    pub(super) fn new<'a>(tokens: impl Iterator<Item = (&'a str, u32)>) -> Self {
        let mut tokens: Vec<(Box<str>, u32)> = tokens
            .filter(|(text, _)| !text.is_empty())
            .map(|(text, id)| (text.into(), id))
            .collect();
        tokens.sort_by_key(|(text, id)| (text.as_bytes()[0], usize::MAX - text.len(), *id));
        let before =
            |byte: usize| move |token: &(Box<str>, u32)| usize::from(token.0.as_bytes()[0]) < byte;
        let starts = (0..=256).map(|byte| tokens.partition_point(before(byte)) as u32);
        let starts = starts.collect();
        Self { tokens, starts }
    }

    /// The longest token that `text` starts with: its id and length in bytes.
    pub(super) fn prefix(&self, text: &[u8]) -> Option<(u32, usize)> {
        let first = usize::from(*text.first()?);
        let range = self.starts[first] as usize..self.starts[first + 1] as usize;
        let found = self.tokens[range]
            .iter()
            .find(|(token, _)| text.starts_with(token.as_bytes()))?;
        Some((found.1, found.0.len()))
    }

    /// Cuts a text into tokens and what lies between them.
    pub(super) fn split<'a>(&self, text: &'a str) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        let (mut from, mut at) = (0, 0);
        while at < text.len() {
            // A token starts with a whole character, so a match never starts inside of one.
            let Some((id, length)) = self.prefix(&text.as_bytes()[at..]) else {
                at += 1;
                continue;
            };
            push_text(&mut parts, &text[from..at]);
            parts.push(Part::Token(id));
            at += length;
            from = at;
        }
        push_text(&mut parts, &text[from..]);
        parts
    }
}

fn push_text<'a>(parts: &mut Vec<Part<'a>>, text: &'a str) {
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftmost_then_longest() {
        let matcher = Matcher::new([("<a>", 1), ("<a><b>", 2), ("b>", 3), ("é", 4)].into_iter());
        let parts = matcher.split("x<a><a><b>yéb>");
        use Part::{Text, Token};
        let expected = [Text("x"), Token(1), Token(2), Text("y"), Token(4), Token(3)];
        assert_eq!(parts, expected);
        assert!(matcher.split("").is_empty());
    }
}
