#!/usr/bin/env python3
"""Writes Sources/Tokenization/Unicode/ScalarPropertyRuns.swift.

Needs tokenizers==0.23.3 (pip). Usage: python scripts/unicode/generate_scalar_properties.py

The pre-tokenizers must split text exactly where the `tokenizers` library does, so the library itself is asked about
every Unicode scalar rather than some edition of the Unicode database:

* the general category, by its regex engine (Oniguruma) with `\\p{Lu}` and so on. Characters of Unicode 15, 15.1 and 16
  (U+1E030, U+2EBF0, U+1C89, U+10D40) have their category, those of Unicode 17 (U+16EA0, U+323B0) are unassigned:
  the engine holds Unicode 16.0. tiktoken 0.14.0 (fancy-regex) agrees on every scalar for L, M, N and Lu.
* white space, by `\\s` of the same engine (the 25 scalars of White_Space);
* numeric, by the `Digits` pre-tokenizer, which asks Rust's `char::is_numeric`: Unicode 17.0, so it knows 13 digits
  more than `\\p{N}` (U+11DE0-11DE9, U+16FF4-16FF6);
* word, by an added token with `single_word=True`: whether a neighbouring scalar keeps the token from matching.

A scalar's property byte is category | white space 0x20 | numeric 0x40 | word 0x80. The runs of equal bytes are written
as pairs (length as LEB128, property byte) in base64. The `regex` package plays no part.
"""
import pathlib

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

from runs import byte_runs, write_text

assert tokenizers.__version__ == "0.23.3", tokenizers.__version__

# The order is that of GeneralCategory in ScalarProperties.swift.
CATEGORIES = ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cn Co Cs").split()
SCALARS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
EVERYTHING = "".join(SCALARS)


def matched(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    found = set()
    for piece, _ in split.pre_tokenize_str(EVERYTHING):
        found.update(piece)
    return found


def numeric():
    text = "".join("a" + c for c in SCALARS if c != "a")
    pieces = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str(text)
    return {piece for piece, _ in pieces if len(piece) == 1 and piece != "a"}


def word():
    tokenizer = Tokenizer(models.BPE({"a": 0}, []))
    tokenizer.add_tokens([AddedToken("X", single_word=True, normalized=False)])
    encoding = tokenizer.encode("".join(" X" + c for c in SCALARS), add_special_tokens=False)
    marker = tokenizer.token_to_id("X")
    seen = {start for (start, _), token in zip(encoding.offsets, encoding.ids) if token == marker}
    return {c for k, c in enumerate(SCALARS) if 3 * k + 1 not in seen}


def main():
    table = bytearray([CATEGORIES.index("Cs")]) * 0x110000
    for index, name in enumerate(CATEGORIES):
        for c in matched(r"\p{%s}" % name):
            table[ord(c)] = index
    for flag, members in ((0x20, matched(r"\s")), (0x40, numeric()), (0x80, word())):
        for c in members:
            table[ord(c)] |= flag

    runs, count = byte_runs(table)
    target = pathlib.Path(__file__).parents[2] / "Sources/Tokenization/Unicode/ScalarPropertyRuns.swift"
    with open(target, "w") as file:
        file.write("// Written by scripts/unicode/generate_scalar_properties.py: do not edit.\n\n")
        file.write("/// Property bytes of all Unicode scalars as run lengths: LEB128 length, then the byte; in base64.\n")
        file.write("/// Categories are those of Unicode 16.0 as the `tokenizers` library 0.23.3 sees them.\n")
        file.write(f"enum ScalarPropertyRuns {{\n  /// How many runs there are.\n  static let count = {count}\n\n")
        file.write("  /// The runs.\n")
        length = write_text(file, "base64", runs)
        file.write("}\n")
    print(count, "runs,", length, "characters")


if __name__ == "__main__":
    main()
