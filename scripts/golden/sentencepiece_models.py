#!/usr/bin/env python3
"""Writes Tests/TokenizationTests/Golden/sentencepiece: small models trained by `sentencepiece`, and the ids they give.

Needs sentencepiece==0.2.3. Usage: python scripts/golden/sentencepiece_models.py

KIND.model for bpe (bytes for the unknown, the user's symbols, single digits), unigram (nmt_nfkc, spaces cleaned, the user's
symbols) and suffix (Unigram, marks after words); ids.json: {"texts": […], "ids": {KIND: …}}.
"""
import json
import os
import pathlib
import random

import sentencepiece

from tokenizer_components import CORPUS, texts

assert sentencepiece.__version__ == "0.2.3", sentencepiece.__version__
OUT = CORPUS.resolve().parent / "sentencepiece"
SHARED = {"character_coverage": 0.98, "max_sentence_length": 100000, "minloglevel": 2, "num_threads": 1}
KINDS = {
    "bpe": {"model_type": "bpe", "vocab_size": 600, "byte_fallback": True, "split_digits": True,
            "normalization_rule_name": "identity", "remove_extra_whitespaces": False, "allow_whitespace_only_pieces": True,
            "user_defined_symbols": ["<tool>", "▁▁", "cat"]},
    "unigram": {"model_type": "unigram", "vocab_size": 300, "user_defined_symbols": ["<tool>", "море"]},
    "suffix": {"model_type": "unigram", "vocab_size": 280, "treat_whitespace_as_suffix": True, "byte_fallback": False,
               "add_dummy_prefix": True, "normalization_rule_name": "identity"},
}


def main():
    OUT.mkdir(exist_ok=True)
    lines = [line for document in json.loads(CORPUS.read_text()) for line in document.split("\n") if line.strip()]
    os.chdir(OUT)  # The library writes the paths it is given into the model.
    corpus = pathlib.Path("corpus.txt")
    corpus.write_text("\n".join(lines))
    samples = texts(80, random.Random(5))
    # A zero byte ends the text for some parts of the library.
    samples = [t.replace("\x00", "") for t in samples]
    ids = {}
    for kind, options in KINDS.items():
        sentencepiece.SentencePieceTrainer.train(input=str(corpus), model_prefix=kind, **SHARED, **options)
        (OUT / f"{kind}.vocab").unlink()
        model = sentencepiece.SentencePieceProcessor(model_file=str(OUT / f"{kind}.model"))
        ids[kind] = [model.encode(t) for t in samples]
    corpus.unlink()
    (OUT / "ids.json").write_text(
        json.dumps({"texts": samples, "ids": ids}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
