//! What decoding tells its callers.

use serde::Serialize;

use crate::sampling::View;

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Finish {
    /// The model wrote a token that ends a text.
    End,
    /// It has as many new tokens as the knobs allow.
    MaxNewTokens,
    /// It contains a stop string.
    Stop,
    /// The model's context is full.
    Context,
}

/// One token that was generated: the view of its position, and what it did to the text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The distribution that it was drawn from.
    #[serde(flatten)]
    pub view: View,
    /// The token.
    pub id: u32,
    /// Text that became complete with this token; never half a character.
    pub delta: String,
    /// The whole output so far, without a matched stop string.
    pub text: String,
    /// Why the text ends here, if it does.
    pub finish: Option<Finish>,
    /// No forward pass was needed, not even one that was made ahead ([`Session::read_ahead`](super::Session::read_ahead)).
    pub cached: bool,
}

/// What other knobs make of the steps that were already generated.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    /// The first step whose choice differs, if one does. Tokens after it are gone.
    pub flip: Option<usize>,
    /// The steps that are left, the flipped one included.
    pub steps: Vec<Step>,
}

/// A piece of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayPart {
    /// The steps of this piece.
    pub replay: Replay,
    /// Nothing is left to replay.
    pub last: bool,
}

/// Which part of a text a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TokenKind {
    /// What the model was given.
    Prompt,
    /// What it wrote.
    Output,
}

/// One token of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenInfo {
    /// The token.
    pub id: u32,
    /// Its text; bytes that are not whole UTF-8 are written as `\xE2`.
    pub text: String,
    /// Whether it has such bytes.
    pub partial: bool,
    /// Whether it is structure (the start of a turn, the end of a text) and not text.
    pub special: bool,
    /// Prompt or output.
    pub kind: TokenKind,
    /// The index in the token sequence.
    pub position: usize,
    /// The probability that the model gave it; `None` for the first token, and where not known yet.
    pub raw: Option<f64>,
    /// The probability under the knobs with which it was drawn; `None` in the prompt.
    pub warped: Option<f64>,
}
