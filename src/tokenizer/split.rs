//! Pre-tokenization: a text is cut into words before merging, and no token crosses a cut.
//!
//! Published tokenizers state the cuts as regular expressions with a look-ahead. The three in use
//! are written out here as scanners instead: a general engine with its Unicode tables would be a
//! sixth of the whole engine that a browser has to fetch. A test holds each scanner against its expression.

use super::unicode::{Class, class};

/// How a vocabulary cuts text into words, by `tokenizer.ggml.pre`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Splitter {
    /// GPT-2:
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
    Gpt2,
    /// Each number character for itself, then GPT-2's rule between them.
    DigitsGpt2,
    /// Llama 3, with three number characters at most in a word, and Qwen 2, with one:
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
    Modern { digits: usize },
}

impl Splitter {
    /// Calls `word` with each word in order; together they are the text.
    pub(super) fn split<'a>(self, text: &'a str, mut word: impl FnMut(&'a str)) {
        match self {
            Self::Gpt2 => scan(text, gpt2, &mut word),
            Self::DigitsGpt2 => digits_apart(text, |part| scan(part, gpt2, &mut word)),
            Self::Modern { digits } => scan(text, |rest| modern(rest, digits), &mut word),
        }
    }
}

/// Cuts `text` with a rule that says how long the first word of a text is (at least one character).
fn scan<'a>(mut text: &'a str, rule: impl Fn(&str) -> usize, word: &mut impl FnMut(&'a str)) {
    while !text.is_empty() {
        let (first, rest) = text.split_at(rule(text));
        word(first);
        text = rest;
    }
}

/// Every number character for itself, and what lies between them.
fn digits_apart<'a>(text: &'a str, mut part: impl FnMut(&'a str)) {
    for piece in text.split_inclusive(char::is_numeric) {
        let digit = piece.chars().next_back().filter(|c| c.is_numeric());
        let (before, digit) = piece.split_at(piece.len() - digit.map_or(0, char::len_utf8));
        part(before);
        part(digit);
    }
}

/// Length of the first word under GPT-2's expression.
fn gpt2(text: &str) -> usize {
    contraction(text, false)
        .or_else(|| spaced_run(text))
        .unwrap_or_else(|| whitespace(text))
}

/// ` ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+`
fn spaced_run(text: &str) -> Option<usize> {
    let body = text.strip_prefix(' ').unwrap_or(text);
    let kind = class(body.chars().next()?);
    (kind != Class::Space).then(|| text.len() - body.len() + run(body, |c| class(c) == kind))
}

/// Length of the first word under the expression of Llama 3 and Qwen 2.
fn modern(text: &str, digits: usize) -> usize {
    contraction(text, true)
        .or_else(|| letters(text))
        .or_else(|| numbers(text, digits))
        .or_else(|| marks(text))
        .or_else(|| lines(text))
        .unwrap_or_else(|| whitespace(text))
}

/// `[^\r\n\p{L}\p{N}]?\p{L}+`
fn letters(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let lead = match class(first) {
        Class::Letter => 0,
        Class::Number => return None,
        _ if is_line_end(first) => return None,
        _ => first.len_utf8(),
    };
    let length = run(&text[lead..], |c| class(c) == Class::Letter);
    (length > 0).then_some(lead + length)
}

/// `\p{N}{1,digits}`
fn numbers(text: &str, digits: usize) -> Option<usize> {
    let number = |c: &char| class(*c) == Class::Number;
    let found = text.chars().take_while(number).take(digits);
    Some(found.map(char::len_utf8).sum()).filter(|length| *length > 0)
}

/// ` ?[^\s\p{L}\p{N}]+[\r\n]*`
fn marks(text: &str) -> Option<usize> {
    let lead = usize::from(text.starts_with(' '));
    let length = run(&text[lead..], |c| class(c) == Class::Other);
    let end = lead + length;
    (length > 0).then(|| end + run(&text[end..], is_line_end))
}

/// `\s*[\r\n]+`: white space up to the last line end in it.
fn lines(text: &str) -> Option<usize> {
    let space = &text[..run(text, char::is_whitespace)];
    space.rfind(is_line_end).map(|at| at + 1)
}

/// `\s+(?!\S)|\s+`: white space, less its last character if a word follows and something is left.
fn whitespace(text: &str) -> usize {
    let length = run(text, char::is_whitespace);
    let last = text[..length].chars().next_back().map_or(0, char::len_utf8);
    if length == text.len() || length == last {
        return length;
    }
    length - last
}

/// `'s|'t|'re|'ve|'m|'ll|'d`, in capitals as well if `any_case`.
fn contraction(text: &str, any_case: bool) -> Option<usize> {
    let rest = text.strip_prefix('\'')?;
    ["s", "t", "re", "ve", "m", "ll", "d"]
        .into_iter()
        .find_map(|end| ending(rest, end, any_case))
        .map(|length| 1 + length)
}

/// Length of `end` at the start of `text`.
fn ending(text: &str, end: &str, any_case: bool) -> Option<usize> {
    let mut chars = text.chars();
    for wanted in end.chars() {
        let c = chars.next()?;
        if c != wanted && !(any_case && fold(c) == wanted) {
            return None;
        }
    }
    Some(text.len() - chars.as_str().len())
}

/// Simple case folding, as far as it leads to the letters of a contraction: the long s is an s.
const fn fold(c: char) -> char {
    match c {
        'ſ' => 's',
        _ => c.to_ascii_lowercase(),
    }
}

/// Length in bytes of the characters at the start for which `keep` holds.
fn run(text: &str, keep: impl Fn(char) -> bool) -> usize {
    text.find(|c| !keep(c)).unwrap_or(text.len())
}

const fn is_line_end(c: char) -> bool {
    matches!(c, '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use fancy_regex::Regex;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    const GPT2: &str =
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    const MODERN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// The published expressions: GPT-2's, Qwen 2's, Llama 3's.
    static EXPRESSIONS: LazyLock<[(Splitter, Regex); 3]> = LazyLock::new(|| {
        let regex = |source: &str| Regex::new(source).expect("a valid expression");
        let modern = |digits| regex(&MODERN.replace("DIGITS", digits));
        [
            (Splitter::Gpt2, regex(GPT2)),
            (Splitter::Modern { digits: 1 }, modern("")),
            (Splitter::Modern { digits: 3 }, modern("{1,3}")),
        ]
    });
    static DIGIT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\p{N}|[^\p{N}]+").expect("a valid expression"));

    fn words(splitter: Splitter, text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        splitter.split(text, |word| words.push(word));
        words
    }

    fn matches<'t>(expression: &Regex, text: &'t str) -> Vec<&'t str> {
        let found = expression.find_iter(text);
        found.map(|m| m.expect("a match").as_str()).collect()
    }

    /// Texts in which the rules meet: short runs over few characters of every class.
    fn texts() -> impl Strategy<Value = String> {
        let pieces = [
            " ",
            "  ",
            "\n",
            "\r",
            "\r\n",
            "\t",
            "\u{a0}",
            "\u{3000}",
            "\u{85}",
            "\u{2028}",
            "'",
            "'s",
            "'S",
            "'ſ",
            "'re",
            "'RE",
            "'ll",
            "'Ll",
            "'v",
            "'ve",
            "'d",
            "'m",
            "'t",
            "a",
            "Z",
            "é",
            "ж",
            "太",
            "ก",
            "ª",
            "1",
            "23",
            "²",
            "½",
            "Ⅳ",
            "٣",
            "一",
            ".",
            "!",
            "-",
            "_",
            "…",
            "😀",
            "\u{301}",
            "\u{200d}",
            "\u{0}",
            "\u{1b}",
            "\u{e000}",
            "\u{10ffff}",
            "word",
        ];
        let piece = proptest::sample::select(pieces.to_vec());
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn scanners_agree_with_their_expressions(text in texts()) {
            for (splitter, expression) in EXPRESSIONS.iter() {
                prop_assert_eq!(words(*splitter, &text), matches(expression, &text));
            }
        }

        #[test]
        fn digits_stand_alone_and_end_the_look_ahead(text in texts()) {
            let parts = matches(&DIGIT, &text).into_iter();
            let expected: Vec<&str> = parts.flat_map(|part| matches(&EXPRESSIONS[0].1, part)).collect();
            prop_assert_eq!(words(Splitter::DigitsGpt2, &text), expected);
        }
    }
}
