"""Compares `apus tokenizer compare` with a count by the `regex` and `tokenizers` packages: every figure must be equal.

    scripts/check/tokenizer_fertility.py TOKENIZER.json TEXT.jsonl... [--apus .build/release/apus]

Needs regex==2026.11.15 and tokenizers==0.23.3. Exit status 1 when anything differs.
"""

import argparse
import collections
import json
import subprocess
import sys

import regex
import tokenizers

LOOSE = regex.compile(r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]+|['\u2019]")
LETTER = regex.compile(r"[\p{L}\p{N}]")
KANA = regex.compile(r"(?:[\p{WB=Katakana}[\p{Script=Hiragana}&&\p{WB=Other}&&[\p{L}\p{Nl}]]][\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*)+", flags=regex.V1)


def words(text):
    """Pieces between default word boundaries; those of kana side by side are one.

    The package glues marks that have nothing before them, and apostrophes before vowels, to what follows; the annex
    does not.
    """
    cuts = [m.start() for m in regex.finditer(r"\b", text, flags=regex.WORD | regex.V1)]
    cuts = sorted({0, len(text), *cuts})
    run = ""
    for start, end in zip(cuts, cuts[1:]):
        piece = text[start:end]
        if KANA.fullmatch(piece):
            run += piece
            continue
        if run:
            yield run
            run = ""
        leading = LOOSE.match(piece)
        if leading and leading.end() < len(piece):
            yield leading.group()
            piece = piece[leading.end() :]
        yield piece
    if run:
        yield run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tokenizer")
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--bytes", type=int, default=1_500_000)
    options = parser.parse_args()
    peer = tokenizers.Tokenizer.from_file(options.tokenizer)
    command = [options.apus, "tokenizer", "compare", options.tokenizer, "--json", "--max-bytes", str(options.bytes)]
    for text in options.texts:
        command += ["--text", text]
    results = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["results"]
    different = 0
    for path, got in zip(options.texts, results):
        counts = collections.Counter()
        size = tokens = 0
        for line in open(path, encoding="utf-8"):
            if size >= options.bytes:
                break
            text = json.loads(line)["text"]
            if not text:
                continue
            size += len(text.encode("utf-8"))
            tokens += len(peer.encode(text, add_special_tokens=False).ids)
            counts.update(word for word in words(text) if LETTER.search(word))
        total = sum(counts.values())
        lengths = {word: len(peer.encode(word, add_special_tokens=False).ids) for word in counts}
        want = {
            "words": total, "bytes": size, "tokens": tokens,
            "fertility": sum(lengths[w] * n for w, n in counts.items()) / total,
            "continued_words": sum(n for w, n in counts.items() if lengths[w] >= 2) / total,
        }
        for key, value in want.items():
            if abs(got[key] - value) > 1e-12 * max(1, abs(value)):
                different += 1
                print(f"{path}: {key} is {got[key]}, not {value}")
        print(f"{path}: {total} words, fertility {want['fertility']:.4f}, continued {want['continued_words']:.4f}")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
