#!/usr/bin/env python3
"""Checks the tokenizers that GGUF files carry against the expected ids that llama.cpp ships beside its vocabularies.

  python3 scripts/check/gguf_vocabularies.py APUS FOLDER     FOLDER holds ggml-vocab-*.gguf with their .inp and .out

The expected ids are those of each model's own tokenizer, without anything put before or after the text.
Vocabularies of kinds that Apus does not read (BERT's) are left out by name. Exit status 1 if any text differs.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apus")
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    wrong = 0
    for path in sorted(arguments.folder.glob("ggml-vocab-*.gguf.inp")):
        vocabulary = path.with_suffix("")
        if "bert" in vocabulary.name:
            print(f"{vocabulary.name}: left out, WordPiece")
            continue
        texts = path.read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")[:-1]
        expected = [[int(x) for x in line.split()] for line in path.with_suffix(".out").read_text().split("\n")]
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write("".join(json.dumps(text) + "\n" for text in texts))
            file.flush()
            run = subprocess.run(
                [arguments.apus, "tokenizer", "encode", "--special", "--jsonl", "--tokenizer", vocabulary, file.name],
                capture_output=True, text=True)
        if run.returncode:
            print(f"{vocabulary.name}: {run.stderr.strip()}")
            wrong += 1
            continue
        ours = [[int(x) for x in line.split()] for line in run.stdout.split("\n")[:-1]]
        different = [k for k, (a, b) in enumerate(zip(ours, expected)) if a != b]
        if len(ours) != len(texts):
            different.append(min(len(ours), len(texts)))
        print(f"{vocabulary.name}: {len(texts) - len(different)} of {len(texts)} texts agree")
        for k in different[:3]:
            print(f"  {texts[k]!r}\n    Apus     {ours[k]}\n    expected {expected[k]}")
        wrong += len(different)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
