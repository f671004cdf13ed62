"""Random blocks of the quantised formats, made directly as bytes: the K formats have no quantiser in Python."""

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

# Where the f16 numbers of a block lie, as byte offsets: the scale, then the minimum if the format has one.
HALVES = {
    T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0],
    T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208],
}
# Minimum per unit of scale that centres the values on zero; a minimum is added by Q4_1 and Q5_1, taken off by the K formats.
CENTRE = {T.Q4_1: -7.5, T.Q5_1: -15.5, T.Q2_K: 1.5, T.Q4_K: 7.5, T.Q5_K: 15.5}


def random_blocks(generator, kind, count):
    """[count, bytes] random bytes, whose scales are still to be set."""
    return generator.integers(0, 256, (count, gguf.GGML_QUANT_SIZES[kind][1]), dtype=np.uint8)


def set_half(blocks, offset, values):
    """Writes one f16 number into every block."""
    halves = np.broadcast_to(np.asarray(values, "<f2"), (len(blocks),)).copy()
    blocks[:, offset : offset + 2] = halves.view(np.uint8).reshape(-1, 2)


def set_scales(blocks, kind, scales):
    """Sets scales, and minima so that the values of a block lie around zero."""
    set_half(blocks, HALVES[kind][0], scales)
    if kind in CENTRE:
        set_half(blocks, HALVES[kind][1], np.asarray(scales) * CENTRE[kind])


def weights(generator, kind, rows, columns, deviation):
    """A matrix [rows, bytes of a row] whose values have about the given standard deviation."""
    shape = (rows, -1)
    if kind in (T.F16, T.BF16):
        values = generator.standard_normal((rows, columns)).astype(np.float32) * np.float32(deviation)
        return gguf.quants.quantize(values, kind)
    blocks = random_blocks(generator, kind, rows * columns // gguf.GGML_QUANT_SIZES[kind][0])
    set_scales(blocks, kind, 1.0)
    unit = gguf.quants.dequantize(blocks, kind).astype(np.float64).std()
    set_scales(blocks, kind, deviation / unit)
    return blocks.reshape(shape)
