"""The small models: one for each way in which architectures differ."""

from dataclasses import dataclass, field

from transformers import (
    Gemma3ForCausalLM, Gemma3TextConfig, Lfm2Config, Lfm2ForCausalLM, LlamaConfig, LlamaForCausalLM,
    MistralConfig, MistralForCausalLM, Phi3Config, Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM,
    Qwen3Config, Qwen3ForCausalLM,
)


@dataclass
class Spec:
    """A model class of `transformers`, its configuration, and the architecture's name in GGUF."""

    name: str
    architecture: str
    model_class: type
    config: object
    # Newer converters write `attention.key_length`; the default model's file has none.
    write_head_dim: bool = False
    extra: dict = field(default_factory=dict)


def sizes(**changes):
    """The shape shared by most of the models."""
    shape = dict(
        vocab_size=288, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=True,
        pad_token_id=None, bos_token_id=281, eos_token_id=282,
    )
    return shape | changes


def rope(base, **more):
    return {"rope_type": "default", "rope_theta": float(base)} | more


def llama():
    """As SmolLM2: grouped heads, tied embeddings, no explicit head width."""
    config = LlamaConfig(**sizes(), rms_norm_eps=1e-5, rope_parameters=rope(100_000))
    return Spec("llama", "llama", LlamaForCausalLM, config)


def llama3():
    """As Llama 3.1: scaled rotary frequencies, own output matrix; an epsilon large enough to be seen."""
    scaled = rope(
        20_000, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=64,
    )
    config = LlamaConfig(**sizes(tie_word_embeddings=False), rms_norm_eps=1e-3, rope_parameters=scaled)
    return Spec("llama3", "llama", LlamaForCausalLM, config, write_head_dim=True)


def mistral():
    """As Mistral Nemo: architecture `llama`, heads wider than hidden / heads."""
    config = MistralConfig(
        **sizes(tie_word_embeddings=False, intermediate_size=64), head_dim=24, sliding_window=None,
        rms_norm_eps=1e-5, rope_parameters=rope(1_000_000),
    )
    return Spec("mistral", "llama", MistralForCausalLM, config, write_head_dim=True)


def qwen2():
    """As Qwen2.5 0.5B: biases on q, k and v; a vocabulary that is no multiple of 8."""
    config = Qwen2Config(**sizes(vocab_size=301), rms_norm_eps=1e-6, rope_parameters=rope(1_000_000))
    return Spec("qwen2", "qwen2", Qwen2ForCausalLM, config)


def qwen3():
    """As Qwen3 0.6B: norms on q and k, heads wider than hidden / heads."""
    config = Qwen3Config(
        **sizes(intermediate_size=64), head_dim=32, rms_norm_eps=1e-6, rope_parameters=rope(1_000_000)
    )
    return Spec("qwen3", "qwen3", Qwen3ForCausalLM, config, write_head_dim=True)


def gemma3():
    """As Gemma 3 4B: five layers with a window of 16, one without, linear rope scaling in the latter only."""
    config = Gemma3TextConfig(
        **sizes(hidden_size=32, intermediate_size=64, num_hidden_layers=7), head_dim=16, query_pre_attn_scalar=16,
        sliding_window=16, rms_norm_eps=1e-6,
        rope_parameters={
            "full_attention": rope(1_000_000, rope_type="linear", factor=8.0),
            "sliding_attention": rope(20_000),
        },
    )
    return Spec("gemma3", "gemma3", Gemma3ForCausalLM, config, write_head_dim=True)


def phi3():
    """As Phi-3 mini: q, k and v in one matrix, gate and up in another."""
    config = Phi3Config(
        **sizes(tie_word_embeddings=False, intermediate_size=64), rms_norm_eps=1e-5, rope_parameters=rope(10_000),
        original_max_position_embeddings=256, sliding_window=None,
    )
    return Spec("phi3", "phi3", Phi3ForCausalLM, config)


def lfm2():
    """As LFM2: short convolutions in three layers, attention with norms on q and k in one."""
    config = Lfm2Config(
        **sizes(hidden_size=32, intermediate_size=96, num_hidden_layers=4), norm_eps=1e-5, conv_L_cache=3,
        block_multiple_of=32, rope_parameters=rope(1_000_000),
        layer_types=["conv", "conv", "full_attention", "conv"],
    )
    return Spec("lfm2", "lfm2", Lfm2ForCausalLM, config)


def all_specs():
    return [llama(), llama3(), mistral(), qwen2(), qwen3(), gemma3(), phi3(), lfm2()]
