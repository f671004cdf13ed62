"""Reads a GGUF file of architecture `llama` into `transformers`, its weights dequantised to float32."""

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from convert import deinterleave

NAMES = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}
OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def field(reader, key):
    return reader.fields[key].contents()


def load_llama(path):
    """A float32 model with eager attention."""
    reader = gguf.GGUFReader(path)
    config = read_config(reader)
    model = LlamaForCausalLM(config).float().eval()
    state = {hf_name(tensor.name): torch.from_numpy(values(tensor, config)) for tensor in reader.tensors}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model


def read_config(reader):
    get = lambda key: field(reader, f"llama.{key}")
    config = LlamaConfig(
        vocab_size=len(field(reader, "tokenizer.ggml.tokens")),
        hidden_size=get("embedding_length"),
        intermediate_size=get("feed_forward_length"),
        num_hidden_layers=get("block_count"),
        num_attention_heads=get("attention.head_count"),
        num_key_value_heads=get("attention.head_count_kv"),
        head_dim=get("rope.dimension_count"),
        max_position_embeddings=get("context_length"),
        rms_norm_eps=get("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": get("rope.freq_base")},
        tie_word_embeddings=not any(tensor.name == "output.weight" for tensor in reader.tensors),
        pad_token_id=None,
    )
    config._attn_implementation = "eager"
    return config


def hf_name(name):
    """The name in `transformers` of a GGUF tensor."""
    stem = name.removesuffix(".weight")
    if stem in OUTER:
        return f"{OUTER[stem]}.weight"
    _, layer, part = stem.split(".")
    return f"model.layers.{layer}.{NAMES[part]}.weight"


def values(tensor, config):
    """Float32 values, rows of q and k in the order of `transformers`."""
    shape = [int(n) for n in reversed(tensor.shape)]
    array = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(shape)
    if ".attn_q." in tensor.name:
        array = deinterleave(array, config.num_attention_heads)
    if ".attn_k." in tensor.name:
        array = deinterleave(array, config.num_key_value_heads)
    return np.array(array, dtype=np.float32)
