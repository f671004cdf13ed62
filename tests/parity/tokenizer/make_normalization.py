"""Writes src/tokenizer/normalize.txt: what Unicode's normalization form C needs to know of characters."""

import unicodedata
from pathlib import Path

TARGET = Path(__file__).resolve().parents[3] / "src/tokenizer/normalize.txt"
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def decompositions():
    """`d`, or `n` where form C does not undo it: a character, and the one or two that it stands for."""
    for point in POINTS:
        parts = unicodedata.decomposition(chr(point))
        if not parts or parts.startswith("<"):
            continue
        parts = [int(part, 16) for part in parts.split()]
        undone = unicodedata.normalize("NFC", "".join(map(chr, parts))) == chr(point)
        kind = "d" if undone and len(parts) == 2 else "n"
        yield " ".join([kind, *(f"{c:X}" for c in (point, *parts))])


def classes():
    """`c`: first and last character of a range, and its combining class."""
    ranges = []
    for point in POINTS:
        number = unicodedata.combining(chr(point))
        if not number:
            continue
        if ranges and ranges[-1][1:] == [point - 1, number]:
            ranges[-1][1] = point
        else:
            ranges.append([point, point, number])
    return (f"c {first:X} {last:X} {number}" for first, last, number in ranges)


def main():
    TARGET.write_text("\n".join([*decompositions(), *classes()]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
