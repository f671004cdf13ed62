//! What is loaded: one model with its tokenizer.

use std::cell::{OnceCell, Ref, RefCell, RefMut};
use std::path::Path;
use std::rc::Rc;

use super::session::Session;
use super::spec::tokenizer_spec;
use super::step::{TokenInfo, TokenKind};
use crate::error::{Code, Error, Result};
use crate::model::gguf::Header;
use crate::model::{Loader, Model, ModelInfo, load_file};
use crate::sampling;
use crate::tokenizer::{Message, Moment, Special, Tokenizer};

/// A loaded model and its tokenizer. Cloning shares both.
#[derive(Clone, Debug)]
pub struct Engine {
    parts: Rc<Parts>,
}

#[derive(Debug)]
struct Parts {
    model: RefCell<Model>,
    info: ModelInfo,
    tokenizer: Tokenizer,
    /// Made when first asked for.
    breakers: OnceCell<Rc<[u32]>>,
}

/// Characters over which no repetition reaches, for DRY: llama.cpp's defaults.
const BREAKERS: &[u8] = b"\n:\"*";

/// How a prompt becomes tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Template {
    /// As it is written.
    #[default]
    Raw,
    /// As the message of a user, in the model's own chat template.
    Chat,
}

/// What a session begins with.
#[derive(Clone, Debug, Default)]
pub struct SessionOptions {
    /// The text, or the user's message.
    pub prompt: String,
    /// How it becomes tokens.
    pub template: Template,
    /// A system message, for [`Template::Chat`].
    pub system: Option<String>,
    /// What a chat template takes for the present time; most ask for none.
    pub now: Option<Moment>,
    /// Ids that end a text, in place of the model's own.
    pub end_tokens: Option<Vec<u32>>,
}

impl Engine {
    /// The engine that a loader has gathered.
    ///
    /// # Errors
    /// Those of [`Loader::finish`] and [`Tokenizer::new`], and [`Code::Corrupt`] if the tokenizer
    /// has more tokens than the model.
    pub fn new(loader: Loader) -> Result<Self> {
        let (model, header) = loader.finish()?;
        Self::assemble(model, header)
    }

    /// Loads a file, natively.
    ///
    /// # Errors
    /// [`Code::Io`], and those of [`Engine::new`].
    pub fn open(path: &Path) -> Result<Self> {
        let (model, header) = load_file(path)?;
        Self::assemble(model, header)
    }

    fn assemble(model: Model, header: Header) -> Result<Self> {
        let tokenizer = Tokenizer::new(tokenizer_spec(header)?)?;
        let info = model.info().clone();
        if tokenizer.vocabulary() > info.vocabulary {
            let message = format!(
                "the tokenizer has {} tokens, the model only {}; the file is damaged",
                tokenizer.vocabulary(),
                info.vocabulary
            );
            return Err(Error::new(Code::Corrupt, message));
        }
        let model = RefCell::new(model);
        let parts = Parts {
            model,
            info,
            tokenizer,
            breakers: OnceCell::new(),
        };
        Ok(Self {
            parts: Rc::new(parts),
        })
    }

    /// What is known of the model.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.parts.info
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.parts.tokenizer
    }

    /// The tokens of a text, by themselves.
    ///
    /// # Errors
    /// [`Code::Internal`] only.
    pub fn tokenize(&self, text: &str, special: Special) -> Result<Vec<TokenInfo>> {
        let ids = self.tokenizer().encode(text, special);
        let token = |(position, id)| self.token_info(id, position, TokenKind::Prompt);
        Ok(ids.into_iter().enumerate().map(token).collect())
    }

    /// A session that begins with a prompt. The model has not read it yet ([`Session::prefill`]).
    ///
    /// # Errors
    /// [`Code::EmptyPrompt`], [`Code::ContextFull`], [`Code::ChatTemplate`].
    pub fn session(&self, options: &SessionOptions) -> Result<Session> {
        let prompt = match options.template {
            Template::Raw => options.prompt.clone(),
            Template::Chat => self.chat_prompt(options)?,
        };
        let ids = self.tokenizer().encode_prompt(&prompt);
        self.check_prompt(&ids)?;
        let end_tokens = options.end_tokens.as_ref();
        let end_tokens = end_tokens.unwrap_or(&self.info().end_tokens).clone();
        Ok(Session::new(self.clone(), ids, end_tokens))
    }

    fn chat_prompt(&self, options: &SessionOptions) -> Result<String> {
        let system = options
            .system
            .iter()
            .map(|text| Message::new("system", text));
        let user = Message::new("user", &options.prompt);
        let messages: Vec<Message> = system.chain([user]).collect();
        self.tokenizer().chat_prompt(&messages, options.now)
    }

    fn check_prompt(&self, ids: &[u32]) -> Result<()> {
        if ids.is_empty() {
            return Err(Error::new(
                Code::EmptyPrompt,
                "the prompt has no token; write at least one character",
            ));
        }
        let (length, limit) = (ids.len(), self.info().context_length);
        if length >= limit {
            let message = format!(
                "the prompt has {length} tokens, and the model's context of {limit} must hold at least one more; use a shorter prompt"
            );
            return Err(Error::new(Code::ContextFull, message));
        }
        Ok(())
    }

    pub(super) fn model(&self) -> Ref<'_, Model> {
        self.parts.model.borrow()
    }

    pub(super) fn model_mut(&self) -> RefMut<'_, Model> {
        self.parts.model.borrow_mut()
    }

    /// The tokens with a character over which no repetition reaches.
    pub(super) fn breakers(&self) -> Rc<[u32]> {
        let tokenizer = self.tokenizer();
        let breaks = |id: &u32| {
            let bytes = tokenizer.token_bytes(*id).unwrap_or_default();
            bytes.iter().any(|byte| BREAKERS.contains(byte))
        };
        let count = u32::try_from(tokenizer.vocabulary()).unwrap_or(u32::MAX);
        let made = self
            .parts
            .breakers
            .get_or_init(|| (0..count).filter(breaks).collect());
        made.clone()
    }

    /// A token for the eye. Some models have more rows than their tokenizer has tokens.
    pub(super) fn piece(&self, id: u32) -> sampling::Piece {
        match self.tokenizer().piece(id) {
            Ok(piece) => sampling::Piece {
                text: piece.text,
                partial: piece.partial,
            },
            Err(_) => sampling::Piece {
                text: format!("[unused {id}]"),
                partial: false,
            },
        }
    }

    /// A token of a text; its probabilities are filled in elsewhere.
    pub(super) fn token_info(&self, id: u32, position: usize, kind: TokenKind) -> TokenInfo {
        let sampling::Piece { text, partial } = self.piece(id);
        let special = self.tokenizer().is_special(id);
        TokenInfo {
            id,
            text,
            partial,
            special,
            kind,
            position,
            raw: None,
            warped: None,
        }
    }
}
