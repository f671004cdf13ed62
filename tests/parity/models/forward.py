"""A second opinion: the forward pass in float64 numpy, from nothing but the GGUF file and its conventions.

It shares no code with the converter or with `transformers`, so an error in the conversion of a test model shows up
as a difference between its logits and theirs. Shapes: x [length, hidden]; matrices [outputs, inputs].
"""

import gguf
import numpy as np


class File:
    """Metadata and dequantised tensors."""

    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.fields = {key: value.contents() for key, value in reader.fields.items()}
        self.architecture = self.fields["general.architecture"]
        self.tensors = {tensor.name: dequantised(tensor) for tensor in reader.tensors}

    def key(self, name, default=None):
        return self.fields.get(f"{self.architecture}.{name}", default)

    def get(self, name):
        return self.tensors.get(name)


def dequantised(tensor):
    shape = [int(n) for n in reversed(tensor.shape)]
    return gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(shape).astype(np.float64)


class Layer:
    """The tensors of one layer: `layer.matrix("attn_q", x)` is x times that matrix, with its bias if it has one."""

    def __init__(self, file, index):
        self.file, self.index = file, index
        self.eps = file.key("attention.layer_norm_rms_epsilon")

    def get(self, name):
        return self.file.get(f"blk.{self.index}.{name}")

    def matrix(self, name, x):
        y, bias = x @ self.get(f"{name}.weight").T, self.get(f"{name}.bias")
        return y if bias is None else y + bias

    def norm(self, name, x):
        """Root mean square norm; the identity where the model has no such norm."""
        weight = self.get(f"{name}.weight")
        return x if weight is None else rms_norm(x, weight, self.eps)

    def is_global(self):
        """Whether the layer sees all positions: Gemma 3 has a window in five layers of six."""
        return self.file.architecture != "gemma3" or self.index % 6 == 5


def rms_norm(x, weight, eps):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def logits(file, ids):
    """[length, vocabulary]"""
    embedding = file.get("token_embd.weight")
    x = embedding[ids]
    if file.architecture == "gemma3":
        x = x * np.sqrt(x.shape[1])
    for index in range(file.key("block_count")):
        layer = Layer(file, index)
        mixer = attention if layer.get("shortconv.conv.weight") is None else short_convolution
        x = x + layer.norm("post_attention_norm", mixer(layer, layer.norm("attn_norm", x)))
        x = x + layer.norm("post_ffw_norm", feed_forward(layer, layer.norm("ffn_norm", x)))
    # LFM2 files call the last norm token_embd_norm.
    last = file.get("output_norm.weight") if file.architecture != "lfm2" else file.get("token_embd_norm.weight")
    output = file.get("output.weight")
    return rms_norm(x, last, file.key("attention.layer_norm_rms_epsilon")) @ (embedding if output is None else output).T


def feed_forward(layer, x):
    if layer.get("ffn_gate.weight") is None:
        gate, up = np.split(layer.matrix("ffn_up", x), 2, axis=-1)
    else:
        gate, up = layer.matrix("ffn_gate", x), layer.matrix("ffn_up", x)
    activation = gelu_tanh if layer.file.architecture == "gemma3" else silu
    return layer.matrix("ffn_down", activation(gate) * up)


def silu(x):
    return x / (1 + np.exp(-x))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def short_convolution(layer, x):
    """LFM2: gates before and after a causal convolution over the last few positions, each channel for itself."""
    before, after, inner = np.split(layer.matrix("shortconv.in_proj", x), 3, axis=-1)
    kernel = layer.get("shortconv.conv.weight")  # [hidden, taps], the last tap for the current position
    taps = kernel.shape[1]
    padded = np.concatenate([np.zeros((taps - 1, x.shape[1])), before * inner])
    summed = sum(padded[tap : tap + len(x)] * kernel[:, tap] for tap in range(taps))
    return layer.matrix("shortconv.out_proj", after * summed)


def attention(layer, x):
    file, length = layer.file, len(x)
    heads, key_heads = file.key("attention.head_count"), file.key("attention.head_count_kv")
    if isinstance(key_heads, list):
        key_heads = key_heads[layer.index]
    width = file.key("attention.key_length") or x.shape[1] // heads
    q, k, v = queries_keys_values(layer, x, heads * width, key_heads * width)
    q = rotate(layer, layer.norm("attn_q_norm", q.reshape(length, heads, width)))
    k = rotate(layer, layer.norm("attn_k_norm", k.reshape(length, key_heads, width)))
    mixed = np.empty((length, heads, width))
    for head in range(heads):
        source = head * key_heads // heads
        scores = q[:, head] @ k[:, source].T / np.sqrt(width) + mask(layer, length)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed[:, head] = scores / scores.sum(axis=-1, keepdims=True) @ v.reshape(length, key_heads, width)[:, source]
    return layer.matrix("attn_output", mixed.reshape(length, -1))


def queries_keys_values(layer, x, query_rows, key_rows):
    if layer.get("attn_qkv.weight") is None:
        return (layer.matrix(name, x) for name in ("attn_q", "attn_k", "attn_v"))
    return np.split(layer.matrix("attn_qkv", x), [query_rows, query_rows + key_rows], axis=-1)


def mask(layer, length):
    """0 where position i may look at position j, -inf elsewhere; a window of w shows w positions, i included."""
    back = np.arange(length)[:, None] - np.arange(length)[None, :]
    window = length if layer.is_global() else layer.file.key("attention.sliding_window")
    return np.where((back >= 0) & (back < window), 0.0, -np.inf)


def rotate(layer, x):
    """Rotary embedding of [length, heads, width]: neighbours are pairs in `llama` files, halves elsewhere."""
    angles = np.arange(len(x))[:, None, None] * frequencies(layer, x.shape[-1])
    cos, sin = np.cos(angles), np.sin(angles)
    y = np.empty_like(x)
    half = x.shape[-1] // 2
    pairs = (np.s_[..., 0::2], np.s_[..., 1::2])
    halves = (np.s_[..., :half], np.s_[..., half:])
    first, second = pairs if layer.file.architecture == "llama" else halves
    y[first] = x[first] * cos - x[second] * sin
    y[second] = x[second] * cos + x[first] * sin
    return y


def frequencies(layer, width):
    """Angle per position of each pair."""
    file = layer.file
    base = file.key("rope.freq_base") if layer.is_global() else file.key("rope.freq_base_swa", 10_000.0)
    result = base ** (-np.arange(0, width, 2) / width)
    if file.key("rope.scaling.type") == "linear" and layer.is_global():
        result = result / file.key("rope.scaling.factor")
    factors = file.get("rope_freqs.weight")
    return result if factors is None else result / factors
