"""Makes blocks.safetensors: raw blocks of every tensor format, ordinary and extreme, and the float32 values they stand for."""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T
from safetensors.numpy import save

from blocks import HALVES, random_blocks, set_half, set_scales

PATH = Path(__file__).parent / "blocks.safetensors"
SMALLEST, LARGEST, SMALLEST_NORMAL = 2.0**-24, 65504.0, 2.0**-14
EXTREMES = [0.0, -0.0, SMALLEST, -SMALLEST, SMALLEST_NORMAL, 1023 * 2.0**-24, 1.0, -1.0, LARGEST, -LARGEST]


def main():
    generator = np.random.Generator(np.random.PCG64(2))
    arrays = {}
    for kind in HALVES:
        raw = quantised(generator, kind, 64 if gguf.GGML_QUANT_SIZES[kind][0] == 32 else 32)
        store(arrays, kind, raw)
    store(arrays, T.F16, halves(generator))
    store(arrays, T.BF16, brains(generator))
    PATH.write_bytes(save(arrays))


def store(arrays, kind, raw):
    values = gguf.quants.dequantize(raw, kind)
    assert np.isfinite(values).all(), kind
    arrays[f"{kind.name}.raw"] = raw
    arrays[f"{kind.name}.values"] = values.astype(np.float32)


def quantised(generator, kind, count):
    """A half of ordinary blocks; then one for each extreme scale; then extreme scales with all bits 0 or all 1; the rest mixed."""
    blocks = random_blocks(generator, kind, count)
    set_scales(blocks, kind, generator.uniform(-0.1, 0.1, count))
    rest = blocks[count // 2 :]
    rest[10], rest[11] = 0, 255
    for offset in HALVES[kind]:
        scales = generator.choice(EXTREMES, len(rest))
        scales[:10] = EXTREMES
        scales[10:12] = [1.0, LARGEST]
        set_half(rest, offset, scales if offset == HALVES[kind][0] else np.roll(scales, 3))
    return blocks


def halves(generator):
    """[8, 256] bytes as 128 numbers a row: all kinds of finite f16."""
    bits = generator.integers(0, 1 << 16, 1024, dtype=np.uint16)
    bits[(bits & 0x7C00) == 0x7C00] &= 0x83FF  # neither infinite nor NaN
    bits[:10] = np.array(EXTREMES, "<f2").view(np.uint16)
    return bits.view(np.uint8).reshape(8, 256)


def brains(generator):
    """The same for bf16; the first numbers are zeros, subnormals and the largest ones."""
    bits = generator.integers(0, 1 << 16, 1024, dtype=np.uint16)
    bits[(bits & 0x7F80) == 0x7F80] &= 0x807F
    bits[:8] = [0, 0x8000, 1, 0x8001, 0x7F, 0x80, 0x7F7F, 0xFF7F]
    return bits.view(np.uint8).reshape(8, 256)


if __name__ == "__main__":
    main()
