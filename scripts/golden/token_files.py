"""Writes Tests/CorporaTests/Golden: documents and the token files that must come of them.

Needs Python 3.11, numpy 2.4.6, humanize 4.17.0. Run from the root of the repository:
python scripts/golden/token_files.py

The tokenizers are stand-ins: "bytes" maps a byte to its value, with 256 as end of text and 257 entries; "wide" maps a
byte to 300 times its value, with 79999 as end of text and 80000 entries.
"""

import json
import os

import humanize
import numpy

folder = os.path.join("Tests", "CorporaTests", "Golden")
os.makedirs(folder, exist_ok=True)
random = numpy.random.default_rng(5)
words = ["swift", "größe", "飞", "🐦", "\n", "\t", '"quoted"', "back\\slash", "wing", "a"]
documents = [" ".join(random.choice(words, random.integers(1, 40))) for _ in range(60)]

with open(os.path.join(folder, "documents.jsonl"), "w", encoding="utf-8") as file:
    for number, text in enumerate(documents):
        # Both ways of writing what is not ASCII.
        line = json.dumps({"id": number, "text": text}, ensure_ascii=number % 2 == 0)
        file.write(line + "\n")

unique = list(dict.fromkeys(documents))
for name, factor, end, dtype in [("bytes", 1, 256, "<u2"), ("wide", 300, 79999, "<u4")]:
    tokens, ends = [], []
    for text in unique:
        tokens += [factor * byte for byte in text.encode()] + [end]
        ends.append(len(tokens))
    path = os.path.join(folder, f"000_{name}.ds")
    numpy.array(tokens, dtype=dtype).tofile(path)
    numpy.array(ends, dtype="<u8").tofile(path + ".index")
    with open(path + ".metadata", "w") as file:
        size = numpy.dtype(dtype).itemsize
        file.write("\n".join([f"{name}|{size}", str(len(tokens)), humanize.metric(len(tokens), unit="T")]))

counts = [1, 7, 10, 99, 100, 999, 1000, 1234, 9995, 12345, 99950, 123456, 999499, 999999, 1234567, 98765432, 1234567890]
with open(os.path.join(folder, "humanized.json"), "w") as file:
    json.dump([[count, humanize.metric(count, unit="T")] for count in counts], file)
