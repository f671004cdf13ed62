"""Makes default.safetensors and default.json: what float32 arithmetic gives for the weights of the default model's file.

usage: make_default.py PATH/TO/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import hashlib
import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.numpy import save
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from from_gguf import field, load_llama
from prompts import PROMPTS

FOLDER = Path(__file__).parent
TOP = 256


def main(path):
    torch.set_num_threads(1)
    model, tokenizer = load_llama(path), read_tokenizer(gguf.GGUFReader(path))
    arrays, entries = {}, []
    for name, text in PROMPTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert tokenizer.decode(ids, skip_special_tokens=False) == text, name
        arrays |= {f"{name}.{key}": array for key, array in reference(run(model, ids), ids).items()}
        entries.append({"name": name, "length": len(ids), "text": text})
    (FOLDER / "default.safetensors").write_bytes(save(arrays))
    write_index(path, entries)


def read_tokenizer(reader):
    """The file's own vocabulary and merges, split as its pre-tokenizer `smollm` says: single digits, then as GPT-2."""
    assert field(reader, "tokenizer.ggml.pre") == "smollm"
    tokens, kinds = field(reader, "tokenizer.ggml.tokens"), field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in field(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, kinds) if kind == gguf.TokenType.CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return tokenizer


def run(model, ids):
    """Logits at every position, float32 [length, vocabulary]."""
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0].numpy()


def reference(logits, ids):
    """What is kept of one prompt."""
    last = logits[-1]
    top = np.argsort(-last, kind="stable")[:TOP]
    best = np.sort(logits, axis=-1)[:, -2:]
    return {
        "ids": np.array(ids, np.uint32),
        "argmax": logits.argmax(axis=-1).astype(np.uint32),
        "margin": best[:, 1] - best[:, 0],
        "logits": last.astype(np.float16),
        "top_ids": top.astype(np.uint32),
        "top_logits": last[top],
    }


def write_index(path, entries):
    """One prompt a line."""
    head = {
        "model": Path(path).name, "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        "top": TOP, "tokens": sum(entry["length"] for entry in entries),
    }
    lines = ",\n  ".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    (FOLDER / "default.json").write_text(json.dumps(head)[:-1] + f', "prompts": [\n  {lines}\n]}}\n')


if __name__ == "__main__":
    main(sys.argv[1])
