"""Writes the GGUF cases of Tests/FormatsTests/Golden. Needs Python 3.11, numpy 2.4.6, safetensors 0.8.0, gguf 0.19.0.

Run from the root of the repository: python scripts/golden/gguf_golden.py

every_type.gguf            metadata of every type, and a tensor of random blocks [3, 512] for every type that is read
every_type.safetensors     the same tensors as gguf.dequantize gives them
q8_0.safetensors           "values" [4, 256], and "blocks", the bytes of gguf.quantize(values, Q8_0)
"""

import os

import gguf
import numpy
from gguf import GGMLQuantizationType as Type, GGUFValueType as Value
from safetensors.numpy import save_file

folder = os.path.join("Tests", "FormatsTests", "Golden")
random = numpy.random.default_rng(11)
ROWS, WIDTH = 3, 512

# Where the half-precision scales lie in a block.
SCALES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q2_K: [80, 82],
    Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
}


def halves(count):
    """Finite half-precision numbers of every size, subnormal ones and zeros of both signs among them."""
    bits = random.integers(0, 0x10000, count, dtype=numpy.uint16)
    bits = numpy.where(bits & 0x7C00 == 0x7C00, bits & 0x83FF, bits)
    return numpy.where(random.random(count) < 0.05, bits & 0x8000, bits).astype(numpy.uint16)


def blocks(kind):
    if kind == Type.F32:
        return random.standard_normal((ROWS, WIDTH)).astype(numpy.float32)
    if kind == Type.F16:
        return halves(ROWS * WIDTH).reshape(ROWS, WIDTH).view(numpy.float16)
    if kind == Type.BF16:
        bits = random.integers(0, 0x10000, (ROWS, WIDTH), dtype=numpy.uint16)
        return numpy.where(bits & 0x7F80 == 0x7F80, bits & 0x80FF, bits).astype(numpy.uint16).view(numpy.uint8)
    size, width = gguf.GGML_QUANT_SIZES[kind]
    count = ROWS * WIDTH // size
    raw = random.integers(0, 256, (count, width), dtype=numpy.uint8)
    for place in SCALES[kind]:
        raw[:, place:place + 2] = halves(count).view(numpy.uint8).reshape(count, 2)
    return raw.reshape(ROWS, WIDTH // size * width)


writer = gguf.GGUFWriter(os.path.join(folder, "every_type.gguf"), "llama")
writer.add_name("größe")
writer.add_custom_alignment(64)
for name, value, kind in [
    ("uint8", 200, Value.UINT8), ("int8", -100, Value.INT8), ("uint16", 60000, Value.UINT16),
    ("int16", -30000, Value.INT16), ("uint32", 4000000000, Value.UINT32), ("int32", -2000000000, Value.INT32),
    ("float32", 0.1, Value.FLOAT32), ("bool", True, Value.BOOL), ("string", "a\tb\n\u00e9", Value.STRING),
    ("uint64", 1 << 63, Value.UINT64), ("int64", -(1 << 62), Value.INT64), ("float64", 0.1, Value.FLOAT64),
]:
    writer.add_key_value("test." + name, value, kind)
for name, value, kind in [
    ("ints", [3, -1, 2], Value.INT32), ("floats", [0.5, -1000.0], Value.FLOAT32), ("bools", [True, False], Value.BOOL),
    ("strings", ["a", "", "größe", "\u0120the"], Value.STRING), ("bytes", [0, 255], Value.UINT8),
]:
    writer.add_key_value("test.list." + name, value, Value.ARRAY, sub_type=kind)

expected = {}
for kind in [
    Type.F32, Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K,
    Type.Q4_K, Type.Q5_K, Type.Q6_K,
]:
    raw = blocks(kind)
    with numpy.errstate(over="raise", invalid="raise"):
        expected[kind.name] = gguf.dequantize(raw, kind)
    writer.add_tensor(kind.name, raw, raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
save_file(expected, os.path.join(folder, "every_type.safetensors"))

values = random.standard_normal((4, 256)).astype(numpy.float32)
values[1] *= numpy.exp(random.uniform(-30, 8, 256)).astype(numpy.float32)
values[2, :32] = 0
values[2, 32:64] = numpy.arange(32) - 15.5  # ties: with a largest of 15.5 · 127 / 15.5 every step is exact
values[2, 64:96] = (numpy.arange(32) * 4 + 0.5) * numpy.where(numpy.arange(32) % 2 == 0, 1, -1)
values[2, 95] = 127
values[2, 96:128] = 1e-40
values[3] *= 1e-6
quantised = gguf.quantize(values, Type.Q8_0)
save_file({"values": values, "blocks": quantised}, os.path.join(folder, "q8_0.safetensors"))
