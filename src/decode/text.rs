//! The text of the output, as it grows and is cut back, and the stop strings in it.

use crate::error::Result;
use crate::tokenizer::{DecodeStream, Tokenizer};

/// The output's text with a mark after each token, so that it can be cut back to any of them.
#[derive(Clone, Debug)]
pub(super) struct OutputText {
    text: String,
    /// One more than there are tokens: the state before the first, and after each.
    marks: Vec<Mark>,
}

#[derive(Clone, Debug)]
struct Mark {
    /// Bytes of text up to here.
    length: usize,
    stream: DecodeStream,
}

impl OutputText {
    /// An empty text; `stream` knows what came before it.
    pub(super) fn new(stream: DecodeStream) -> Self {
        let start = Mark { length: 0, stream };
        Self {
            text: String::new(),
            marks: vec![start],
        }
    }

    /// Appends a token.
    pub(super) fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> Result<()> {
        let last = self.marks.len() - 1;
        let mut stream = self.marks[last].stream.clone();
        let delta = stream.push(tokenizer, id)?;
        self.text.push_str(&delta);
        self.marks.push(Mark {
            length: self.text.len(),
            stream,
        });
        Ok(())
    }

    /// Cuts the text back to its first `tokens` tokens.
    pub(super) fn truncate(&mut self, tokens: usize) {
        self.marks.truncate(tokens + 1);
        self.text.truncate(self.length(tokens));
    }

    /// What became whole with token `index`.
    pub(super) fn delta(&self, index: usize) -> &str {
        &self.text[self.length(index)..self.length(index + 1)]
    }

    /// The whole characters of the first `tokens` tokens, up to the first stop string.
    pub(super) fn until(&self, tokens: usize, stop: &[String]) -> &str {
        let text = &self.text[..self.length(tokens)];
        &text[..first_stop(text, stop).unwrap_or(text.len())]
    }

    /// Whether the text of the first `tokens` tokens contains a stop string.
    pub(super) fn stops(&self, tokens: usize, stop: &[String]) -> bool {
        first_stop(&self.text[..self.length(tokens)], stop).is_some()
    }

    fn length(&self, tokens: usize) -> usize {
        self.marks[tokens].length
    }
}

/// Where the first stop string begins; of several, the one that is complete first, since a writer
/// who looks after each token would have stopped there.
fn first_stop(text: &str, stop: &[String]) -> Option<usize> {
    let found = stop
        .iter()
        .filter_map(|stop| text.find(stop).map(|start| (start + stop.len(), start)));
    found.min().map(|(_, start)| start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stop_string_that_is_complete_first_counts() {
        let stop = |strings: &[&str]| strings.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(first_stop("a b c d", &stop(&["c", "b c d"])), Some(4));
        assert_eq!(first_stop("abc", &stop(&["x"])), None);
        assert_eq!(first_stop("abc", &stop(&[])), None);
        assert_eq!(first_stop("abcabc", &stop(&["bc", "abc"])), Some(0));
    }
}
