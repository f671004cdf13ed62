//! Ids against the reference implementations, and text that comes back whole.

#[path = "common/tokenizers.rs"]
mod tokenizers;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde::Deserialize;
use tokenscope::error::Code;
use tokenscope::tokenizer::{Special, Tokenizer, TokenizerSpec, Utf8Stream};

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Text { text: String },
    Repeat { repeat: String, times: usize },
}

impl Entry {
    fn text(&self) -> String {
        match self {
            Self::Text { text } => text.clone(),
            Self::Repeat { repeat, times } => repeat.repeat(*times),
        }
    }
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Ids {
    Listed(Vec<u32>),
    Counted { count: usize, checksum: String },
}

impl Ids {
    /// The ids in the form that `like` has.
    fn of(ids: &[u32], like: &Self) -> Self {
        match like {
            Self::Listed(_) => Self::Listed(ids.to_vec()),
            Self::Counted { .. } => Self::Counted {
                count: ids.len(),
                checksum: checksum(ids),
            },
        }
    }
}

/// FNV-1a over ids as 32-bit little-endian numbers.
fn checksum(ids: &[u32]) -> String {
    let fold = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3);
    let bytes = ids.iter().flat_map(|id| id.to_le_bytes());
    format!("{:016x}", bytes.fold(0xCBF2_9CE4_8422_2325, fold))
}

#[derive(Deserialize)]
struct Row {
    ids: Ids,
    /// Where text of special tokens makes another result as plain text.
    plain: Option<Ids>,
    /// What the reference decodes, where it is not the text; not kept for repeated texts.
    decoded: Option<String>,
    /// Whether the vocabulary cannot write all of the text.
    #[serde(default)]
    lost: bool,
}

fn corpus() -> Vec<Entry> {
    tokenizers::read("corpus.json")
}

fn check_parity(name: &str, tokenizer: &Tokenizer) {
    let rows: Vec<Row> = tokenizers::read(&format!("vectors/{name}.json"));
    let corpus = corpus();
    assert_eq!(rows.len(), corpus.len(), "{name}: make the vectors again");
    for (entry, row) in corpus.iter().zip(&rows) {
        let text = entry.text();
        let start: String = text.chars().take(80).collect();
        let ids = tokenizer.encode(&text, Special::Parse);
        assert_eq!(
            Ids::of(&ids, &row.ids),
            row.ids,
            "{name}, parsed: {start:?}"
        );
        let plain = tokenizer.encode(&text, Special::AsText);
        let expected = row.plain.as_ref().unwrap_or(&row.ids);
        assert_eq!(
            &Ids::of(&plain, expected),
            expected,
            "{name}, as text: {start:?}"
        );
        assert!(
            plain.iter().all(|id| !is_control(tokenizer, *id)),
            "{name}: {start:?}"
        );
        if let Entry::Text { text } = entry
            && !row.lost
        {
            let decoded = tokenizer
                .decode(&ids, Special::Parse)
                .expect("ids of its own");
            assert_eq!(
                &decoded,
                row.decoded.as_ref().unwrap_or(text),
                "{name}, decoded"
            );
        }
    }
}

/// Special tokens but the one for unknown text.
fn is_control(tokenizer: &Tokenizer, id: u32) -> bool {
    let piece = tokenizer.piece(id).expect("an id of its own");
    piece.special && piece.text != "<unk>"
}

#[test]
fn gpt2_vocabulary() {
    check_parity("gpt-2", &tokenizers::small("gpt-2"));
}

#[test]
fn smollm_vocabulary() {
    check_parity("smollm", &tokenizers::small("smollm"));
}

#[test]
fn qwen2_vocabulary() {
    check_parity("qwen2", &tokenizers::small("qwen2"));
}

#[test]
fn llama3_vocabulary() {
    let tokenizer = tokenizers::small("llama-bpe");
    check_parity("llama-bpe", &tokenizer);
    // No merge makes this token: words that are tokens are taken whole.
    let ids = tokenizer.encode(" zebra", Special::Parse);
    assert_eq!(ids.len(), 1);
    assert!(tokenizer.encode(" zebras", Special::Parse).len() > 2);
}

#[test]
fn sentencepiece_with_bytes_and_space_prefix() {
    check_parity("sp-llama", &tokenizers::small("sp-llama"));
}

#[test]
fn sentencepiece_with_user_defined_tokens() {
    check_parity("sp-gemma", &tokenizers::small("sp-gemma"));
}

#[test]
fn sentencepiece_without_bytes_and_extra_spaces() {
    check_parity("sp-trimmed", &tokenizers::small("sp-trimmed"));
}

#[test]
fn default_model() {
    let tokenizer = tokenizers::default();
    assert_eq!(tokenizer.vocabulary(), 49_152);
    assert_eq!(tokenizer.end_tokens(), [2]);
    check_parity("default", &tokenizer);
}

#[test]
fn prompts_begin_with_bos_once_where_the_model_wants_it() {
    let llama = tokenizers::small("llama-bpe");
    let bos = llama.bos().expect("a bos");
    let once = llama.encode_prompt("the ocean");
    assert_eq!(once[0], bos);
    assert_eq!(llama.encode_prompt("<|endoftext|>the ocean"), once);
    assert_eq!(once[1..], llama.encode("the ocean", Special::Parse));
    let smollm = tokenizers::small("smollm");
    assert_eq!(
        smollm.encode_prompt("the"),
        smollm.encode("the", Special::Parse)
    );
    assert!(smollm.encode_prompt("").is_empty());
}

/// Files that do not say whether a prompt begins with `bos` mean what their family does.
#[test]
fn bos_where_the_file_does_not_say() {
    for (name, wants) in [
        ("gpt-2", false),
        ("qwen2", false),
        ("llama-bpe", true),
        ("sp-llama", true),
    ] {
        let spec = TokenizerSpec {
            add_bos: None,
            ..tokenizers::small_spec(name)
        };
        let tokenizer = Tokenizer::new(spec).expect("a tokenizer");
        let begins = tokenizer.encode_prompt("the").first() == tokenizer.bos().as_ref();
        assert_eq!(begins, wants, "{name}");
    }
}

#[test]
fn pieces_show_bytes_that_are_no_characters() {
    let tokenizer = tokenizers::small("gpt-2");
    let ids = tokenizer.encode("\u{20000}", Special::Parse);
    let pieces: Vec<_> = ids
        .iter()
        .map(|id| tokenizer.piece(*id).expect("an id"))
        .collect();
    let text: String = pieces.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(text, "\\xF0\\xA0\\x80\\x80");
    assert!(pieces.iter().all(|p| p.partial && !p.special));
    let space = tokenizer.encode(" the", Special::Parse);
    let piece = tokenizer.piece(space[0]).expect("an id");
    assert!(piece.text.starts_with(' ') && !piece.partial);
    let end = tokenizer.piece(2).expect("an id");
    assert!(end.special && end.text == "<|im_end|>" && end.bytes == b"<|im_end|>");
}

#[test]
fn sentencepiece_pieces_have_spaces_and_bytes() {
    let tokenizer = tokenizers::small("sp-llama");
    let ids = tokenizer.encode("the \u{20000}", Special::Parse);
    let bytes: Vec<u8> = ids
        .iter()
        .flat_map(|id| tokenizer.token_bytes(*id).expect("an id"))
        .collect();
    assert_eq!(bytes, " the \u{20000}".as_bytes());
    let last = tokenizer.piece(ids[ids.len() - 1]).expect("an id");
    assert_eq!((last.text.as_str(), last.partial), ("\\x80", true));
}

#[test]
fn a_text_after_another_keeps_its_space() {
    let tokenizer = tokenizers::small("sp-llama");
    let ids = tokenizer.encode("the", Special::Parse);
    let mut start = tokenizer.decode_stream(Special::Parse);
    let mut after = tokenizer.decode_stream_after(Special::Parse);
    let mut texts = (String::new(), String::new());
    for id in ids {
        texts
            .0
            .push_str(&start.push(&tokenizer, id).expect("an id"));
        texts
            .1
            .push_str(&after.push(&tokenizer, id).expect("an id"));
    }
    assert_eq!(texts, ("the".to_owned(), " the".to_owned()));
}

#[test]
fn special_tokens_are_shown_on_demand() {
    let tokenizer = tokenizers::default();
    let ids = tokenizer.encode("<|im_start|>hi<|im_end|>", Special::Parse);
    let decode = |special| tokenizer.decode(&ids, special).expect("ids");
    assert_eq!(decode(Special::Parse), "hi");
    assert_eq!(decode(Special::AsText), "<|im_start|>hi<|im_end|>");
}

#[test]
fn refusals_name_what_is_wrong() {
    let refuse = |spec: TokenizerSpec| Tokenizer::new(spec).expect_err("a refusal");
    let spec = || tokenizers::small_spec("gpt-2");
    let unknown = refuse(TokenizerSpec {
        pre: Some("runic".into()),
        ..spec()
    });
    assert_eq!(unknown.code(), Code::UnsupportedTokenizer);
    assert!(unknown.message().contains("runic") && unknown.message().contains("llama-bpe"));
    let kind = refuse(TokenizerSpec {
        model: "bert".into(),
        ..spec()
    });
    assert_eq!(kind.code(), Code::UnsupportedTokenizer);
    assert!(kind.message().contains("bert"));
    let merges = refuse(TokenizerSpec {
        merges: None,
        ..spec()
    });
    assert_eq!(merges.code(), Code::MissingPart);
    let scores = refuse(TokenizerSpec {
        scores: None,
        ..tokenizers::small_spec("sp-llama")
    });
    assert_eq!(scores.code(), Code::MissingPart);
    let outside = refuse(TokenizerSpec {
        eos: Some(100_000),
        ..spec()
    });
    assert_eq!(outside.code(), Code::Corrupt);
    let short = refuse(TokenizerSpec {
        token_types: Some(vec![1]),
        ..spec()
    });
    assert_eq!(short.code(), Code::Corrupt);
    let id = tokenizers::small("gpt-2")
        .piece(1_000_000)
        .expect_err("no such id");
    assert_eq!(id.code(), Code::OutOfRange);
}

#[test]
fn empty_and_damaged_specs_do_not_panic() {
    for model in ["gpt2", "llama"] {
        let spec = TokenizerSpec {
            model: model.into(),
            tokens: vec![String::new(), " ".into(), "Ā".into(), "<0x".into()],
            token_types: Some(vec![1, 6, 99, 6]),
            scores: Some(vec![f32::NAN, f32::INFINITY, 0.0, -0.0]),
            merges: Some(vec![String::new(), "  ".into(), "a".into(), "a b c".into()]),
            ..TokenizerSpec::default()
        };
        let tokenizer = Tokenizer::new(spec).expect("lists of one length");
        tokenizer.encode("any text\0", Special::Parse);
        let none = TokenizerSpec {
            model: model.into(),
            scores: Some(Vec::new()),
            merges: Some(Vec::new()),
            ..TokenizerSpec::default()
        };
        let tokenizer = Tokenizer::new(none).expect("an empty vocabulary");
        assert!(tokenizer.encode("text", Special::Parse).is_empty());
    }
}

/// The shortest of three times: the machine may be busy with something else.
fn best_of_three(mut run: impl FnMut()) -> Duration {
    let times = (0..3).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// A text sixteen times as long takes some sixteen times as long; a quadratic way through it, 256.
#[test]
fn time_grows_with_the_length() {
    let tokenizer = tokenizers::default();
    for entry in corpus().iter().rev().take(7) {
        let text = entry.text();
        let long = text.repeat(16);
        let encode = |text: &str| {
            best_of_three(|| {
                tokenizer.encode(text, Special::Parse);
            })
        };
        let (one, sixteen) = (encode(&text), encode(&long));
        assert!(
            sixteen < one * 64,
            "{one:?}, and sixteen times: {sixteen:?}"
        );
    }
}

/// Runs that are one word, or none at all; a quadratic way through 100,000 characters takes minutes.
#[test]
fn a_word_of_any_length_is_safe() {
    for name in ["gpt-2", "qwen2", "llama-bpe", "sp-llama", "sp-gemma"] {
        let tokenizer = tokenizers::small(name);
        for run in ["a", " ", "\n", "7", "e\u{301}", "\u{301}", "<|im_end|>"] {
            let text = run.repeat(100_000 / run.len()) + " end";
            let start = Instant::now();
            let ids = tokenizer.encode(&text, Special::AsText);
            let took = start.elapsed();
            assert!(took < Duration::from_secs(2), "{name}, {run:?}: {took:?}");
            let decoded = tokenizer.decode(&ids, Special::AsText).expect("its ids");
            let composed = text.replace("e\u{301}", "é");
            assert!(decoded == text || decoded == composed, "{name}, {run:?}");
        }
    }
}

fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        " ",
        "\n",
        "  ",
        "\t",
        "'s",
        "the",
        " ocean",
        "É",
        "e\u{301}",
        "太平洋",
        "👩‍👩‍👧",
        "1",
        "2024",
        "<|im_end|>",
        "<tool_call>",
        "▁",
        "\u{a0}",
        "!",
        "\u{10ffff}",
    ];
    let piece = proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned);
    let any = any::<char>().prop_map(String::from);
    prop::collection::vec(prop_oneof![piece, any], 0..40).prop_map(|pieces| pieces.concat())
}

/// Decodes one token at a time; what came before the end, and all of it.
fn decode_slowly(tokenizer: &Tokenizer, ids: &[u32]) -> (String, String) {
    let mut stream = tokenizer.decode_stream(Special::AsText);
    let deltas = ids
        .iter()
        .map(|id| stream.push(tokenizer, *id).expect("an id"));
    let text: String = deltas.collect();
    let whole = text.clone() + &stream.finish();
    (text, whole)
}

proptest! {
    #[test]
    fn byte_level_text_comes_back(text in texts()) {
        for name in ["gpt-2", "smollm", "llama-bpe"] {
            let tokenizer = tokenizers::small(name);
            for special in [Special::Parse, Special::AsText] {
                let ids = tokenizer.encode(&text, special);
                prop_assert_eq!(&tokenizer.decode(&ids, Special::AsText).expect("ids"), &text);
                let (before_end, whole) = decode_slowly(&tokenizer, &ids);
                prop_assert_eq!(&before_end, &text, "whole text leaves nothing to hold");
                prop_assert_eq!(&whole, &text);
            }
        }
    }

    /// Qwen 2 composes characters first; that settles after once.
    #[test]
    fn normalized_text_comes_back(text in texts()) {
        let tokenizer = tokenizers::small("qwen2");
        let ids = tokenizer.encode(&text, Special::AsText);
        let settled = tokenizer.decode(&ids, Special::AsText).expect("ids");
        let again = tokenizer.encode(&settled, Special::AsText);
        prop_assert_eq!(&tokenizer.decode(&again, Special::AsText).expect("ids"), &settled);
        if text.is_ascii() {
            prop_assert_eq!(&settled, &text);
        }
    }

    #[test]
    fn sentencepiece_text_comes_back(text in texts()) {
        for name in ["sp-llama", "sp-gemma"] {
            let tokenizer = tokenizers::small(name);
            let ids = tokenizer.encode(&text, Special::AsText);
            let (before_end, whole) = decode_slowly(&tokenizer, &ids);
            // Its mark for a space is a space when it comes back.
            prop_assert_eq!(&before_end, &text.replace('▁', " "));
            prop_assert_eq!(whole, before_end);
        }
    }

    #[test]
    fn any_tokens_decode_the_same_slowly(picks in prop::collection::vec(any::<u32>(), 0..60)) {
        for name in tokenizers::SMALL {
            let tokenizer = tokenizers::small(name);
            let count = u32::try_from(tokenizer.vocabulary()).expect("a small vocabulary");
            let ids: Vec<u32> = picks.iter().map(|pick| pick % count).collect();
            let bytes: Vec<u8> = ids.iter().flat_map(|id| tokenizer.token_bytes(*id).expect("an id")).collect();
            let at_once = String::from_utf8_lossy(&bytes).into_owned();
            let expected = match name {
                "sp-llama" => at_once.strip_prefix(' ').unwrap_or(&at_once),
                "sp-trimmed" => at_once.trim_start_matches(' '),
                _ => &at_once,
            };
            let (before_end, whole) = decode_slowly(&tokenizer, &ids);
            prop_assert_eq!(&whole, expected, "{}", name);
            prop_assert!(whole.starts_with(&before_end));
        }
    }

    #[test]
    fn bytes_in_any_pieces_are_the_same_text(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x80..0xC0u8, 0xE0..0xF5u8], 0..80),
        size in 1..6usize,
    ) {
        let mut stream = Utf8Stream::default();
        let mut text = String::new();
        for piece in bytes.chunks(size) {
            text.push_str(&stream.push(piece));
            prop_assert!(stream.held().len() < 4);
        }
        text.push_str(&stream.finish());
        prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
    }
}
