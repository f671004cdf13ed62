"""The model of a GGUF file as transformers.js takes it: a graph of ONNX, its matrices in int8.

    onnx_export.py MODEL.gguf FOLDER

writes FOLDER/onnx/model_int8.onnx and FOLDER/config.json. The graph has the operators of the exports that
transformers.js runs: GroupQueryAttention over a cache that grows, and the head on as many last positions as are asked
for. The weights are quantised as `int8` is there: by onnxruntime's own dynamic quantisation.

Only models of the architecture llama.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGUFReader, dequantize
from onnx import TensorProto, helper, numpy_helper, save
from onnxruntime.quantization import QuantType, quantize_dynamic

MICROSOFT = "com.microsoft"


class Graph:
    """Nodes and weights in the order in which they come."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, name, values):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind, inputs, outputs=None, **attributes):
        outputs = outputs or [f"{kind}_{len(self.nodes)}"]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=f"node_{len(self.nodes)}", **attributes))
        return outputs[0]

    def matmul(self, x, name, weight):
        return self.add("MatMul", [x, self.weight(name, weight.T)])

    def norm(self, x, name, weight, epsilon):
        return self.add("SimplifiedLayerNormalization", [x, self.weight(name, weight)], axis=-1, epsilon=epsilon)


class Model:
    """What a GGUF file says of a llama."""

    def __init__(self, path):
        reader = GGUFReader(path)
        self.tensors = {tensor.name: tensor for tensor in reader.tensors}
        field = lambda name: reader.fields[f"llama.{name}"].contents()
        self.layers, self.width = field("block_count"), field("embedding_length")
        self.heads, self.kv_heads = field("attention.head_count"), field("attention.head_count_kv")
        self.inner, self.context = field("feed_forward_length"), field("context_length")
        self.epsilon, self.base = field("attention.layer_norm_rms_epsilon"), field("rope.freq_base")
        self.dim = self.width // self.heads
        self.end = reader.fields["tokenizer.ggml.eos_token_id"].contents()

    def __getitem__(self, name):
        tensor = self.tensors[f"{name}.weight"]
        return dequantize(tensor.data, tensor.tensor_type).astype(np.float32)

    def config(self):
        return {
            "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": int(self["token_embd"].shape[0]),
            "hidden_size": self.width, "intermediate_size": self.inner, "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads, "num_key_value_heads": self.kv_heads, "head_dim": self.dim,
            "max_position_embeddings": self.context, "rms_norm_eps": self.epsilon, "rope_theta": self.base,
            "eos_token_id": self.end, "tie_word_embeddings": True,
        }


def rotary(model, length):
    frequencies = model.base ** (-np.arange(0, model.dim, 2) / model.dim)
    angles = np.outer(np.arange(length), frequencies)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def lengths(graph):
    """What GroupQueryAttention wants to know of the mask: the last position of each text, and the longest text."""
    one, last = graph.weight("one", np.array([1], np.int64)), graph.weight("one_scalar", np.array(1, np.int64))
    sums = graph.add("ReduceSum", ["attention_mask", one], keepdims=0)
    seqlens = graph.add("Cast", [graph.add("Sub", [sums, one])], to=TensorProto.INT32)
    shape = graph.add("Shape", ["attention_mask"])
    total = graph.add("Cast", [graph.add("Gather", [shape, last], axis=0)], to=TensorProto.INT32)
    return seqlens, total


def layer(graph, model, n, x, about):
    part = lambda name: model[f"blk.{n}.{name}"]
    normed = graph.norm(x, f"{n}.attn_norm", part("attn_norm"), model.epsilon)
    query, key, value = (graph.matmul(normed, f"{n}.{name}", part(f"attn_{name}")) for name in "qkv")
    mixed = graph.add(
        "GroupQueryAttention",
        [query, key, value, f"past_key_values.{n}.key", f"past_key_values.{n}.value", *about],
        [f"mixed.{n}", f"present.{n}.key", f"present.{n}.value"],
        domain=MICROSOFT, num_heads=model.heads, kv_num_heads=model.kv_heads, do_rotary=1, rotary_interleaved=1,
    )
    x = graph.add("Add", [x, graph.matmul(mixed, f"{n}.o", part("attn_output"))])
    normed = graph.norm(x, f"{n}.ffn_norm", part("ffn_norm"), model.epsilon)
    gate, up = graph.matmul(normed, f"{n}.gate", part("ffn_gate")), graph.matmul(normed, f"{n}.up", part("ffn_up"))
    gated = graph.add("Mul", [graph.add("Mul", [gate, graph.add("Sigmoid", [gate])]), up])
    return graph.add("Add", [x, graph.matmul(gated, f"{n}.down", part("ffn_down"))])


def head(graph, model, x, embedding):
    """On the last positions alone, so many as `num_logits_to_keep` says; all of them if it is 0."""
    one = "one"
    end = graph.weight("end", np.array([np.iinfo(np.int64).max], np.int64))
    start = graph.add("Neg", [graph.add("Reshape", ["num_logits_to_keep", one])])
    x = graph.add("Slice", [x, start, end, one])
    x = graph.norm(x, "output_norm", model["output_norm"], model.epsilon)
    weight = model["output"] if "output.weight" in model.tensors else embedding
    graph.add("MatMul", [x, graph.weight("head", weight.T)], ["logits"])


def build(model):
    graph = Graph()
    embedding = model["token_embd"]
    x = graph.add("Gather", [graph.weight("embedding", embedding), "input_ids"])
    cos, sin = rotary(model, min(model.context, 4096))
    about = [*lengths(graph), graph.weight("cos", cos), graph.weight("sin", sin)]
    for n in range(model.layers):
        x = layer(graph, model, n, x, about)
    head(graph, model, x, embedding)
    return helper.make_graph(graph.nodes, "llama", *ports(model), initializer=graph.weights)


def ports(model):
    """Inputs and outputs, by the names that transformers.js gives them."""
    number, whole = TensorProto.FLOAT, TensorProto.INT64
    cache = lambda name, length: [
        helper.make_tensor_value_info(f"{name}.{n}.{part}", number, ["batch_size", model.kv_heads, length, model.dim])
        for n in range(model.layers)
        for part in ("key", "value")
    ]
    inputs = [
        helper.make_tensor_value_info("input_ids", whole, ["batch_size", "new"]),
        helper.make_tensor_value_info("attention_mask", whole, ["batch_size", "total"]),
        helper.make_tensor_value_info("num_logits_to_keep", whole, []),
        *cache("past_key_values", "past"),
    ]
    logits = helper.make_tensor_value_info("logits", number, ["batch_size", "kept", "vocabulary"])
    return inputs, [logits, *cache("present", "total")]


def main(source, target):
    model, target = Model(source), Path(target)
    (target / "onnx").mkdir(parents=True, exist_ok=True)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
    # Shapes are not inferred through operators of Microsoft's domain.
    options = {"DefaultTensorType": TensorProto.FLOAT}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "model.onnx"
        save(helper.make_model(build(model), opset_imports=opsets, ir_version=10), whole)
        quantize_dynamic(whole, target / "onnx" / "model_int8.onnx", weight_type=QuantType.QInt8, extra_options=options)
    (target / "config.json").write_text(json.dumps(model.config(), indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
