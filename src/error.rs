//! The one error type of the crate: a stable code, and a sentence that says what, where and what to do.

use std::fmt;

/// What went wrong, as a stable name that programs may match on.
///
/// The names are part of the public interface: they cross the worker boundary unchanged
/// (see [`Code::name`]) and are listed in the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The file does not begin like a GGUF file.
    NotGguf,
    /// The GGUF version is not 2 or 3, or its byte order is foreign.
    GgufVersion,
    /// The file ends before what its header promises.
    Truncated,
    /// The header contradicts itself or names impossible sizes.
    Corrupt,
    /// The file or one of its parts is larger than this build can hold.
    TooLarge,
    /// No engine here runs this architecture.
    UnsupportedArchitecture,
    /// A tensor's type is one that we cannot read.
    UnsupportedTensorType,
    /// A feature that the file asks for is missing here (for example a kind of rope scaling).
    UnsupportedFeature,
    /// A metadata key or tensor that the architecture needs is absent or of the wrong shape.
    MissingPart,
    /// The tokenizer in the file is of a kind that we cannot run.
    UnsupportedTokenizer,
    /// The chat template does not parse or refuses the messages.
    ChatTemplate,
    /// A knob is outside its range, or not a number.
    KnobOutOfRange,
    /// A knob is not one that we know.
    UnknownKnob,
    /// A logit is NaN or infinite.
    BadLogits,
    /// The prompt has no token.
    EmptyPrompt,
    /// The text does not fit in the model's context.
    ContextFull,
    /// A step, position or token id that does not exist.
    OutOfRange,
    /// The call does not fit the state of the object (for example a step after the end).
    BadState,
    /// An argument is not of the form that the call takes.
    BadArgument,
    /// A file could not be read or written.
    Io,
    /// A fault of ours; please report it.
    Internal,
}

impl Code {
    /// The stable name, in kebab case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotGguf => "not-gguf",
            Self::GgufVersion => "gguf-version",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::TooLarge => "too-large",
            Self::UnsupportedArchitecture => "unsupported-architecture",
            Self::UnsupportedTensorType => "unsupported-tensor-type",
            Self::UnsupportedFeature => "unsupported-feature",
            Self::MissingPart => "missing-part",
            Self::UnsupportedTokenizer => "unsupported-tokenizer",
            Self::ChatTemplate => "chat-template",
            Self::KnobOutOfRange => "knob-out-of-range",
            Self::UnknownKnob => "unknown-knob",
            Self::BadLogits => "bad-logits",
            Self::EmptyPrompt => "empty-prompt",
            Self::ContextFull => "context-full",
            Self::OutOfRange => "out-of-range",
            Self::BadState => "bad-state",
            Self::BadArgument => "bad-argument",
            Self::Io => "io",
            Self::Internal => "internal",
        }
    }
}

/// A coded error. `Display` gives the sentence without the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: Code,
    message: String,
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a code and a sentence that says what, where and what to do.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::new(Code::Io, error.to_string())
    }
}
