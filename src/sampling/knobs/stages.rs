//! The stages by name: what each is for, and the order in which the dialects run them.

use serde::Serialize;

/// Whose order and rules a chain follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Dialect {
    /// Hugging Face's `generate`.
    #[default]
    HuggingFace,
    /// llama.cpp's default chain of samplers.
    LlamaCpp,
    /// Any order; Hugging Face's rule where both have one.
    Free,
}

impl Dialect {
    /// All, as JSON names them.
    pub const NAMES: &'static [&'static str] = &["huggingFace", "llamaCpp", "free"];

    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::HuggingFace, Self::LlamaCpp, Self::Free];
        let index = Self::NAMES.iter().position(|&known| known == name)?;
        Some(all[index])
    }
}

/// What there is to know about one stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageSpec {
    /// The name in JSON and in traces.
    pub name: &'static str,
    /// The name that a person reads.
    pub label: &'static str,
    /// What it does, in a sentence.
    pub meaning: &'static str,
    /// The dialects in which it exists.
    pub dialects: &'static [Dialect],
    /// Whether it acts only when tokens are drawn at random, and not when the best one is taken.
    pub sampling: bool,
    /// Whether it depends on how surprising the tokens so far were, not on the text alone.
    pub state: bool,
}

/// What the table says about a stage, by its name.
#[must_use]
pub fn stage(name: &str) -> Option<&'static StageSpec> {
    STAGES.iter().find(|stage| stage.name == name)
}

/// Hugging Face's order. (Its `suppress_tokens` are our banned tokens.)
pub static HUGGING_FACE: &[&str] = &[
    "logitBias",
    "repetitionPenalty",
    "noRepeatNgram",
    "minNewTokens",
    "bannedTokens",
    "temperature",
    "topK",
    "topP",
    "minP",
    "typicalP",
    "epsilonCutoff",
    "etaCutoff",
];

/// llama.cpp's order. What is banned there is biased by −∞, so it goes first.
pub static LLAMA_CPP: &[&str] = &[
    "logitBias",
    "bannedTokens",
    "minNewTokens",
    "repetitionPenalty",
    "frequencyPenalty",
    "presencePenalty",
    "dry",
    "topNSigma",
    "topK",
    "typicalP",
    "topP",
    "minP",
    "xtc",
    "dynamicTemperature",
    "temperature",
];

/// llama.cpp's order with mirostat, which takes the place of all that penalises or cuts.
pub static LLAMA_CPP_MIROSTAT: &[&str] = &[
    "logitBias",
    "bannedTokens",
    "minNewTokens",
    "temperature",
    "mirostat",
];

/// The orders by name, as the page reads them.
pub static CHAINS: &[(&str, &[&str])] = &[
    ("huggingFace", HUGGING_FACE),
    ("llamaCpp", LLAMA_CPP),
    ("llamaCppMirostat", LLAMA_CPP_MIROSTAT),
];

const BOTH: &[Dialect] = &[Dialect::HuggingFace, Dialect::LlamaCpp, Dialect::Free];
const ONLY_HUGGING_FACE: &[Dialect] = &[Dialect::HuggingFace, Dialect::Free];
const ONLY_LLAMA_CPP: &[Dialect] = &[Dialect::LlamaCpp, Dialect::Free];

/// A stage that changes scores or bans tokens, whether a token is drawn or the best one taken.
const fn always(
    name: &'static str,
    label: &'static str,
    meaning: &'static str,
    dialects: &'static [Dialect],
) -> StageSpec {
    StageSpec {
        name,
        label,
        meaning,
        dialects,
        sampling: false,
        state: false,
    }
}

/// A stage that acts only when a token is drawn.
const fn sampling(
    name: &'static str,
    label: &'static str,
    meaning: &'static str,
    dialects: &'static [Dialect],
) -> StageSpec {
    StageSpec {
        sampling: true,
        ..always(name, label, meaning, dialects)
    }
}

/// Every stage that a chain may name.
pub static STAGES: &[StageSpec] = &[
    always(
        "logitBias",
        "logit bias",
        "Adds a number to the logits of some tokens.",
        BOTH,
    ),
    always(
        "bannedTokens",
        "banned tokens",
        "Removes some tokens.",
        BOTH,
    ),
    always(
        "minNewTokens",
        "min new tokens",
        "Removes the tokens that end a text while it is too short.",
        BOTH,
    ),
    always(
        "repetitionPenalty",
        "repetition penalty",
        "Makes tokens that stand in the text less likely, by a factor.",
        BOTH,
    ),
    always(
        "frequencyPenalty",
        "frequency penalty",
        "Makes tokens less likely by how often they stand in the last tokens.",
        ONLY_LLAMA_CPP,
    ),
    always(
        "presencePenalty",
        "presence penalty",
        "Makes tokens that stand in the last tokens less likely, by a number.",
        ONLY_LLAMA_CPP,
    ),
    always(
        "noRepeatNgram",
        "no-repeat n-gram",
        "Removes tokens that would repeat a run of tokens.",
        ONLY_HUGGING_FACE,
    ),
    always(
        "dry",
        "DRY",
        "Makes tokens less likely by how long a repetition they would continue.",
        ONLY_LLAMA_CPP,
    ),
    sampling(
        "temperature",
        "temperature",
        "Divides the logits: sharper below 1, flatter above.",
        BOTH,
    ),
    sampling(
        "dynamicTemperature",
        "dynamic temperature",
        "A temperature that rises with the entropy; it takes the place of the plain one.",
        ONLY_LLAMA_CPP,
    ),
    sampling(
        "topNSigma",
        "top-n-σ",
        "Removes tokens whose logit is far below the greatest, in standard deviations.",
        ONLY_LLAMA_CPP,
    ),
    sampling("topK", "top-k", "Keeps the k best tokens.", BOTH),
    sampling(
        "topP",
        "top-p",
        "Keeps the best tokens that hold a mass together.",
        BOTH,
    ),
    sampling(
        "minP",
        "min-p",
        "Removes tokens that are improbable beside the best one.",
        BOTH,
    ),
    sampling(
        "typicalP",
        "typical",
        "Keeps the tokens whose surprise is nearest to the entropy.",
        BOTH,
    ),
    sampling(
        "epsilonCutoff",
        "epsilon",
        "Removes tokens below a probability.",
        ONLY_HUGGING_FACE,
    ),
    sampling(
        "etaCutoff",
        "eta",
        "Removes tokens below a probability that sinks as the entropy rises.",
        ONLY_HUGGING_FACE,
    ),
    sampling(
        "xtc",
        "XTC",
        "Now and then removes the most probable tokens but for the least of them.",
        ONLY_LLAMA_CPP,
    ),
    StageSpec {
        state: true,
        ..sampling(
            "mirostat",
            "mirostat",
            "Keeps the surprise of the text steady, by feedback.",
            ONLY_LLAMA_CPP,
        )
    },
];
