"""Makes tiny/*.gguf and the logits that `transformers` computes from the same weights."""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

import mixed
from architectures import all_specs
from convert import write_gguf

FOLDER = Path(__file__).parent / "tiny"
PROMPTS = {"one": 1, "short": 7, "medium": 40, "long": 90}
ALL_POSITIONS_UP_TO = 40


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    entries = []
    for spec in all_specs():
        model = build(spec)
        write_gguf(FOLDER / f"{spec.name}.gguf", spec, arrays(model))
        entries.append(reference(spec.name, spec.architecture, model))
    model = mixed.write_mixed(FOLDER / "mixed.gguf")
    entries.append(reference("mixed", "llama", model))
    write_index(entries)


def build(spec):
    """A model whose weights come from a generator of its own, not from the initialisation of `transformers`."""
    spec.config._attn_implementation = "eager"
    model = spec.model_class(spec.config).float().eval()
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(spec.name.encode())))
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = generator.standard_normal(tuple(parameter.shape)).astype(np.float32)
            parameter.copy_(torch.from_numpy(noise * deviation(spec, name, parameter) + mean(spec, name)))
    return model


def mean(spec, name):
    """Norms are near 1; Gemma adds that 1 itself."""
    return np.float32(1 if is_norm(name) and spec.architecture != "gemma3" else 0)


def deviation(spec, name, parameter):
    """Large enough that every part of the model moves the logits."""
    if is_norm(name):
        return np.float32(0.25)
    if name.endswith(".bias"):
        return np.float32(0.5)
    if "embed_tokens" in name:
        return np.float32(0.2 if spec.architecture == "gemma3" else 0.3)
    gain = {"q_proj": 1.4, "k_proj": 1.4, "qkv_proj": 1.4, "lm_head": 2.0}.get(name.split(".")[-2], 1.2)
    return np.float32(gain / np.sqrt(parameter[0].numel()))


def is_norm(name):
    return name.endswith(("norm.weight", "layernorm.weight"))


def arrays(model):
    return {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}


def reference(name, architecture, model):
    """Saves the logits of all prompts; returns the model's entry in the index."""
    config = model.config
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(f"prompts of {name}".encode())))
    prompts, logits = [], {}
    for prompt, length in PROMPTS.items():
        ids = generator.integers(0, config.vocab_size, length).tolist()
        positions = list(range(length)) if length <= ALL_POSITIONS_UP_TO else [length - 1]
        logits[prompt] = run(model, ids)[positions]
        prompts.append({"name": prompt, "ids": ids, "positions": positions})
    (FOLDER / f"{name}.safetensors").write_bytes(save(logits))
    return {
        "name": name, "gguf": f"{name}.gguf", "logits": f"{name}.safetensors", "architecture": architecture,
        "vocabulary": config.vocab_size, "layers": config.num_hidden_layers, "prompts": prompts,
    }


def run(model, ids):
    """Logits at every position, float32 [length, vocabulary]."""
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0].float().numpy().copy()


def write_index(entries):
    """One prompt a line: readable, and small."""
    models = []
    for entry in entries:
        prompts = ",\n   ".join(json.dumps(prompt) for prompt in entry.pop("prompts"))
        models.append(json.dumps(entry)[:-1] + f', "prompts": [\n   {prompts}]}}')
    (FOLDER / "index.json").write_text('{"models": [\n ' + ",\n ".join(models) + "\n]}\n")


if __name__ == "__main__":
    main()
