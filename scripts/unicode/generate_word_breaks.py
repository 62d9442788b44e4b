#!/usr/bin/env python3
"""Writes Sources/Tokenization/Words/WordBreakRuns.swift and Tests/TokenizationTests/Golden/word-breaks.json.

Needs regex==2026.11.15 (pip). Usage: python scripts/unicode/generate_word_breaks.py

The property Word_Break of Unicode's annex 29 is that of the `regex` package (Unicode 17.0). A scalar's byte is the
number of its value in the order below; further values are ours, for scalars that the annex leaves without a rule:
Ideograph (Han) and Hiragana. 0x20 marks Extended_Pictographic. The runs of equal bytes are written as pairs (length as
LEB128, byte) in base64. The test's cases are texts cut by the package's own `\\b` with its flag WORD. Regional indicators,
and marks that belong to a scalar before them where there is none, are left out, as are such marks beside an apostrophe or
point and an apostrophe before a vowel: there the package does not follow the annex or tailors it. The test has the
annex's own examples of them.
"""
import json
import pathlib
import random
import unicodedata

import regex

from runs import byte_runs, write_text

# The order is that of WordBreak in WordBreak.swift.
VALUES = (
    "Other CR LF Newline Extend ZWJ Regional_Indicator Format Katakana Hebrew_Letter ALetter Single_Quote Double_Quote "
    "MidNumLet MidLetter MidNum Numeric ExtendNumLet WSegSpace"
).split()
SCALARS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
EVERYTHING = "".join(SCALARS)
ROOT = pathlib.Path(__file__).parents[2]


def matched(pattern):
    return regex.findall(pattern, EVERYTHING)


def write_table(table):
    runs, count = byte_runs(table)
    with open(ROOT / "Sources/Tokenization/Words/WordBreakRuns.swift", "w") as file:
        file.write("// Written by scripts/unicode/generate_word_breaks.py: do not edit.\n\n")
        file.write("/// Word break bytes of all Unicode scalars as run lengths: LEB128 length, then the byte; in base64.\n")
        file.write("/// The property is that of Unicode 17.0.\n")
        file.write("enum WordBreakRuns {\n  /// The runs.\n")
        length = write_text(file, "base64", runs)
        file.write("}\n")
    print(count, "runs,", length, "characters")


def main():
    table = bytearray(0x110000)
    for index, name in enumerate(VALUES):
        if index:
            for c in matched(r"\p{WB=%s}" % name):
                table[ord(c)] = index
    for index, script in ((len(VALUES), r"\p{Script=Han}"), (len(VALUES) + 1, r"\p{Script=Hiragana}")):
        for c in matched(script):
            if table[ord(c)] == 0 and regex.match(r"\p{L}|\p{Nl}", c):
                table[ord(c)] = index
    for c in matched(r"\p{Extended_Pictographic}"):
        table[ord(c)] |= 0x20
    write_table(table)

    generator = random.Random(29)
    groups = [[c for c in SCALARS if table[ord(c)] & 0x1F == index and ord(c) < 0x20000] for index in range(19)]
    groups.append([c for c in SCALARS if table[ord(c)] & 0x20])
    groups.append(list("abcXYZéß09.,:'\"_ \n"))
    groups[VALUES.index("Regional_Indicator")] = []
    groups = [group for group in groups if group]
    cases = ["The 3.14 quick (“brown”) fox can’t jump 32.3 feet, right?", "a_b c-d e'f 1,000.5 x1y 👩‍👩‍👧🏳️‍🌈 カタカナ"]
    while len(cases) < 1500:
        case = "".join(generator.choice(generator.choice(groups)) for _ in range(generator.randint(1, 12)))
        ignored = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]"
        middle = r"[\p{WB=Single_Quote}\p{WB=Double_Quote}\p{WB=MidNumLet}\p{WB=MidLetter}\p{WB=MidNum}]"
        leading = regex.search(r"(?:^|[\p{WB=CR}\p{WB=LF}\p{WB=Newline}])" + ignored, case)
        elided = regex.search(r"['\u2019][aeiouhy]", unicodedata.normalize("NFD", case), flags=regex.IGNORECASE)
        if not (leading or elided or regex.search(ignored, case) and regex.search(middle, case)):
            cases.append(case)
    golden = []
    for case in cases:
        cuts = [m.start() for m in regex.finditer(r"\b", case, flags=regex.WORD | regex.V1)]
        cuts = sorted({0, len(case), *cuts})
        golden.append([case[a:b] for a, b in zip(cuts, cuts[1:])])
    with open(ROOT / "Tests/TokenizationTests/Golden/word-breaks.json", "w", encoding="utf-8") as file:
        json.dump(golden, file)


if __name__ == "__main__":
    main()
