#!/usr/bin/env python3
"""Checks a tokenizer of Apus: does the `tokenizers` library give the same ids for the same text?

Needs tokenizers 0.23.3 (scripts/golden/README.md says how to get the peers' environment).
  "$APUS_PEERS/bin/python" scripts/check/tokenizer_parity.py TOKENIZER_DIR TEXT_FILE IDS_FILE

TOKENIZER_DIR  a folder with tokenizer.json
TEXT_FILE      UTF-8 text, encoded as one piece (--lines: each line alone, without its line feed)
IDS_FILE       the ids by Apus, of all pieces one after the other: *.json a list; anything else raw little-endian
               integers of --width bytes (4; token files of small vocabularies have 2)
Names of special tokens in the text are text like any other, unless --parse-special is given. Nothing is put before or
after the text, unless --add-special is given. Exit status 1 and the place of the first difference if the ids differ.
"""
import argparse
import array
import json
import os
import sys

from tokenizers import Tokenizer


def read_ids(path, width):
    if path.endswith(".json"):
        with open(path) as file:
            return json.load(file)
    size = os.path.getsize(path)
    if size % width:
        sys.exit(f"{path} has {size} bytes, which is no multiple of {width}")
    code = next(letter for letter in "HIL" if array.array(letter).itemsize == width)
    ids = array.array(code)
    with open(path, "rb") as file:
        ids.frombytes(file.read())
    if sys.byteorder == "big":
        ids.byteswap()
    return ids.tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer", metavar="TOKENIZER_DIR")
    parser.add_argument("text", metavar="TEXT_FILE")
    parser.add_argument("ids", metavar="IDS_FILE")
    parser.add_argument("--width", type=int, default=4, choices=(2, 4))
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--parse-special", action="store_true")
    parser.add_argument("--add-special", action="store_true")
    arguments = parser.parse_args()

    tokenizer = Tokenizer.from_file(os.path.join(arguments.tokenizer, "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = not arguments.parse_special
    # newline="" keeps carriage returns as they are.
    with open(arguments.text, encoding="utf-8", newline="") as file:
        text = file.read()
    pieces = text.removesuffix("\n").split("\n") if arguments.lines else [text]
    encodings = tokenizer.encode_batch(pieces, add_special_tokens=arguments.add_special)
    ours = read_ids(arguments.ids, arguments.width)
    theirs = [number for encoding in encodings for number in encoding.ids]

    if ours == theirs:
        print(f"{len(ours)} ids of {len(text.encode())} bytes agree")
        return 0
    place = next((at for at, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    print(f"{len(ours)} ids by Apus, {len(theirs)} by tokenizers; the first difference is at id {place}")
    around = slice(max(0, place - 3), place + 4)
    for who, ids in (("Apus", ours), ("tokenizers", theirs)):
        print(f"  {who:>10}: " + " ".join(f"{i}={tokenizer.id_to_token(i)!r}" for i in ids[around]))
    for number, (piece, encoding) in enumerate(zip(pieces, encodings), 1):
        if place < len(encoding.ids):
            at = encoding.offsets[place][0]
            where = f"line {number}" if arguments.lines else f"line {piece[:at].count(chr(10)) + 1}"
            print(f"  {where}: {piece[max(0, at - 30):at]!r} then {piece[at:at + 30]!r}")
            break
        place -= len(encoding.ids)
    return 1


if __name__ == "__main__":
    sys.exit(main())
