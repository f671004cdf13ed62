"""One model with a tensor of every quantised format: rows of 256, so that the K formats fit."""

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

from blocks import weights
from convert import finish, write_general
from from_gguf import load_llama
from tokens import write_tokenizer

VOCABULARY, HIDDEN, FEED_FORWARD, HEADS, KEY_HEADS, HEAD_DIM = 288, 256, 256, 4, 2, 32
# Rows, columns and gain of each matrix of a layer.
SHAPES = {
    "attn_q": (HEADS * HEAD_DIM, HIDDEN, 1.4), "attn_k": (KEY_HEADS * HEAD_DIM, HIDDEN, 1.4),
    "attn_v": (KEY_HEADS * HEAD_DIM, HIDDEN, 1.2), "attn_output": (HIDDEN, HEADS * HEAD_DIM, 1.2),
    "ffn_gate": (FEED_FORWARD, HIDDEN, 1.2), "ffn_up": (FEED_FORWARD, HIDDEN, 1.2),
    "ffn_down": (HIDDEN, FEED_FORWARD, 1.2),
}
LAYERS = [
    [T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q2_K, T.Q3_K, T.Q4_K],
    [T.Q5_K, T.F16, T.BF16, T.Q8_0, T.Q6_K, T.Q4_K, T.Q5_K],
]


def write_mixed(path):
    """Writes the file; returns the model that `transformers` makes of its dequantised weights."""
    writer = gguf.GGUFWriter(path, "llama")
    write_general(writer, "Tokenscope test mixed", gguf.LlamaFileType.MOSTLY_Q4_K_M)
    write_shape(writer)
    write_tokenizer(writer, VOCABULARY)
    generator = np.random.Generator(np.random.PCG64(12))
    for name, array, kind in tensors(generator):
        writer.add_tensor(name, array, raw_dtype=kind)
    finish(writer)
    return load_llama(path)


def write_shape(writer):
    writer.add_block_count(len(LAYERS))
    writer.add_context_length(256)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_vocab_size(VOCABULARY)


def tensors(generator):
    """Yields (name, bytes or floats, format)."""
    yield "token_embd.weight", weights(generator, T.Q6_K, VOCABULARY, HIDDEN, 0.3), T.Q6_K
    for layer, kinds in enumerate(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{norm}.weight", norm_weights(generator), T.F32
        for (name, (rows, columns, gain)), kind in zip(SHAPES.items(), kinds):
            yield f"blk.{layer}.{name}.weight", weights(generator, kind, rows, columns, gain / columns**0.5), kind
    yield "output_norm.weight", norm_weights(generator), T.F32
    yield "output.weight", weights(generator, T.Q8_0, VOCABULARY, HIDDEN, 2 / HIDDEN**0.5), T.Q8_0


def norm_weights(generator):
    return (1 + 0.25 * generator.standard_normal(HIDDEN)).astype(np.float32)
