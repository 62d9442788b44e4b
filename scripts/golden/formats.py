"""Writes Tests/FormatsTests/Golden. Needs Python 3.11, numpy 2.4.6, safetensors 0.8.0.

Run from the root of the repository: python scripts/golden/formats.py
"""

import gzip
import os

import numpy
from safetensors.numpy import save_file

folder = os.path.join("Tests", "FormatsTests", "Golden")
os.makedirs(folder, exist_ok=True)

save_file(
    {
        "model.norm.weight": numpy.arange(5, dtype=numpy.float32) / 4,
        "model.embed.weight": numpy.arange(12, dtype=numpy.float16).reshape(3, 4),
        "step": numpy.array(1234567890123, dtype=numpy.int64),
        "ids": numpy.array([[-1, 2], [3, -4]], dtype=numpy.int32),
        "mask": numpy.array([True, False, True]),
        "bytes": numpy.frombuffer(b"\x00\x7f\x80\xff", dtype=numpy.uint8),
        "empty": numpy.zeros((0, 3), dtype=numpy.float32),
    },
    os.path.join(folder, "small.safetensors"),
    metadata={"format": "pt", "note": "größe"},
)

with open(os.path.join(folder, "two-members.gz"), "wb") as file:
    file.write(gzip.compress(b"first member\n" * 100, mtime=0))
    file.write(gzip.compress("second: größe\n".encode() * 100, mtime=0))
