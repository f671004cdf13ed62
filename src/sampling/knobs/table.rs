//! The table of knobs.

use serde::Serialize;

use super::Knobs;

/// The most stop strings that a text may have.
pub const STOP_STRINGS: usize = 16;
/// The most characters that a stop string may have; the least is 1.
pub const STOP_LENGTH: usize = 200;

/// The form of a knob's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// True or false.
    Bool,
    /// Any number of the range.
    Number,
    /// A whole number of the range.
    Integer,
    /// A list of strings.
    Strings,
}

/// How a slider's travel maps to values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Travel is proportional to the value.
    Linear,
    /// Travel is proportional to ln(1 + (value − min) / step), which also holds at 0.
    Log,
}

/// A value as the table states it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum KnobValue {
    /// Of a [`Kind::Bool`].
    Bool(bool),
    /// Of a [`Kind::Number`] or [`Kind::Integer`].
    Number(f64),
    /// Of a [`Kind::Strings`].
    Strings(&'static [&'static str]),
}

/// What there is to know about one knob.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KnobSpec {
    /// The name in JSON.
    pub key: &'static str,
    /// The form of its value.
    pub kind: Kind,
    /// The stage of the chain that it sets, if it sets one.
    pub stage: Option<&'static str>,
    /// The name that a person reads.
    pub label: &'static str,
    /// What it does, in a sentence or two.
    pub meaning: &'static str,
    /// The least value, of a number.
    pub min: Option<f64>,
    /// The greatest value, of a number.
    pub max: Option<f64>,
    /// The distance between values that a slider offers; any value of the range is allowed.
    pub step: Option<f64>,
    /// How a slider moves.
    pub scale: Scale,
    /// The value where nothing else is said.
    pub default: KnobValue,
    /// The value at which it does nothing, if there is one.
    pub off: Option<KnobValue>,
    /// The rule.
    pub formula: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
}

/// What the table says about a knob, by its name in JSON.
#[must_use]
pub fn spec(key: &str) -> Option<&'static KnobSpec> {
    KNOBS.iter().find(|spec| spec.key == key)
}

/// Every knob, in the order in which a person meets them: those that shape the distribution in the
/// order in which they act, then those that end the text, then the seed.
pub static KNOBS: &[KnobSpec] = &[
    KnobSpec {
        key: "doSample",
        kind: Kind::Bool,
        stage: Some("greedy"),
        label: "sample",
        meaning: "Draw the next token at random by its probability. Switched off, the most probable token is always taken.",
        default: KnobValue::Bool(Knobs::DEFAULT.do_sample),
        formula: "on: y ~ p; off: y = argmax p",
        source: "Hugging Face generate, do_sample",
        ..BLANK
    },
    KnobSpec {
        key: "repetitionPenalty",
        stage: Some("repetitionPenalty"),
        label: "repetition penalty",
        meaning: "Makes every token that already stands in the prompt or the output less likely, once, however often it occurs. Below 1 it makes them more likely.",
        min: Some(0.01),
        max: Some(10.0),
        step: Some(0.01),
        scale: Scale::Log,
        default: KnobValue::Number(Knobs::DEFAULT.repetition_penalty),
        off: Some(KnobValue::Number(1.0)),
        formula: "for ids in the text: l < 0 ? l·r : l/r",
        source: "Keskar et al. 2019 (CTRL); Hugging Face RepetitionPenaltyLogitsProcessor",
        ..BLANK
    },
    KnobSpec {
        key: "minNewTokens",
        kind: Kind::Integer,
        stage: Some("minNewTokens"),
        label: "min new tokens",
        meaning: "The text may not end before it has this many new tokens: until then the tokens that would end it are removed.",
        min: Some(0.0),
        max: Some(100_000.0),
        step: Some(1.0),
        scale: Scale::Log,
        default: whole(Knobs::DEFAULT.min_new_tokens),
        off: Some(KnobValue::Number(0.0)),
        formula: "new tokens < n: l = −∞ for end tokens",
        source: "Hugging Face MinNewTokensLengthLogitsProcessor",
    },
    KnobSpec {
        key: "temperature",
        stage: Some("temperature"),
        label: "temperature",
        meaning: "Below 1 the probable tokens gain, above 1 all become more alike. 0 means greedy: the most probable token is always taken.",
        min: Some(0.0),
        max: Some(100.0),
        step: Some(0.05),
        scale: Scale::Log,
        default: KnobValue::Number(Knobs::DEFAULT.temperature),
        off: Some(KnobValue::Number(1.0)),
        formula: "l = l/τ",
        source: "Hugging Face TemperatureLogitsWarper",
        ..BLANK
    },
    KnobSpec {
        key: "topK",
        kind: Kind::Integer,
        stage: Some("topK"),
        label: "top-k",
        meaning: "Keeps the k most probable tokens and removes the rest; tokens that tie with the k-th stay too.",
        min: Some(0.0),
        max: Some(1_000_000.0),
        step: Some(1.0),
        scale: Scale::Log,
        default: whole(Knobs::DEFAULT.top_k),
        off: Some(KnobValue::Number(0.0)),
        formula: "keep l ≥ the k-th greatest l",
        source: "Fan et al. 2018; Hugging Face TopKLogitsWarper",
    },
    KnobSpec {
        key: "topP",
        stage: Some("topP"),
        label: "top-p",
        meaning: "Keeps the smallest set of most probable tokens whose probabilities add up to at least p, and removes the rest.",
        min: Some(0.0),
        max: Some(1.0),
        step: Some(0.01),
        default: KnobValue::Number(Knobs::DEFAULT.top_p),
        off: Some(KnobValue::Number(1.0)),
        formula: "ascending, remove while Σ p ≤ 1 − p_top; the best stays",
        source: "Holtzman et al. 2020; Hugging Face TopPLogitsWarper",
        ..BLANK
    },
    KnobSpec {
        key: "minP",
        stage: Some("minP"),
        label: "min-p",
        meaning: "Removes every token that is less probable than this fraction of the most probable one.",
        min: Some(0.0),
        max: Some(1.0),
        step: Some(0.005),
        scale: Scale::Log,
        default: KnobValue::Number(Knobs::DEFAULT.min_p),
        off: Some(KnobValue::Number(0.0)),
        formula: "keep p ≥ min_p · max p",
        source: "Minh et al. 2024; Hugging Face MinPLogitsWarper",
        ..BLANK
    },
    KnobSpec {
        key: "maxNewTokens",
        kind: Kind::Integer,
        label: "max new tokens",
        meaning: "The text ends when it has this many new tokens.",
        min: Some(1.0),
        max: Some(100_000.0),
        step: Some(1.0),
        scale: Scale::Log,
        default: whole(Knobs::DEFAULT.max_new_tokens),
        formula: "stop when new tokens = n",
        source: "Hugging Face generate, max_new_tokens",
        ..BLANK
    },
    KnobSpec {
        key: "stop",
        kind: Kind::Strings,
        label: "stop strings",
        meaning: "The text ends where one of these strings appears, and does not contain it. Up to 16 strings of 1 to 200 characters.",
        default: KnobValue::Strings(&[]),
        off: Some(KnobValue::Strings(&[])),
        formula: "stop when the output contains one",
        source: "Hugging Face generate, stop_strings",
        ..BLANK
    },
    KnobSpec {
        key: "seed",
        kind: Kind::Integer,
        label: "seed",
        meaning: "Which random numbers are drawn: the same seed and the same settings give the same text, everywhere.",
        min: Some(0.0),
        max: Some(9_007_199_254_740_991.0),
        step: Some(1.0),
        default: KnobValue::Number(0.0),
        formula: "u = Philox4x32-10(key = seed, counter = step)",
        source: "Salmon et al. 2011",
        ..BLANK
    },
];

/// What most rows have in common.
const BLANK: KnobSpec = KnobSpec {
    key: "",
    kind: Kind::Number,
    stage: None,
    label: "",
    meaning: "",
    min: None,
    max: None,
    step: None,
    scale: Scale::Linear,
    default: KnobValue::Bool(false),
    off: None,
    formula: "",
    source: "",
};

const fn whole(value: u32) -> KnobValue {
    KnobValue::Number(value as f64)
}
