//! The decoder-only transformer of Llama, Qwen 2, Qwen 3 and Gemma 3.
//!
//! Config → attention → feed-forward → layer → model, each with `load` and `forward`.
//! Activations are `[n, width]` for n new positions; the cache holds what came before.

use std::iter::repeat_n;
use std::sync::Arc;

use candle_core::{Result as Candle, Tensor};

use super::config::{Architecture, Config};
use super::ops::{
    Attend, Gate, LaneCache, Linear, RmsNorm, add_projections, project, project_numbers,
};
use super::slab::CacheShape;
use super::state::Cache;
use super::weights::Weights;
use super::{Engine, Output, State};
use crate::error::{Code, Error, Result};
use crate::kernels::attention::Shape;
use crate::kernels::instruction::Dot;
use crate::kernels::pool;
use crate::kernels::rotary::Angles;

/// Attention with grouped key and value heads (Ainslie et al. 2023).
#[derive(Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    /// Normalise each head before rotation (Qwen 3, Gemma 3).
    query_norm: Option<RmsNorm>,
    key_norm: Option<RmsNorm>,
    shape: Shape,
    layer: usize,
}

impl Attention {
    fn load(config: &Config, weights: &mut Weights, layer: usize) -> Result<Self> {
        let name = |part: &str| format!("blk.{layer}.{part}");
        let (hidden, dim) = (config.hidden, config.head_dim);
        let (wide, narrow) = (config.heads * dim, config.kv_heads * dim);
        let mut head_norm = |part: &str| -> Result<Option<RmsNorm>> {
            let weight = weights.optional_vector(&name(part), dim)?;
            Ok(weight.map(|w| RmsNorm::new(w, config.norm_eps)))
        };
        Ok(Self {
            query_norm: head_norm("attn_q_norm.weight")?,
            key_norm: head_norm("attn_k_norm.weight")?,
            query: linear(weights, &name("attn_q"), wide, hidden)?,
            key: linear(weights, &name("attn_k"), narrow, hidden)?,
            value: linear(weights, &name("attn_v"), narrow, hidden)?,
            output: linear(weights, &name("attn_output"), hidden, wide)?,
            shape: Shape {
                heads: config.heads,
                kv_heads: config.kv_heads,
                dim,
                scale: config.attention_scale,
                window: config.layer_window(layer),
            },
            layer,
        })
    }

    /// Adds to the stream what comes of `x`, its norm, both `[n, hidden]`; writes the new positions into the
    /// caches.
    fn add_to(&self, stream: Stream<'_>, x: &Tensor, pass: &Pass<'_>) -> Candle<Tensor> {
        let projected = project(&[&self.query, &self.key, &self.value], x)?;
        let local = pass.local.as_ref().filter(|_| self.shape.window.is_some());
        let attended = projected.apply_op1_no_bwd(&Attend {
            lanes: pass.lanes,
            angles: local.unwrap_or(&pass.global),
            rope_layout: pass.config.rope_layout,
            query_norm: self.query_norm.as_ref(),
            key_norm: self.key_norm.as_ref(),
            layer: self.layer,
            shape: self.shape,
        })?;
        stream.plus(&self.output, &attended)
    }
}

/// The gated feed-forward block.
#[derive(Debug)]
struct FeedForward {
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl FeedForward {
    fn load(config: &Config, weights: &mut Weights, layer: usize) -> Result<Self> {
        let name = |part: &str| format!("blk.{layer}.{part}");
        let (hidden, wide) = (config.hidden, config.feed_forward);
        Ok(Self {
            gate: linear(weights, &name("ffn_gate"), wide, hidden)?,
            up: linear(weights, &name("ffn_up"), wide, hidden)?,
            down: linear(weights, &name("ffn_down"), hidden, wide)?,
        })
    }

    /// Adds to the stream what comes of `x`, its norm, both `[n, hidden]`.
    fn add_to(&self, stream: Stream<'_>, x: &Tensor, config: &Config) -> Candle<Tensor> {
        let both = project(&[&self.gate, &self.up], x)?;
        let gated = both.apply_op1_no_bwd(&Gate {
            activation: config.activation,
            width: config.feed_forward,
        })?;
        stream.plus(&self.down, &gated)
    }
}

/// One decoder layer: attention, then feed-forward, each around the residual stream.
#[derive(Debug)]
struct Layer {
    attention_norm: RmsNorm,
    attention: Attention,
    /// Gemma 3 normalises what a block adds, too.
    attention_post_norm: Option<RmsNorm>,
    feed_forward_norm: RmsNorm,
    feed_forward: FeedForward,
    feed_forward_post_norm: Option<RmsNorm>,
}

impl Layer {
    /// Whether its products take activations of 8 bits.
    const fn is_quantized(&self) -> bool {
        self.feed_forward.up.is_quantized()
    }

    fn load(config: &Config, weights: &mut Weights, layer: usize) -> Result<Self> {
        let mut norm = |part: &str| -> Result<Option<RmsNorm>> {
            let weight =
                weights.optional_vector(&format!("blk.{layer}.{part}.weight"), config.hidden)?;
            Ok(weight.map(|w| RmsNorm::new(w, config.norm_eps)))
        };
        let missing = |part: &str| super::config::missing(&format!("blk.{layer}.{part}.weight"));
        Ok(Self {
            attention_norm: norm("attn_norm")?.ok_or_else(|| missing("attn_norm"))?,
            attention_post_norm: norm("post_attention_norm")?,
            feed_forward_norm: norm("ffn_norm")?.ok_or_else(|| missing("ffn_norm"))?,
            feed_forward_post_norm: norm("post_ffw_norm")?,
            attention: Attention::load(config, weights, layer)?,
            feed_forward: FeedForward::load(config, weights, layer)?,
        })
    }

    /// `[n, hidden] → [n, hidden]`
    fn forward(&self, x: Tensor, pass: &Pass<'_>) -> Candle<Tensor> {
        let normed = self.attention_norm.forward(&x)?;
        let norm = self.attention_post_norm.as_ref();
        let x = self.attention.add_to(Stream { x, norm }, &normed, pass)?;
        let normed = self.feed_forward_norm.forward(&x)?;
        let norm = self.feed_forward_post_norm.as_ref();
        let stream = Stream { x, norm };
        self.feed_forward.add_to(stream, &normed, pass.config)
    }
}

/// The residual stream, to which blocks add.
struct Stream<'a> {
    /// Whose memory nobody else has.
    x: Tensor,
    /// Of what a block adds.
    norm: Option<&'a RmsNorm>,
}

impl Stream<'_> {
    /// The stream and what a block adds, the last projection of which is left to do.
    fn plus(self, last: &Linear, block: &Tensor) -> Candle<Tensor> {
        match self.norm {
            None => {
                last.add_to(&self.x, block)?;
                Ok(self.x)
            }
            Some(norm) => self.x + norm.forward(&last.forward(block)?)?,
        }
    }
}

/// What one forward pass shares between its layers.
struct Pass<'a> {
    config: &'a Config,
    /// The sequences whose new positions are the rows of the activations, one after another.
    lanes: &'a [LaneCache<'a>],
    /// Rotations of the new positions.
    global: Angles,
    /// The same for layers with a window, where they differ.
    local: Option<Angles>,
}

impl<'a> Pass<'a> {
    fn new(config: &'a Config, lanes: &'a [LaneCache<'a>]) -> Self {
        let positions = |lane: &LaneCache<'_>| lane.cache.len()..lane.cache.len() + lane.count;
        let angles = |rope: &[f64]| Angles::new(rope, lanes.iter().flat_map(positions));
        Self {
            config,
            lanes,
            global: angles(&config.rope),
            local: config.rope_local.as_deref().map(angles),
        }
    }
}

/// The whole model.
pub(super) struct Transformer {
    config: Config,
    /// `[vocabulary, hidden]`; with tied weights also the output projection.
    embedding: Linear,
    layers: Vec<Layer>,
    norm: RmsNorm,
    output: Option<Linear>,
}

impl Transformer {
    /// Builds the model from `weights`, which it empties.
    pub(super) fn load(mut config: Config, weights: &mut Weights) -> Result<Self> {
        if let Some(factors) = weights.optional_vector("rope_freqs.weight", config.rope.len())? {
            let pairs = config.rope.iter_mut().zip(&factors);
            pairs.for_each(|(frequency, factor)| *frequency /= f64::from(*factor));
        }
        let (vocabulary, hidden) = (config.vocabulary, config.hidden);
        let tied = !weights.has_matrix("output.weight");
        let layers = (0..config.layers).map(|layer| Layer::load(&config, weights, layer));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let output = if tied {
            None
        } else {
            Some(linear(weights, "output", vocabulary, hidden)?)
        };
        let model = Self {
            embedding: linear(weights, "token_embd", vocabulary, hidden)?,
            norm: RmsNorm::new(
                weights.vector("output_norm.weight", hidden)?,
                config.norm_eps,
            ),
            layers,
            output,
            config,
        };
        model.check()?;
        Ok(model)
    }

    /// Runs each lane's tokens behind its cache; returns the last layer's normalised output
    /// `[Σn, hidden]`, the lanes' positions one after another.
    fn hidden(&self, lanes: &mut [(&mut Cache, &[u32])]) -> Candle<Tensor> {
        for (cache, tokens) in &mut *lanes {
            cache.claim(tokens.len());
        }
        let caches: Vec<LaneCache<'_>> = lanes.iter().map(LaneCache::new).collect();
        let pass = Pass::new(&self.config, &caches);
        let tokens: Vec<u32> = lanes
            .iter()
            .flat_map(|(_, tokens)| *tokens)
            .copied()
            .collect();
        let mut x = self.embedding.rows(&tokens)?;
        if self.config.embedding_scale != 1.0 {
            x = (x * f64::from(self.config.embedding_scale))?;
        }
        for layer in &self.layers {
            x = layer.forward(x, &pass)?;
        }
        let x = self.norm.forward(&x)?;
        for (cache, tokens) in lanes {
            cache.advance(tokens.len());
        }
        Ok(x)
    }

    /// Parts that one architecture has and another lacks must be there or absent throughout.
    /// (Biases may always be there; only Qwen 2 cannot do without those of attention.)
    fn check(&self) -> Result<()> {
        let architecture = self.config.architecture;
        let (head_norms, post_norms) = match architecture {
            Architecture::Llama | Architecture::Qwen2 => (false, false),
            Architecture::Qwen3 => (true, false),
            Architecture::Gemma3 => (true, true),
        };
        let biased = |attention: &Attention| {
            let inputs = [&attention.query, &attention.key, &attention.value];
            inputs.iter().all(|linear| linear.has_bias())
        };
        let fits = |layer: &Layer| {
            let attention = &layer.attention;
            attention.query_norm.is_some() == head_norms
                && attention.key_norm.is_some() == head_norms
                && layer.attention_post_norm.is_some() == post_norms
                && layer.feed_forward_post_norm.is_some() == post_norms
                && (architecture != Architecture::Qwen2 || biased(attention))
        };
        match self.layers.iter().position(|layer| !fits(layer)) {
            None => Ok(()),
            Some(index) => Err(Error::new(
                Code::MissingPart,
                format!(
                    "layer {index} has not the norms and biases that {architecture:?} needs; \
                     convert the model again"
                ),
            )),
        }
    }
}

impl std::fmt::Debug for Transformer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transformer")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Engine for Transformer {
    fn name(&self) -> &'static str {
        "tokenscope"
    }

    fn products(&self) -> Option<&'static str> {
        Some(Dot::of_host().name())
    }

    fn gives_all_rows(&self) -> bool {
        true
    }

    fn start(&self) -> State {
        State::Cache(Cache::new(CacheShape {
            layers: self.config.layers,
            kv_heads: self.config.kv_heads,
            head_dim: self.config.head_dim,
            integers: self.layers.iter().any(|layer| layer.is_quantized()),
        }))
    }

    fn run(&mut self, lanes: &mut [(&mut State, &[u32])]) -> Result<Vec<Vec<Output>>> {
        let caches = lanes.iter_mut().map(|(state, tokens)| match state {
            State::Cache(cache) => Ok((cache, *tokens)),
            State::Tokens(_) => Err(super::other_model()),
        });
        let mut caches = caches.collect::<Result<Vec<_>>>()?;
        let _helpers = pool::stay_awake();
        let hidden = self.hidden(&mut caches).and_then(|h| h.to_vec2());
        let rows: Vec<Vec<f32>> = hidden.map_err(|error| super::candle_error(&error))?;
        let mut rows = rows.into_iter().map(Output::hidden);
        let lanes = caches.iter().map(|(_, tokens)| tokens.len());
        Ok(lanes
            .map(|count| rows.by_ref().take(count).collect())
            .collect())
    }

    fn logits(&self, outputs: &[&Output]) -> Result<Vec<Arc<[f32]>>> {
        let mut hidden = Vec::with_capacity(outputs.len() * self.config.hidden);
        for output in outputs {
            hidden.extend_from_slice(output.as_hidden()?);
        }
        let _helpers = pool::stay_awake();
        let projection = self.output.as_ref().unwrap_or(&self.embedding);
        let vocabulary = self.config.vocabulary;
        if outputs.len() == 1 {
            // In the place where they stay, so that nothing is copied.
            let mut logits: Arc<[f32]> = repeat_n(0.0, vocabulary).collect();
            let place = Arc::get_mut(&mut logits).expect("nobody else has them yet");
            add_projections(&[projection], &hidden, place);
            return Ok(vec![logits]);
        }
        let logits = project_numbers(&[projection], &hidden);
        Ok(logits.chunks_exact(vocabulary).map(Arc::from).collect())
    }
}

/// The projection `name`, with its bias if the file has one.
fn linear(weights: &mut Weights, name: &str, rows: usize, cols: usize) -> Result<Linear> {
    let bias = weights.optional_vector(&format!("{name}.bias"), rows)?;
    Ok(Linear::new(
        weights.matrix(&format!("{name}.weight"), rows, cols)?,
        bias,
    ))
}
