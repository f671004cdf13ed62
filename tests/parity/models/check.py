"""Compares the committed logits with an independent forward pass (forward.py); exits 1 on a difference.

usage: check.py [PATH/TO/SmolLM2-135M-Instruct.Q4_1.gguf]
Without the path only tiny/ is checked; with it also the shorter prompts of the default model (needs 2 GB of memory).
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from forward import File, logits

FOLDER = Path(__file__).parent
TINY = FOLDER / "tiny"
# Both sides are exact up to rounding in float32; thirty layers round more than two.
TINY_TOLERANCE, DEFAULT_TOLERANCE = 1e-4, 5e-4
DEFAULT_LENGTH = 80


def main(paths):
    entries = json.loads((TINY / "index.json").read_text())["models"]
    good = [check_tiny(entry) < TINY_TOLERANCE for entry in entries]
    good += [check_default(path) < DEFAULT_TOLERANCE for path in paths]
    sys.exit(0 if all(good) else 1)


def check_tiny(entry):
    """The largest difference of one small model."""
    file, expected = File(TINY / entry["gguf"]), load_file(TINY / entry["logits"])
    differences = []
    for prompt in entry["prompts"]:
        actual = logits(file, prompt["ids"])[prompt["positions"]]
        differences.append(np.abs(actual - expected[prompt["name"]]).max())
    spread = np.concatenate(list(expected.values())).std()
    print(f"{entry['name']:8} largest difference {max(differences):.1e}, logits have a deviation of {spread:.2f}")
    return max(differences)


def check_default(path):
    """The largest difference over the best 256 tokens at the last position; most likely tokens must agree where clear."""
    file, expected = File(path), load_file(FOLDER / "default.safetensors")
    entries = json.loads((FOLDER / "default.json").read_text())["prompts"]
    differences = []
    for name in [entry["name"] for entry in entries if entry["length"] <= DEFAULT_LENGTH]:
        actual = logits(file, expected[f"{name}.ids"])
        differences.append(np.abs(actual[-1][expected[f"{name}.top_ids"]] - expected[f"{name}.top_logits"]).max())
        clear = expected[f"{name}.margin"] > 2 * DEFAULT_TOLERANCE
        assert (actual.argmax(axis=-1) == expected[f"{name}.argmax"])[clear].all(), name
    print(f"default  largest difference {max(differences):.1e}")
    return max(differences)


if __name__ == "__main__":
    main(sys.argv[1:])
