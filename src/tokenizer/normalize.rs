//! Unicode's normalization form C, which Qwen 2 applies to text: an e and an accent become an é.
//!
//! The form: <https://www.unicode.org/reports/tr15/>. The data are in `normalize.txt`, which
//! `tests/parity/tokenizer/make_normalization.py` writes.

use std::borrow::Cow;
use std::sync::LazyLock;

/// Characters below this one are in form C whatever stands around them.
const FIRST: char = '\u{300}';

static DATA: LazyLock<Data> = LazyLock::new(|| Data::read(include_str!("normalize.txt")));

/// Characters and what they decompose into, both ways, and the classes of combining marks.
#[derive(Debug, Default)]
struct Data {
    /// In order of the character: it decomposes into one character or two.
    apart: Vec<(char, char, Option<char>)>,
    /// In order: two characters, and the one that they compose into.
    together: Vec<((char, char), char)>,
    /// In order: first and last character of a range, and its combining class.
    classes: Vec<(char, char, u8)>,
}

impl Data {
    /// Lines of code points in hexadecimal: `d` and `n` for decompositions (`n`: not undone again),
    /// `c` for the ranges of a combining class, which is a decimal number.
    fn read(text: &str) -> Self {
        let mut data = Self::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            let kind = words.next().unwrap_or_default();
            let mut next = || {
                u32::from_str_radix(words.next()?, 16)
                    .ok()
                    .and_then(char::from_u32)
            };
            let (Some(first), Some(second)) = (next(), next()) else {
                continue;
            };
            let third = (kind != "c").then(&mut next).flatten();
            match (kind, third) {
                ("c", _) => {
                    let class = words.next().and_then(|class| class.parse().ok());
                    data.classes
                        .extend(class.map(|class| (first, second, class)));
                }
                ("d", Some(third)) => {
                    data.apart.push((first, second, Some(third)));
                    data.together.push(((second, third), first));
                }
                _ => data.apart.push((first, second, third)),
            }
        }
        data.together.sort_unstable();
        data
    }

    fn class(&self, c: char) -> u8 {
        let at = self.classes.partition_point(|(_, last, _)| *last < c);
        match self.classes.get(at) {
            Some((first, _, class)) if *first <= c => *class,
            _ => 0,
        }
    }

    fn decompose(&self, c: char, out: &mut Vec<char>) {
        if let Some(parts) = hangul::decompose(c) {
            out.extend(parts.into_iter().flatten());
            return;
        }
        let found = self.apart.binary_search_by_key(&c, |(whole, ..)| *whole);
        let Ok(at) = found else {
            out.push(c);
            return;
        };
        let (_, first, second) = self.apart[at];
        self.decompose(first, out);
        out.extend(second);
    }

    fn compose(&self, first: char, second: char) -> Option<char> {
        hangul::compose(first, second).or_else(|| {
            let found = self
                .together
                .binary_search_by_key(&(first, second), |(pair, _)| *pair);
            found.ok().map(|at| self.together[at].1)
        })
    }
}

/// The text in form C.
pub(super) fn normalize(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c < FIRST) {
        return Cow::Borrowed(text);
    }
    let mut chars = Vec::with_capacity(text.len());
    for c in text.chars() {
        DATA.decompose(c, &mut chars);
    }
    order_marks(&mut chars);
    Cow::Owned(compose_all(&chars))
}

/// Combining marks after a character, in the order of their classes; those of one class stay as they are.
fn order_marks(chars: &mut [char]) {
    for run in chars.chunk_by_mut(|_, next| DATA.class(*next) != 0) {
        // The first one may be a mark too, at the start of a text.
        let marks = usize::from(DATA.class(run[0]) == 0);
        run[marks..].sort_by_key(|c| DATA.class(*c));
    }
}

/// Each character joins the last one that is no mark, where the two compose and no mark of the
/// same class or a higher one stands between them.
fn compose_all(chars: &[char]) -> String {
    let mut out: Vec<char> = Vec::with_capacity(chars.len());
    let mut base = None;
    let mut last_class = 0;
    for &c in chars {
        let class = DATA.class(c);
        let adjacent = base.is_some_and(|base| base + 1 == out.len());
        if let Some(base) = base.filter(|_| adjacent || (last_class != 0 && last_class < class))
            && let Some(whole) = DATA.compose(out[base], c)
        {
            out[base] = whole;
            continue;
        }
        if class == 0 {
            base = Some(out.len());
        }
        last_class = class;
        out.push(c);
    }
    out.into_iter().collect()
}

/// Korean syllables, which are composed by arithmetic: a lead, a vowel and perhaps a tail.
mod hangul {
    const SYLLABLES: u32 = 0xAC00;
    const LEADS: u32 = 0x1100;
    const VOWELS: u32 = 0x1161;
    /// One before the first tail: tail 0 is none.
    const TAILS: u32 = 0x11A7;
    const LEAD_COUNT: u32 = 19;
    const VOWEL_COUNT: u32 = 21;
    const TAIL_COUNT: u32 = 28;

    pub(super) fn decompose(c: char) -> Option<[Option<char>; 3]> {
        let index = (c as u32).checked_sub(SYLLABLES)?;
        if index >= LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT {
            return None;
        }
        let (syllable, tail) = (index / TAIL_COUNT, index % TAIL_COUNT);
        Some([
            char::from_u32(LEADS + syllable / VOWEL_COUNT),
            char::from_u32(VOWELS + syllable % VOWEL_COUNT),
            char::from_u32(TAILS + tail).filter(|_| tail > 0),
        ])
    }

    pub(super) fn compose(first: char, second: char) -> Option<char> {
        let (first, second) = (first as u32, second as u32);
        let offset = |c: u32, start: u32, count: u32| c.checked_sub(start).filter(|i| *i < count);
        if let Some(lead) = offset(first, LEADS, LEAD_COUNT) {
            let vowel = offset(second, VOWELS, VOWEL_COUNT)?;
            return char::from_u32(SYLLABLES + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT);
        }
        let syllable = offset(first, SYLLABLES, LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT)?;
        let tail = offset(second, TAILS, TAIL_COUNT).filter(|tail| *tail > 0)?;
        let open = syllable.is_multiple_of(TAIL_COUNT);
        char::from_u32(first + tail).filter(|_| open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    /// Scripts with marks, compositions and exclusions that have not changed for many versions of Unicode.
    fn texts() -> impl Strategy<Value = String> {
        let blocks = [
            '\u{20}'..='\u{17F}',
            '\u{300}'..='\u{36F}',
            '\u{300}'..='\u{345}',
            '\u{370}'..='\u{3FF}',
            '\u{400}'..='\u{52F}',
            '\u{5B0}'..='\u{5C7}',
            '\u{620}'..='\u{65F}',
            '\u{900}'..='\u{97F}',
            '\u{980}'..='\u{9DF}',
            '\u{B40}'..='\u{BD7}',
            '\u{DC0}'..='\u{DDF}',
            '\u{E30}'..='\u{E4F}',
            '\u{F40}'..='\u{F84}',
            '\u{1100}'..='\u{11FF}',
            '\u{1161}'..='\u{11C2}',
            '\u{1E00}'..='\u{1FFE}',
            '\u{2000}'..='\u{2001}',
            '\u{2126}'..='\u{212B}',
            '\u{3041}'..='\u{309E}',
            '\u{AC00}'..='\u{AC40}',
            '\u{F900}'..='\u{FA6D}',
            '\u{FB1D}'..='\u{FB4E}',
            '\u{1D157}'..='\u{1D182}',
            '\u{2F800}'..='\u{2FA1D}',
        ];
        let blocks: Vec<_> = blocks
            .into_iter()
            .map(|block| proptest::char::range(*block.start(), *block.end()))
            .collect();
        let any = proptest::strategy::Union::new(blocks);
        prop::collection::vec(any, 0..12).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn agrees_with_another_implementation(text in texts()) {
            prop_assert_eq!(normalize(&text).into_owned(), text.nfc().collect::<String>());
        }
    }

    #[test]
    fn every_character_by_itself() {
        for (whole, ..) in &DATA.apart {
            let expected: String = whole.nfc().collect();
            assert_eq!(normalize(&whole.to_string()), expected);
        }
        assert!(DATA.apart.len() > 2000 && DATA.together.len() > 900);
    }
}
