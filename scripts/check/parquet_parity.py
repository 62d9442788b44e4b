#!/usr/bin/env python3
"""Checks Apus's Parquet against pyarrow: does it read the same rows, and does pyarrow read what it writes?

Needs pyarrow 26.0.1 (scripts/golden/README.md says how to get the peers' environment).
  "$APUS_PEERS/bin/python" scripts/check/parquet_parity.py [--apus .build/release/apus] [FILE_OR_FOLDER ...]

Reads every *.parquet under the arguments (~/.cache/apus-inputs/evals without any), then files that pyarrow makes here of
every type, codec, page version, dictionary use, encoding and row-group size (--no-generated leaves them out). Each file
that Apus reads is also written by Apus in every codec and read back by pyarrow (--no-writing leaves that out). Exit
status 1 if anything differs.
"""
import argparse
import datetime
import decimal
import glob
import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
from parquet_reference import rows_of  # noqa: E402

EPOCH = datetime.date(1970, 1, 1)


def difference(a, b, place="the row"):
    """Where two values of JSON differ, in words; None where they do not."""
    if isinstance(a, dict) and isinstance(b, dict):
        if list(a) != list(b):
            return f"{place} has the keys {list(a)} by Apus, {list(b)} by pyarrow"
        return next(filter(None, (difference(a[key], b[key], f"{place}.{key}") for key in a)), None)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next(filter(None, (difference(x, y, f"{place}[{n}]") for n, (x, y) in enumerate(zip(a, b)))), None)
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (a, b))
    # 1.0 may come back as 1 from JSON text, and a whole number beyond 64 bits as a float.
    if float(a) == float(b) if numbers else type(a) is type(b) and a == b:
        return None
    return f"{place} is {str(a)[:200]} by Apus, {str(b)[:200]} by pyarrow"


class Checker:
    def __init__(self, apus):
        self.apus = apus
        self.files = self.rows = self.written = self.unreadable = 0
        self.failures = []

    def run(self, *arguments):
        return subprocess.run([self.apus, "data", "rows", *arguments], capture_output=True)

    def fail(self, path, problem):
        self.failures.append(f"{path}: {problem}")
        print(f"DIFFERS {path}: {problem}", flush=True)

    def compare(self, path, wanted, got):
        if len(wanted) != len(got):
            return self.fail(path, f"{len(got)} rows by Apus, {len(wanted)} by pyarrow")
        for number, (a, b) in enumerate(zip(got, wanted)):
            problem = difference(a, b)
            if problem:
                return self.fail(path, f"in row {number}, {problem}")

    def read(self, path, name=None, table=None):
        """Compares what Apus reads with what pyarrow reads, and gives pyarrow's rows; where pyarrow refuses the file
        that it made (it does so with some lists of booleans in pages 2.0), `table` is what it should hold."""
        name = name or path
        self.files += 1
        done = self.run(path)
        if done.returncode:
            return self.fail(name, done.stderr.decode().strip())
        file = pq.ParquetFile(path)
        try:
            found = file.read()
        except pa.ArrowInvalid:
            if table is None:
                raise
            self.unreadable += 1
            found = table
        wanted = rows_of(found, file.metadata.num_rows)
        self.rows += len(wanted)
        self.compare(name, wanted, [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]])
        return wanted

    def write(self, path, rows, folder, compression):
        """Lets Apus write rows and compares what pyarrow reads of them."""
        lines = os.path.join(folder, "rows.jsonl")
        output = os.path.join(folder, "written.parquet")
        with open(lines, "w") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        done = self.run(lines, "--output", output, "--compression", compression)
        if done.returncode:
            return self.fail(f"{path} written with {compression}", done.stderr.decode().strip())
        self.written += 1
        file = pq.ParquetFile(output)
        got = rows_of(file.read(), file.metadata.num_rows)
        self.compare(f"{path} written with {compression}", rows, got)


def words(rng):
    return "".join(rng.choice("abc ñ語🙂\n\"\\\0") for _ in range(rng.randrange(12)))


def columns(rng, rows, nullable):
    """One table with a column of every type."""
    def some(make, chance=0.25):
        return [None if nullable and rng.random() < chance else make() for _ in range(rows)]

    def listed(make, most=4):
        return lambda: [None if nullable and rng.random() < 0.2 else make() for _ in range(rng.randrange(most))]

    def integer(bits):
        return lambda: rng.choice([0, 1, -1, 2**(bits - 1) - 1, -2**(bits - 1), rng.randrange(-100, 100)])

    def natural(bits):
        return lambda: rng.choice([0, 1, 2**bits - 1, rng.randrange(100)])

    def struct():
        return {"label": listed(lambda: rng.choice("ABCD"))(), "deep": None if nullable and rng.random() < 0.3 else
                {"x": integer(64)(), "y": words(rng)}}

    def digits(count):
        return lambda: decimal.Decimal(rng.randrange(-10**count + 1, 10**count)).scaleb(-2)

    inner = pa.struct([("label", pa.list_(pa.string())), ("deep", pa.struct([("x", pa.int64()), ("y", pa.string())]))])
    result = {
        "boolean": pa.array(some(lambda: rng.random() < 0.5), pa.bool_()),
        "text": pa.array(some(lambda: words(rng)), pa.string()),
        "word": pa.array(some(lambda: rng.choice(["yes", "no", "perhaps"])), pa.string()),
        "large": pa.array(some(lambda: words(rng) * 20), pa.large_string()),
        "bytes": pa.array(some(lambda: rng.randbytes(rng.randrange(6))), pa.binary()),
        "fixed": pa.array(some(lambda: rng.randbytes(5)), pa.binary(5)),
        "float": pa.array(some(lambda: rng.choice([0.0, -0.0, 1.5, math.inf, math.nan, rng.gauss(0, 1)])), pa.float32()),
        "double": pa.array(some(lambda: rng.choice([0.1, 1e308, 5e-324, -math.inf, rng.gauss(0, 1)])), pa.float64()),
        "half": pa.array(some(lambda: rng.choice([0.0, 6e-8, 65504.0, -1.5, math.inf, rng.gauss(0, 1)])), pa.float16()),
        "date": pa.array(some(lambda: EPOCH + datetime.timedelta(rng.randrange(-9999, 9999))), pa.date32()),
        "micros": pa.array(some(integer(50)), pa.int64()).cast(pa.timestamp("us", "UTC")),
        "millis": pa.array(some(lambda: rng.randrange(86_400_000)), pa.int32()).cast(pa.time32("ms")),
        "nothing": pa.nulls(rows),
        "decimal9": pa.array(some(digits(9)), pa.decimal128(9, 2)),
        "decimal18": pa.array(some(digits(18)), pa.decimal128(18, 2)),
        "decimal38": pa.array(some(rng.choice([digits(38), digits(18)])), pa.decimal128(38, 2)),
        "category": pa.array(some(lambda: rng.choice("xyz")), pa.string()).dictionary_encode(),
        "list": pa.array(some(listed(integer(64))), pa.list_(pa.int64())),
        "list_bool": pa.array(some(listed(lambda: rng.random() < 0.5)), pa.list_(pa.bool_())),
        "lists": pa.array(some(listed(listed(lambda: words(rng)))), pa.list_(pa.list_(pa.string()))),
        "struct": pa.array(some(struct), inner),
        "structs": pa.array(some(listed(struct)), pa.list_(inner)),
        "map": pa.array(some(lambda: [(words(rng), integer(32)()) for _ in range(rng.randrange(3))]),
                        pa.map_(pa.string(), pa.int32())),
    }
    for bits in (8, 16, 32, 64):
        result[f"int{bits}"] = pa.array(some(integer(bits)), getattr(pa, f"int{bits}")())
        result[f"uint{bits}"] = pa.array(some(natural(bits)), getattr(pa, f"uint{bits}")())
    if nullable:
        return pa.table(result)
    return pa.table(list(result.values()), pa.schema(
        [pa.field(name, column.type, nullable=name == "nothing") for name, column in result.items()]))


def without_lists(table):
    return table.select([f.name for f in table.schema if not pa.types.is_nested(f.type) and f.name != "nothing"])


def generated(checker, folder):
    rng = random.Random(7)
    path = os.path.join(folder, "made.parquet")

    def check(table, name, **options):
        pq.write_table(table, path, **options)
        checker.read(path, name, table)

    tables = {(rows, nullable): columns(rng, rows, nullable) for rows in (0, 1, 9, 1000, 5000) for nullable in (0, 1)}
    for codec, version, dictionary, group in itertools.product(
            ("none", "snappy", "gzip", "zstd"), ("1.0", "2.0"), (False, True), (1, 7, 333, 10**6)):
        for (rows, nullable), table in tables.items():
            if rows // group > 1000:
                continue
            check(table, f"{rows} rows, nullable {nullable}, {codec}, pages {version}, dictionary {dictionary}, "
                  f"groups of {group}", compression=codec, data_page_version=version, use_dictionary=dictionary,
                  row_group_size=group, data_page_size=rng.choice([64, 1000, 1 << 20]),
                  write_page_checksum=rng.random() < 0.5)
    encodings = {
        "DELTA_BINARY_PACKED": [pa.int8(), pa.int32(), pa.int64(), pa.uint64()],
        "DELTA_LENGTH_BYTE_ARRAY": [pa.string(), pa.binary()],
        "DELTA_BYTE_ARRAY": [pa.string(), pa.binary(), pa.binary(5)],
        "BYTE_STREAM_SPLIT": [pa.float32(), pa.float64(), pa.int32(), pa.int64(), pa.binary(5), pa.float16()],
        "RLE": [pa.bool_()],
    }
    for (encoding, kinds), version in itertools.product(encodings.items(), ("1.0", "2.0")):
        for (rows, nullable), table in tables.items():
            flat = without_lists(table)
            flat = flat.select([f.name for f in flat.schema if f.type in kinds])
            for size in (64, 1 << 20):
                check(flat, f"{encoding}, {rows} rows, nullable {nullable}, pages {version} of {size}",
                      use_dictionary=False, column_encoding={name: encoding for name in flat.schema.names},
                      data_page_version=version, data_page_size=size)
    ordered = pa.table({"n": pa.array(range(0, 700_000, 7)), "s": [f"item {n:09}" for n in range(100_000)]})
    for encoding in ("DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"):
        check(ordered, f"100,000 ordered rows, {encoding}", use_dictionary=False,
              column_encoding={"n": "DELTA_BINARY_PACKED", "s": encoding})
    check(pa.table({"t": pa.array([0, 10**18, -10**15, None], pa.int64()).cast(pa.timestamp("ns"))}),
          "timestamps of 96 bits", use_deprecated_int96_timestamps=True)
    check(tables[1000, 1], "lists of two levels", use_compliant_nested_type=False)
    check(pa.table({"s": ["x" * 3_000_000, None, "y" * 5_000_000]}), "large values", compression="zstd")
    check(pa.table({}), "no columns")
    check(pa.table({"x": pa.array([None] * 100_000, pa.string())}), "nothing but nulls")
    check(pa.table({"x": ["same"] * 1_000_000}), "a million equal values")
    return tables


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", default=[os.path.expanduser("~/.cache/apus-inputs/evals")])
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--no-generated", action="store_true")
    parser.add_argument("--no-writing", action="store_true")
    arguments = parser.parse_args()
    checker = Checker(arguments.apus)
    with tempfile.TemporaryDirectory() as folder:
        for path in arguments.paths:
            files = glob.glob(os.path.join(path, "**", "*.parquet"), recursive=True) if os.path.isdir(path) else [path]
            for file in sorted(files):
                rows = checker.read(file)
                if rows and not arguments.no_writing:
                    checker.write(file, rows, folder, rng_codec(file))
        if not arguments.no_generated:
            tables = generated(checker, folder)
            if not arguments.no_writing:
                written(checker, tables, folder)
    print(f"{checker.files} files with {checker.rows} rows read, {checker.written} written, "
          f"{checker.unreadable} of them refused by pyarrow; "
          f"{len(checker.failures)} differ")
    return 1 if checker.failures else 0


def rng_codec(path):
    """One codec a file, the same in every run."""
    return ("none", "snappy", "gzip", "zstd")[sum(path.encode()) % 4]


def written(checker, tables, folder):
    """Apus writes the generated tables too, and values that only JSON has."""
    for (rows, nullable), table in tables.items():
        # Bytes become a string in one row and numbers in another, which is no one type.
        values = rows_of(table.drop_columns(["bytes", "fixed"]), rows)
        for codec in ("none", "snappy", "gzip", "zstd"):
            checker.write(f"{rows} generated rows, nullable {nullable}", values, folder, codec)


if __name__ == "__main__":
    sys.exit(main())
