"""What the scripts here share with tests/common/golden.rs: logits from recipes, and hashes of lists."""

import numpy as np


# ---- random numbers: Philox4x32-10, written for arrays of counters ----


def philox(counter, key):
    """counter: four uint64 arrays holding 32-bit words; key: two ints. Returns four such arrays."""
    mask = np.uint64(0xFFFFFFFF)
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * c0
        p1 = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (
            (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            p1 & mask,
            (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            p0 & mask,
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def uniform(seed, steps):
    steps = np.asarray(steps, dtype=np.uint64)
    zero = np.zeros_like(steps)
    counter = (steps & np.uint64(0xFFFFFFFF), steps >> np.uint64(32), zero, zero)
    x0, x1, _, _ = philox(counter, (seed & 0xFFFFFFFF, seed >> 32))
    return ((x0 << np.uint64(32) | x1) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def known_answer():
    ones = np.array([0xFFFFFFFF], dtype=np.uint64)
    words = [int(word[0]) for word in philox((ones,) * 4, (0xFFFFFFFF, 0xFFFFFFFF))]
    assert words == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD], words


# ---- logits ----


def logits_of(spec):
    """float32 logits: stored, or offset + spread · u⁸ (many low scores, few high ones), on a grid if asked."""
    if "values" in spec:
        return np.array(spec["values"], dtype=np.float32)
    u = uniform(spec["seed"], np.arange(spec["size"]))
    u2 = u * u
    u4 = u2 * u2
    u8 = u4 * u4
    x = spec["offset"] + spec["spread"] * u8
    if spec["grid"]:
        x = np.floor(x * spec["grid"]) / spec["grid"]
    return x.astype(np.float32)


# ---- hashes ----


def fnv1a(ids):
    state = 0xCBF29CE484222325
    for byte in np.asarray(ids, dtype="<u4").tobytes():
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{state:016x}"
