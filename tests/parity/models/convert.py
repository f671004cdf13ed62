"""Writes a model of `transformers` as a GGUF file, in the layout that llama.cpp's converter gives each architecture."""

import math

import gguf
import numpy as np

from tokens import write_tokenizer


def write_gguf(path, spec, state):
    """`state`: name in `transformers` -> float32 array. Every tensor is stored as F32."""
    writer = gguf.GGUFWriter(path, spec.architecture)
    write_general(writer, f"Tokenscope test {spec.name}")
    write_shape(writer, spec)
    write_rope(writer, spec)
    write_own_keys(writer, spec)
    write_tokenizer(writer, spec.config.vocab_size)
    for name, array in tensors(spec, state):
        writer.add_tensor(name, np.ascontiguousarray(array))
    finish(writer)


def write_general(writer, name, file_type=gguf.LlamaFileType.ALL_F32):
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_license("mit")
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def head_dim(config):
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def write_shape(writer, spec):
    config = spec.config
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(feed_forward(spec))
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(key_heads(spec))
    writer.add_layer_norm_rms_eps(config.norm_eps if spec.architecture == "lfm2" else config.rms_norm_eps)
    if spec.write_head_dim:
        writer.add_key_length(head_dim(config))
        writer.add_value_length(head_dim(config))


def key_heads(spec):
    """One number, or for a model with convolutions one for each layer, 0 where there is no attention."""
    if spec.architecture != "lfm2":
        return spec.config.num_key_value_heads
    return [spec.config.num_key_value_heads if kind != "conv" else 0 for kind in spec.config.layer_types]


def feed_forward(spec):
    """Lfm2 configurations state the width before an adjustment; files state the true one."""
    config = spec.config
    if spec.architecture != "lfm2":
        return config.intermediate_size
    width, multiple = int(2 * config.intermediate_size / 3), config.block_multiple_of
    return math.ceil(int(config.block_ffn_dim_multiplier * width) / multiple) * multiple


def write_rope(writer, spec):
    parameters = spec.config.rope_parameters
    full = parameters.get("full_attention", parameters)
    writer.add_rope_freq_base(full["rope_theta"])
    if full["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(full["factor"])
    if "sliding_attention" in parameters:
        writer.add_rope_freq_base_swa(parameters["sliding_attention"]["rope_theta"])
    if spec.architecture in ("llama", "phi3"):
        writer.add_rope_dimension_count(head_dim(spec.config))


def write_own_keys(writer, spec):
    """Keys that only some architectures have."""
    config = spec.config
    if spec.architecture in ("llama", "lfm2"):
        writer.add_vocab_size(config.vocab_size)
    if spec.architecture == "gemma3":
        writer.add_sliding_window(config.sliding_window)
    if spec.architecture == "phi3":
        writer.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
        writer.add_sliding_window(0)
    if spec.architecture == "lfm2":
        writer.add_shortconv_l_cache(config.conv_L_cache)


def tensors(spec, state):
    """Yields (GGUF name, array) for every tensor of the file."""
    architecture = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == spec.architecture)
    names = gguf.get_tensor_name_map(architecture, spec.config.num_hidden_layers)
    for name, array in state.items():
        if name == "lm_head.weight" and spec.config.tie_word_embeddings:
            continue
        target = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert target is not None, name
        yield target, reshape(spec, name, array)
    if spec.config.rope_parameters.get("rope_type") == "llama3":
        yield "rope_freqs.weight", llama3_factors(spec.config)


def reshape(spec, name, array):
    """The changes of layout that the file format wants."""
    config = spec.config
    if spec.architecture == "llama" and ".q_proj." in name:
        return interleave(array, config.num_attention_heads)
    if spec.architecture == "llama" and ".k_proj." in name:
        return interleave(array, config.num_key_value_heads)
    if spec.architecture == "gemma3" and name.endswith("norm.weight"):
        return array + np.float32(1)
    if spec.architecture == "lfm2" and ".conv.conv." in name:
        return array[:, 0, :]
    return array


def interleave(array, heads):
    """Rows of each head from (first halves, second halves) to pairs, which is how `llama` files rotate them."""
    width = array.shape[0] // heads
    halves = array.reshape(heads, 2, width // 2, -1)
    return halves.transpose(0, 2, 1, 3).reshape(array.shape)


def deinterleave(array, heads):
    """The inverse of `interleave`."""
    width = array.shape[0] // heads
    pairs = array.reshape(heads, width // 2, 2, -1)
    return pairs.transpose(0, 2, 1, 3).reshape(array.shape)


def llama3_factors(config):
    """By how much each rotary frequency is divided: 1 for short waves, `factor` for long ones, between them a blend."""
    rope, width = config.rope_parameters, head_dim(config)
    low, high, context = rope["low_freq_factor"], rope["high_freq_factor"], rope["original_max_position_embeddings"]
    wavelength = 2 * np.pi * rope["rope_theta"] ** (np.arange(0, width, 2) / width)
    blend = np.clip((context / wavelength - low) / (high - low), 0, 1)
    return (1 / ((1 - blend) / rope["factor"] + blend)).astype(np.float32)
