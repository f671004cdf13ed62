//! What the table of knobs says about each; the rows are in `rows.rs`.

use serde::{Serialize, Serializer};

pub use super::rows::KNOBS;

/// The most stop strings that a text may have.
pub const STOP_STRINGS: usize = 16;
/// The most characters that a stop string may have; the least is 1.
pub const STOP_LENGTH: usize = 200;
/// The most tokens that may be banned, or biased.
pub const MOST_IDS: usize = 1024;

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
    /// One of some names.
    Choice,
    /// A list of names of stages.
    Stages,
    /// A list of token ids.
    Ids,
    /// A number for each of some token ids.
    Biases,
}

/// The part of a panel in which a knob stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// What most people need.
    Basic,
    /// What depends on the text so far, or on the token itself.
    Penalties,
    /// What cuts the tail off.
    Truncation,
    /// What follows the distribution from step to step.
    Adaptive,
    /// When the text ends.
    Length,
    /// What the random numbers are made of.
    Random,
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
    /// Of a [`Kind::Choice`].
    Choice(&'static str),
    /// Of a [`Kind::Strings`], [`Kind::Stages`] or [`Kind::Ids`].
    List(&'static [&'static str]),
    /// Of a [`Kind::Biases`]: that of none.
    #[serde(serialize_with = "empty_object")]
    NoBiases,
}

/// What there is to know about one knob.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KnobSpec {
    /// The name in JSON.
    pub key: &'static str,
    /// The form of its value.
    pub kind: Kind,
    /// The part of a panel in which it stands.
    pub group: Group,
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
    /// The names to choose from, of a choice.
    pub choices: &'static [&'static str],
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

fn empty_object<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(std::iter::empty::<(u32, f64)>())
}

/// What the table says about a knob, by its name in JSON.
#[must_use]
pub fn spec(key: &str) -> Option<&'static KnobSpec> {
    KNOBS.iter().find(|spec| spec.key == key)
}

/// What most rows have in common.
pub(super) const BLANK: KnobSpec = KnobSpec {
    key: "",
    kind: Kind::Number,
    group: Group::Basic,
    stage: None,
    label: "",
    meaning: "",
    min: None,
    max: None,
    step: None,
    choices: &[],
    scale: Scale::Linear,
    default: KnobValue::Bool(false),
    off: None,
    formula: "",
    source: "",
};

pub(super) const fn whole(value: u32) -> KnobValue {
    KnobValue::Number(value as f64)
}
