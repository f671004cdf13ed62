"""Makes the vectors for tests/tokenizer.rs and tests/chat_template.rs.

    python generate.py MODEL.gguf

MODEL is the default model, SmolLM2-135M-Instruct.Q4_1.gguf. The references are Hugging Face tokenizers,
sentencepiece, and transformers for chat templates, in the versions of requirements.txt.
"""

import json
import sys
from pathlib import Path

from gguf import GGUFReader

import corpus
import templates
import vocabularies as voc

HERE = Path(__file__).resolve().parent
# Longer results are kept as a count and a checksum.
LONGEST = 200


def write(name, value):
    """One entry a line where there is a list of them."""
    path = HERE / name
    path.parent.mkdir(exist_ok=True)

    def dump(v):
        return json.dumps(v, ensure_ascii=False, separators=(",", ":"))

    if isinstance(value, list):
        body = "[\n" + ",\n".join(map(dump, value)) + "\n]\n"
    else:
        body = dump(value) + "\n"
    path.write_text(body, encoding="utf-8")


def checksum(ids):
    """FNV-1a over ids as 32-bit little-endian numbers."""
    h = 0xCBF29CE484222325
    for id in ids:
        for byte in id.to_bytes(4, "little"):
            h = ((h ^ byte) * 0x100000001B3) % 2**64
    return f"{h:016x}"


def compact(ids):
    return ids if len(ids) <= LONGEST else {"count": len(ids), "checksum": checksum(ids)}


def vectors(reference):
    """Ids of every text of the corpus; as plain text and decoded where that is something else."""
    rows = []
    for entry in corpus.entries():
        text = corpus.text_of(entry)
        ids, plain = reference.encode(text, True), reference.encode(text, False)
        row = {"ids": compact(ids)}
        if plain != ids:
            row["plain"] = compact(plain)
        decoded = reference.decode(ids)
        if decoded is None:
            row["lost"] = True
        elif decoded != text and "text" in entry:
            row["decoded"] = decoded
        rows.append(row)
    return rows


def default_model(path):
    """The reference for the default model: its own tokens, with what SmolLM2's tokenizer.json says."""
    fields = GGUFReader(path).fields
    get = lambda key: fields[key].contents()
    tokens, merges = get("tokenizer.ggml.tokens"), get("tokenizer.ggml.merges")
    reference = voc.byte_level("smollm", tokens, merges, get("tokenizer.ggml.token_type"))
    return reference, get("tokenizer.chat_template")


def main():
    write("corpus.json", corpus.entries())
    reference, template = default_model(sys.argv[1])
    write("vectors/default.json", vectors(voc.ByteLevelReference(reference)))
    for pre in ("gpt-2", "smollm", "qwen2", "llama-bpe"):
        spec = voc.train_byte_level(pre, 700)
        write(f"vocabularies/{pre}.json", spec)
        tokenizer = voc.byte_level(pre, spec["tokens"], spec["merges"], spec["token_types"])
        write(f"vectors/{pre}.json", vectors(voc.ByteLevelReference(tokenizer)))
    for name, size, options in SENTENCEPIECE:
        spec, processor = voc.train_sentencepiece(name, size, **options)
        write(f"vocabularies/{name}.json", spec)
        write(f"vectors/{name}.json", vectors(voc.SentencePieceReference(spec, processor)))
    write("templates.json", templates.cases(template))


LLAMA = dict(byte_fallback=True, split_digits=True, add_dummy_prefix=True, remove_extra_whitespaces=False)
GEMMA = dict(
    byte_fallback=True,
    split_digits=True,
    add_dummy_prefix=False,
    remove_extra_whitespaces=False,
    pad_id=0,
    eos_id=1,
    bos_id=2,
    unk_id=3,
    control_symbols=["<start_of_turn>", "<end_of_turn>"],
    user_defined_symbols=["\n", "\n\n", "\n\n\n", "\t", "\t\t", "▁▁", "▁▁▁", "▁▁▁▁", "<mask>"],
)
TRIMMED = dict(byte_fallback=False, add_dummy_prefix=True, remove_extra_whitespaces=True)
SENTENCEPIECE = [
    ("sp-llama", 900, LLAMA),
    ("sp-gemma", 800, GEMMA),
    ("sp-trimmed", 500, TRIMMED),
]

if __name__ == "__main__":
    main()
