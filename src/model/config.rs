//! What a file's metadata says about the shape of the model.

use super::gguf::{Header, Value};
use crate::error::{Code, Error, Result};
use crate::kernels::rotary::Layout;

/// The architectures that [`super::transformer`] runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Architecture {
    /// Llama 1 to 3, SmolLM2, TinyLlama, Mistral.
    Llama,
    Qwen2,
    Qwen3,
    Gemma3,
}

impl Architecture {
    /// From `general.architecture`.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "llama" => Self::Llama,
            "qwen2" => Self::Qwen2,
            "qwen3" => Self::Qwen3,
            "gemma3" => Self::Gemma3,
            _ => return None,
        })
    }
}

/// The non-linearity of the feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    Silu,
    GeluTanh,
}

/// The numbers that fix a model's shape.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub architecture: Architecture,
    /// Decoder layers.
    pub layers: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Width of one head.
    pub head_dim: usize,
    /// Width inside the feed-forward block.
    pub feed_forward: usize,
    /// Number of tokens.
    pub vocabulary: usize,
    /// Longest sequence that the model was made for, in tokens.
    pub context: usize,
    /// Added to the mean square before the root.
    pub norm_eps: f32,
    /// Which coordinates the rotary embedding turns together.
    pub rope_layout: Layout,
    /// Angular frequency of each pair, for layers that see everything.
    pub rope: Vec<f64>,
    /// Angular frequency of each pair in layers with a window, where it differs (Gemma 3).
    pub rope_local: Option<Vec<f64>>,
    /// Positions that a layer with a window sees.
    pub window: Option<usize>,
    /// Every n-th layer sees everything although there is a window; 0 means none does.
    pub global_every: usize,
    /// Factor on the attention scores.
    pub attention_scale: f32,
    /// Factor on the token embeddings.
    pub embedding_scale: f32,
    pub activation: Activation,
}

impl Config {
    /// Reads the metadata of `architecture`.
    ///
    /// # Errors
    /// [`Code::MissingPart`], [`Code::UnsupportedFeature`], [`Code::Corrupt`].
    pub(super) fn read(architecture: Architecture, header: &Header) -> Result<Self> {
        let keys = Keys::new(header)?;
        keys.refuse_unsupported()?;
        let (hidden, heads) = (
            keys.size("embedding_length")?,
            keys.size("attention.head_count")?,
        );
        let head_dim = keys.head_width("attention.key_length", hidden / heads)?;
        let kv_heads = keys.size_or("attention.head_count_kv", heads)?;
        let gemma = architecture == Architecture::Gemma3;
        let rotated = keys.head_width("rope.dimension_count", head_dim)?;
        let base = keys.base("rope.freq_base")?;
        let local_base = keys.base("rope.freq_base_swa")?;
        let layers = keys.size("block_count")?;
        let config = Self {
            architecture,
            layers,
            hidden,
            heads,
            kv_heads,
            head_dim,
            feed_forward: keys.size("feed_forward_length")?,
            vocabulary: vocabulary(header)?,
            context: keys.size("context_length")?,
            norm_eps: keys
                .float("attention.layer_norm_rms_epsilon")
                .unwrap_or(1e-5) as f32,
            rope_layout: match architecture {
                Architecture::Llama => Layout::Interleaved,
                _ => Layout::Halves,
            },
            rope: frequencies(base, rotated, keys.rope_factor()?),
            rope_local: gemma.then(|| frequencies(local_base, rotated, 1.0)),
            window: keys.optional("attention.sliding_window").filter(|&w| w > 0),
            global_every: keys
                .optional("attention.sliding_window_pattern")
                .unwrap_or(if gemma { 6 } else { 0 }),
            attention_scale: attention_scale(architecture, layers, hidden, heads, head_dim),
            embedding_scale: if gemma { (hidden as f32).sqrt() } else { 1.0 },
            activation: if gemma {
                Activation::GeluTanh
            } else {
                Activation::Silu
            },
        };
        config.check(rotated, keys.optional("attention.value_length"))?;
        Ok(config)
    }

    /// The window of layer `layer`, or `None` if it sees everything.
    pub(super) fn layer_window(&self, layer: usize) -> Option<usize> {
        let global = self.global_every > 0 && (layer + 1).is_multiple_of(self.global_every);
        self.window.filter(|_| !global)
    }

    /// Whether the kernels can run these shapes.
    fn check(&self, rotated: usize, value_length: Option<usize>) -> Result<()> {
        let fits = self.heads.is_multiple_of(self.kv_heads)
            && self.head_dim.is_multiple_of(8)
            && self.hidden.is_multiple_of(8)
            && rotated.is_multiple_of(2)
            && rotated <= self.head_dim
            && value_length.is_none_or(|v| v == self.head_dim);
        if fits {
            return Ok(());
        }
        Err(Error::new(
            Code::UnsupportedFeature,
            format!(
                "{} query heads, {} key heads, heads of {} with {rotated} rotated and values of {value_length:?}, width {}: \
                 head counts must divide, widths be multiples of 8, and keys and values be as long",
                self.heads, self.kv_heads, self.head_dim, self.hidden
            ),
        ))
    }
}

/// Larger sizes (of a width, a context, a number of layers) are damage.
const MAX_SIZE: usize = 1 << 24;
/// Wider heads are damage, too; a table of this length is made before any tensor arrives.
const MAX_HEAD_WIDTH: usize = 1 << 14;

/// Keys that begin with the architecture's name.
pub(super) struct Keys<'a> {
    header: &'a Header,
    prefix: &'a str,
}

impl<'a> Keys<'a> {
    pub(super) fn new(header: &'a Header) -> Result<Self> {
        let prefix = header
            .string("general.architecture")
            .ok_or_else(|| missing("general.architecture"))?;
        Ok(Self { header, prefix })
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    fn optional(&self, name: &str) -> Option<usize> {
        self.header.integer(&self.key(name))
    }

    /// A width, count or length, from 1 to [`MAX_SIZE`].
    pub(super) fn size(&self, name: &str) -> Result<usize> {
        let size = self.optional(name);
        self.possible(name, size.ok_or_else(|| missing(&self.key(name)))?)
    }

    pub(super) fn size_or(&self, name: &str, default: usize) -> Result<usize> {
        self.possible(name, self.optional(name).unwrap_or(default))
    }

    fn head_width(&self, name: &str, default: usize) -> Result<usize> {
        let width = self.size_or(name, default)?;
        if width <= MAX_HEAD_WIDTH {
            return Ok(width);
        }
        Err(self.impossible(name, &width.to_string()))
    }

    fn possible(&self, name: &str, size: usize) -> Result<usize> {
        if (1..=MAX_SIZE).contains(&size) {
            return Ok(size);
        }
        Err(self.impossible(name, &size.to_string()))
    }

    fn impossible(&self, name: &str, value: &str) -> Error {
        let message = format!(
            "{} is {value}, which no model has; the file is damaged, fetch it again",
            self.key(name)
        );
        Error::new(Code::Corrupt, message)
    }

    /// The base of the rotary embedding's frequencies, 10 000 unless the file says otherwise.
    fn base(&self, name: &str) -> Result<f64> {
        match self.header.float(&self.key(name)) {
            None => Ok(10_000.0),
            Some(base) if base.is_finite() && base > 0.0 => Ok(base),
            Some(base) => Err(self.impossible(name, &base.to_string())),
        }
    }

    fn float(&self, name: &str) -> Option<f64> {
        self.header.float(&self.key(name)).filter(|f| f.is_finite())
    }

    /// Positions are divided by this number (linear scaling).
    fn rope_factor(&self) -> Result<f64> {
        let kind = self.header.string(&self.key("rope.scaling.type"));
        let factor = self
            .float("rope.scaling.factor")
            .or(self.float("rope.scale_linear"));
        match kind {
            None | Some("none") => Ok(1.0),
            Some("linear") => Ok(factor.filter(|f| *f > 0.0).unwrap_or(1.0)),
            Some(other) => Err(Error::new(
                Code::UnsupportedFeature,
                format!(
                    "rope scaling {other:?} is not supported; use a file without it (linear scaling works)"
                ),
            )),
        }
    }

    fn refuse_unsupported(&self) -> Result<()> {
        let experts = self.optional("expert_count").unwrap_or(0);
        if experts > 0 {
            return Err(Error::new(
                Code::UnsupportedFeature,
                format!("the model is a mixture of {experts} experts; only dense models run here"),
            ));
        }
        Ok(())
    }
}

pub(super) fn missing(what: &str) -> Error {
    Error::new(
        Code::MissingPart,
        format!("the file lacks {what:?}, which this architecture needs; convert the model again"),
    )
}

/// Rows of the token table.
fn vocabulary(header: &Header) -> Result<usize> {
    let table = header
        .tensor("token_embd.weight")
        .ok_or_else(|| missing("token_embd.weight"))?;
    Ok(table.rows())
}

/// `base^(−2i/dim) / factor` for each pair i.
fn frequencies(base: f64, dim: usize, factor: f64) -> Vec<f64> {
    let pair = |i: usize| libm::pow(base, -((2 * i) as f64) / dim as f64) / factor;
    (0..dim / 2).map(pair).collect()
}

/// `1/√head_dim`; Gemma 3 with 62 layers (27B) scales by its width per head instead.
fn attention_scale(
    architecture: Architecture,
    layers: usize,
    hidden: usize,
    heads: usize,
    head_dim: usize,
) -> f32 {
    let wide = architecture == Architecture::Gemma3 && layers == 62;
    let dim = if wide { hidden / heads } else { head_dim };
    1.0 / (dim as f32).sqrt()
}

/// Ids of the tokens that end a text: end of text, of turn, of message.
pub(super) fn end_tokens(header: &Header) -> Vec<u32> {
    let keys = ["eos_token_id", "eot_token_id", "eom_token_id"];
    let named = keys
        .iter()
        .filter_map(|k| header.integer(&format!("tokenizer.ggml.{k}")));
    let listed = match header.metadata.get("tokenizer.ggml.eos_token_ids") {
        Some(Value::Ints(ids)) => ids.clone(),
        _ => Vec::new(),
    };
    let listed = listed.into_iter().filter_map(|id| usize::try_from(id).ok());
    let mut ids: Vec<u32> = named
        .chain(listed)
        .filter_map(|id| u32::try_from(id).ok())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
