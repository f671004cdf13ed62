"""Writes src/tokenizer/classes.rs: letters and numbers as the reference's regular expressions see them.

The reference (Hugging Face tokenizers) matches with Oniguruma, whose Unicode version is its own.
Taking the classes from the reference itself makes the cuts between words the same for every character.
"""

from pathlib import Path

import tokenizers
from tokenizers import Regex, pre_tokenizers

TARGET = Path(__file__).resolve().parents[3] / "src/tokenizer/classes.rs"


def members(pattern):
    """All code points that a class of characters holds."""
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    points = (c for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    return [c for c in points if not split.pre_tokenize_str(chr(c))]


def ranges(points):
    """Inclusive ranges."""
    found = []
    for point in points:
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return found


def table(name, doc, points):
    """A Rust table of ranges, some on each line."""
    pairs = [f"(0x{a:X}, 0x{b:X})" for a, b in ranges(points)]
    rows = (", ".join(pairs[i : i + 6]) for i in range(0, len(pairs), 6))
    body = "".join(f"    {row},\n" for row in rows)
    return f"/// {doc}\n#[rustfmt::skip]\npub(super) static {name}: [(u32, u32); {len(pairs)}] = [\n{body}];\n"


def main():
    head = (
        "//! Made by `tests/parity/tokenizer/make_classes.py`; change that instead.\n"
        f"//! The classes of Hugging Face tokenizers {tokenizers.__version__}.\n\n"
    )
    letters = table("LETTERS", "`\\p{L}`, as inclusive ranges in order.", members(r"\p{L}"))
    numbers = table("NUMBERS", "`\\p{N}`, as inclusive ranges in order.", members(r"\p{N}"))
    TARGET.write_text(head + letters + "\n" + numbers, encoding="utf-8")


if __name__ == "__main__":
    main()
