"""Writes Tests/FormatsTests/Golden/parquet: small files of pyarrow's and their rows as JSON lines. Needs Python 3.11 and
pyarrow 26.0.1.

Run from the root of the repository: python scripts/golden/parquet.py

types      every type with nulls among its values; dictionaries, snappy, pages 1.0, three row groups
required   the same without nulls; plain values, no compression, pages 2.0
nested     lists, structures, lists of structures, maps, nulls at every level; gzip, pages 2.0 of a few values
old_lists  the same with lists of two levels' names, zstd, pages 1.0
encodings  deltas and split streams of bytes
"""
import datetime
import decimal
import json
import os
import random

import pyarrow as pa
import pyarrow.parquet as pq
from parquet_reference import rows_of

folder = os.path.join("Tests", "FormatsTests", "Golden", "parquet")
os.makedirs(folder, exist_ok=True)


def write(name, table, **options):
    path = os.path.join(folder, f"{name}.parquet")
    pq.write_table(table, path, store_schema=False, **options)
    with open(os.path.join(folder, f"{name}.jsonl"), "w") as file:
        for row in rows_of(pq.ParquetFile(path).read(), table.num_rows):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def types(nullable):
    def column(kind, values):
        return pa.array([None, *values, None] if nullable else values, kind)

    names = {
        "boolean": column(pa.bool_(), [True, False, True, True]),
        "text": column(pa.string(), ["größe", "", "語🙂", "größe"]),
        "bytes": column(pa.binary(), [b"\xff\x00", b"plain", b"", b"\x80"]),
        "fixed": column(pa.binary(3), [b"abc", b"\xff\xfe\xfd", b"xyz", b"abc"]),
        "int8": column(pa.int8(), [-128, 127, 0, -1]),
        "uint32": column(pa.uint32(), [0, 2**32 - 1, 1, 7]),
        "int32": column(pa.int32(), [-2**31, 2**31 - 1, 0, 1]),
        "int64": column(pa.int64(), [-2**63, 2**63 - 1, 0, 1]),
        "uint64": column(pa.uint64(), [2**64 - 1, 2**63, 2**63 - 1, 0]),
        "half": column(pa.float16(), [1.5, -65504, 2**-24, 0]),
        "float": column(pa.float32(), [0.1, -1e-45, 3e38, -0.0]),
        "double": column(pa.float64(), [0.1, 5e-324, -1.7e308, 3]),
        "date": column(pa.date32(), [datetime.date(2024, 2, 29), datetime.date(1969, 12, 31)] * 2),
        "moment": column(pa.timestamp("us"), [datetime.datetime(2024, 2, 29, 12, 30), datetime.datetime(1900, 1, 1)] * 2),
        "decimal9": column(pa.decimal128(9, 2), [decimal.Decimal(text) for text in ("1.25", "-9999999.99", "0", "3")]),
        "decimal38": column(pa.decimal128(38, 0), [decimal.Decimal(n) for n in (10**37 + 1, -2**63, 2**63, -(10**30))]),
    }
    return pa.table(list(names.values()), pa.schema(
        [pa.field(name, array.type, nullable=nullable) for name, array in names.items()]))


def nested():
    part = pa.struct([("label", pa.list_(pa.string())), ("deep", pa.struct([("x", pa.int64()), ("y", pa.string())]))])
    parts = [
        {"label": ["A", None, ""], "deep": {"x": 1, "y": None}},
        None,
        {"label": [], "deep": None},
        {"label": None, "deep": {"x": None, "y": "b"}},
    ]
    return pa.table({
        "id": range(8),
        "list": pa.array([[1, 2], [], None, [None], [3], [4, None, 5], None, []], pa.list_(pa.int64())),
        "lists": pa.array([[["a"], []], None, [None, ["b", None]], [], [[]], [["c"], ["d", "e"]], [None], [["f"]]],
                          pa.list_(pa.list_(pa.string()))),
        "struct": pa.array(parts + parts[::-1], part),
        "structs": pa.array([parts, [], None, parts[:1], [None], parts[2:], parts[::-1], None], pa.list_(part)),
        "map": pa.array([[("a", 1), ("b", None)], [], None, [("c", 3)]] * 2, pa.map_(pa.string(), pa.int32())),
    })


def encodings():
    rng = random.Random(3)
    ordered = sorted(f"{rng.choice(['Anna', 'Ben', 'Bertha', 'größe'])} {rng.randrange(1000)}" for _ in range(140))
    return pa.table({
        "DELTA_BINARY_PACKED": pa.array([None if n % 7 == 3 else n * n - 40 * n for n in range(140)], pa.int32()),
        "DELTA_BINARY_PACKED wide": pa.array([rng.randrange(-2**63, 2**63) for _ in range(140)], pa.int64()),
        "DELTA_LENGTH_BYTE_ARRAY": pa.array([None if n % 5 == 0 else "x" * (n % 9) for n in range(140)]),
        "DELTA_BYTE_ARRAY": pa.array(ordered),
        "BYTE_STREAM_SPLIT": pa.array([rng.gauss(0, 1) for _ in range(140)], pa.float32()),
        "RLE": pa.array([n % 50 < 30 for n in range(140)]),
    })


write("types", types(True), compression="snappy", data_page_version="1.0", row_group_size=2)
write("required", types(False), compression="none", use_dictionary=False, data_page_version="2.0")
write("nested", nested(), compression="gzip", data_page_version="2.0", data_page_size=16, write_batch_size=2)
write("old_lists", nested(), compression="zstd", use_compliant_nested_type=False, row_group_size=3)
table = encodings()
write("encodings", table, compression="none", use_dictionary=False, data_page_version="2.0",
      column_encoding={name: name.split()[0] for name in table.schema.names})
