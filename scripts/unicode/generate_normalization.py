#!/usr/bin/env python3
"""Writes Sources/Tokenization/Unicode/NormalizationTables.swift and ScriptTable.swift.

Needs tokenizers==0.23.3 (pip). Usage: python scripts/unicode/generate_normalization.py

Normalizers must change text exactly as the `tokenizers` library does, whose tables are of several editions of Unicode,
so the library itself is asked about every scalar:

* full canonical and compatibility decompositions, by `NFD` and `NFKD` (Hangul syllables are left to arithmetic);
* combining classes: a scalar moves before a mark of a higher class. One mark of each class is the probe;
* primary composites: scalars that `NFC` makes again of their decomposition;
* small letters, by `Lowercase`; what `StripAccents` removes; what `Punctuation` splits at;
* the script of a scalar, by its regex engine with `\\p{Han}` and so on.

All numbers are LEB128, the whole is base64. What each list holds stands beside it in the Swift file.
"""
import pathlib
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

from runs import leb128, run_lengths, write_text

assert tokenizers.__version__ == "0.23.3", tokenizers.__version__

SCALARS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
EVERYTHING = "".join(SCALARS)
FOLDER = pathlib.Path(__file__).parents[2] / "Sources/Tokenization/Unicode"
SCRIPTS = """
Common Inherited Latin Greek Cyrillic Armenian Hebrew Arabic Syriac Thaana Devanagari Bengali Gurmukhi Gujarati Oriya
Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Hangul Ethiopic Cherokee Canadian_Aboriginal
Ogham Runic Khmer Mongolian Hiragana Katakana Bopomofo Han Yi Old_Italic Gothic Deseret Tagalog Hanunoo Buhid Tagbanwa
Limbu Tai_Le Linear_B Ugaritic Shavian Osmanya Cypriot Braille Buginese Coptic New_Tai_Lue Glagolitic Tifinagh
Syloti_Nagri Old_Persian Kharoshthi Balinese Cuneiform Phoenician Phags_Pa Nko Sundanese Lepcha Ol_Chiki Vai Saurashtra
Kayah_Li Rejang Lycian Carian Lydian Cham Tai_Tham Tai_Viet Avestan Egyptian_Hieroglyphs Samaritan Lisu Bamum Javanese
Meetei_Mayek
""".split()


def is_hangul(c):
    return 0xAC00 <= ord(c) < 0xAC00 + 11172


def mapping(table):
    """Pairs of a scalar and what it becomes: distance from the last, length, scalars."""
    out, last = bytearray(), 0
    for c, text in sorted(table.items()):
        out += leb128(ord(c) - last) + leb128(len(text)) + b"".join(leb128(ord(x)) for x in text)
        last = ord(c)
    return bytes(out)


def runs(values):
    """(length, value) of each run over all code points."""
    return b"".join(leb128(length) + leb128(value) for length, value in run_lengths(values))


def members(found):
    values = bytearray(0x110000)
    for c in found:
        values[ord(c)] = 1
    return runs(values)


def combining_classes():
    nfd = normalizers.NFD()
    high = "\u0345"
    probes = {240: high}
    for c in SCALARS:
        if nfd.normalize_str(c) == c and nfd.normalize_str(high + c) == c + high:
            probes.setdefault(unicodedata.combining(c), c)
    assert 0 not in probes
    classes = bytearray(0x110000)
    for c in SCALARS:
        if c == high:
            classes[ord(c)] = 240
        elif not is_hangul(c) and nfd.normalize_str(c) == c and nfd.normalize_str(high + c) == c + high:
            # The class is the highest whose probe stays before the scalar.
            classes[ord(c)] = max((k for k, p in probes.items() if nfd.normalize_str(p + c) == p + c and p != c), default=0)
            own = [k for k, p in probes.items() if p == c]
            if own:
                classes[ord(c)] = own[0]
    # U+0345 is alone in the highest class.
    assert [c for c in SCALARS if unicodedata.combining(c) == 240] == [high]
    for k, p in probes.items():
        assert classes[ord(p)] == k, (hex(ord(p)), k, classes[ord(p)])
    return classes


def write(name, head, lists):
    with open(FOLDER / name, "w") as file:
        file.write("// Written by scripts/unicode/generate_normalization.py: do not edit.\n\n" + head)
        for index, (doc, variable, data) in enumerate(lists):
            file.write(("\n" if index else "") + f"  /// {doc}\n")
            print(variable, write_text(file, variable, data), "characters")
        file.write("}\n")


def main():
    nfd, nfkd, nfc, lower = normalizers.NFD(), normalizers.NFKD(), normalizers.NFC(), normalizers.Lowercase()
    canonical = {c: d for c in SCALARS if not is_hangul(c) and (d := nfd.normalize_str(c)) != c}
    compatible = {c: d for c in SCALARS if not is_hangul(c) and (d := nfkd.normalize_str(c)) != canonical.get(c, c)}
    composites = {}
    for c, d in canonical.items():
        if len(d) > 1 and nfc.normalize_str(d) == c:
            first = nfc.normalize_str(d[:-1])
            assert len(first) == 1, (hex(ord(c)), first)
            composites[c] = first + d[-1]
    lowered = {c: d for c in SCALARS if (d := lower.normalize_str(c)) != c}
    strip = normalizers.StripAccents()
    stripped = [c for c in SCALARS if strip.normalize_str(c) == ""]
    punctuation = set()
    for piece, _ in pre_tokenizers.Punctuation("removed").pre_tokenize_str(EVERYTHING):
        punctuation.update(piece)
    punctuation = set(SCALARS) - punctuation
    write("NormalizationTables.swift", (
        "/// Tables of the Unicode normalization forms as the `tokenizers` library 0.23.3 has them, in base64; numbers are\n"
        "/// LEB128.\nenum NormalizationTables {\n"), [
        ("Full canonical decompositions: distance from the last scalar, length, scalars.", "canonical", mapping(canonical)),
        ("Full compatibility decompositions where they differ from the canonical ones.", "compatible", mapping(compatible)),
        ("Primary composites, each with its two parts.", "composites", mapping(composites)),
        ("Runs of combining classes over all code points: length, class.", "combiningClasses", runs(combining_classes())),
        ("What `Lowercase` changes: distance from the last scalar, length, scalars.", "lowercase", mapping(lowered)),
        ("Runs of what `StripAccents` removes: length, 1 for removed.", "accents", members(stripped)),
        ("Runs of what `Punctuation` splits at: length, 1 for punctuation.", "punctuation", members(punctuation)),
    ])

    script_of = bytearray(0x110000)
    for index, name in enumerate(SCRIPTS, 1):
        pattern = Regex(r"\p{%s}" % name)
        for piece, _ in pre_tokenizers.Split(pattern, "removed", invert=True).pre_tokenize_str(EVERYTHING):
            for c in piece:
                assert script_of[ord(c)] == 0
                script_of[ord(c)] = index
    names = ", ".join(f'"{n}"' for n in SCRIPTS)
    lines, line = [], "   "
    for part in names.split(" "):
        if len(line) + 1 + len(part) > 118:
            lines.append(line)
            line = "   "
        line += " " + part
    lines.append(line)
    write("ScriptTable.swift", (
        "/// The scripts of Unicode that patterns may name, as the regex engine of `tokenizers` 0.23.3 has them.\n"
        "enum ScriptTable {\n  /// The names; number *i* + 1 in the runs is name *i*, 0 any other script.\n"
        "  static let names = [\n" + "\n".join(lines) + ",\n  ]\n\n"), [
        ("Runs over all code points: length, number of the script; LEB128 in base64.", "runs", runs(script_of))])


if __name__ == "__main__":
    main()
