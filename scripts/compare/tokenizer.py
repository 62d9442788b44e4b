#!/usr/bin/env python3
"""Compares Apus' tokenizer with `tokenizers` and `tiktoken` on real and random text.

Needs tokenizers==0.23.3, tiktoken==0.14.0, transformers==5.23.0.

  python scripts/compare/tokenizer.py --apus .build/release/apus --text DIR [--ranks LLAMA3_TOKENIZER_MODEL]

DIR holds english.jsonl, code.jsonl, zh-CN.jsonl and ar-MA.jsonl, each line an object with the field "text".

1. Training: for each pre-tokenizer a vocabulary of 8,192 on 5 MB of English, and one of 4,096 on the four languages;
   merges and numbers must equal those of `BpeTrainer`.
2. Encoding: 5 MB of English, code, Chinese, Arabic, emoji, contractions, white space and random assigned scalars, with
   each trained tokenizer (read by both from the folder that Apus saved); with the ranks also against tiktoken.
3. `transformers.AutoTokenizer` loads the folder and gives the same tokens.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

import tiktoken
import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")


def byte_level(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def pre_tokenizer(name):
    if name == "gpt2":
        return byte_level(True)
    if name == "smollm2":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)])
    pattern = LLAMA3 if name == "llama3" else QWEN2
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level(False)])


def documents(path, limit):
    size = 0
    for line in open(path, encoding="utf-8"):
        text = json.loads(line)["text"]
        size += len(text.encode())
        yield text
        if size >= limit:
            return


def mixed_text(folder, seed=20):
    """About 5 MB; every kind of text, and seams between them."""
    rng = random.Random(seed)
    parts = []
    for name, size in (("english", 1_500_000), ("code", 1_200_000), ("zh-CN", 700_000), ("ar-MA", 700_000)):
        text = "\n\n".join(documents(folder / f"{name}.jsonl", size))
        parts.append(text)
    assigned = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
    everything = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    emoji = [chr(c) for c in (*range(0x1F300, 0x1F650), *range(0x1F900, 0x1FA00), 0x200D, 0xFE0F, 0x2764, 0x1F3FB)]
    spaces = list(" \t\n\r\v\f\x1c\x85\xa0\u1680\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u3000") + [" "] * 8 + ["\n"] * 5
    contractions = ["'s", "'T", "'Re", "'vE", "'m", "'LL", "'d", "'ſ", "'S", "'ll", "''", "'x", "'", "'r", "'l"]
    digits = list("0123456789") + ["²", "Ⅷ", "٣", "०", "𝟘", "½", "\U00011DE3", "\U00016FF5", "\U00011F52"]
    parts.append("".join(rng.choices(assigned, k=120_000)))
    parts.append("".join(rng.choices(everything, k=60_000)))
    parts.append("".join(rng.choices(emoji, k=20_000)))
    soup = []
    for _ in range(150_000):
        kind = rng.random()
        if kind < 0.25:
            soup.append("".join(rng.choices(spaces, k=rng.randint(1, 5))))
        elif kind < 0.4:
            soup.append(rng.choice(contractions))
        elif kind < 0.55:
            soup.append("".join(rng.choices(digits, k=rng.randint(1, 5))))
        elif kind < 0.8:
            soup.append(rng.choice(["a", "The", "été", "字", "م", "ß", "İ", "ſt", "K", "_", "é", "x̂"]))
        elif kind < 0.95:
            soup.append(rng.choice(list(".,;:!?()[]{}<>|/\\+-=*&^%$#@~`\"")))
        else:
            soup.append(rng.choice(assigned))
    parts.append("".join(soup))
    parts.append(" " * 5000 + "a" * 100_000 + "\n" * 3000 + "0" * 5000 + "字" * 20_000)
    return "".join(parts)


def run(apus, *arguments, data=None):
    done = subprocess.run([apus, "tokenizer", *map(str, arguments)], input=data, capture_output=True)
    if done.returncode:
        sys.exit(f"apus tokenizer {' '.join(map(str, arguments))}: {done.stderr.decode()}")
    return done.stdout


def encode(apus, folder, text_file):
    return [int(word) for word in run(apus, "encode", "--tokenizer", folder, text_file).split()]


failures = 0


def report(what, same, detail=""):
    global failures
    failures += not same
    print(("same      " if same else "DIFFERENT ") + what, detail)


def first_difference(ours, theirs):
    for index, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            return f"at token {index}: {ours[index - 3 : index + 5]} and {theirs[index - 3 : index + 5]}"
    return f"lengths {len(ours)} and {len(theirs)}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--apus", required=True)
    parser.add_argument("--text", required=True, type=pathlib.Path)
    parser.add_argument("--ranks", type=pathlib.Path)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp())
    mixed = mixed_text(options.text)
    mixed_file = work / "mixed.txt"
    mixed_file.write_bytes(mixed.encode())
    print(f"mixed text: {len(mixed.encode())} bytes")

    english = list(documents(options.text / "english.jsonl", 5_000_000))
    many = [t for n in ("english", "code", "zh-CN", "ar-MA") for t in documents(options.text / f"{n}.jsonl", 800_000)]
    for name in ("llama3", "gpt2", "qwen2", "smollm2"):
        for corpus_name, corpus, size in (("english", english, 8192), ("mixed", many, 4096)):
            source = work / f"{corpus_name}.jsonl"
            with open(source, "w", encoding="utf-8") as file:
                for text in corpus:
                    file.write(json.dumps({"text": text}) + "\n")
            folder = work / f"{name}-{corpus_name}"
            run(options.apus, "train", "--input", source, "--vocab-size", size, "--output", folder,
                "--pre-tokenizer", name)
            peer = Tokenizer(models.BPE())
            peer.pre_tokenizer = pre_tokenizer(name)
            peer.decoder = decoders.ByteLevel()
            peer.train_from_iterator(corpus, trainers.BpeTrainer(
                vocab_size=size, special_tokens=["<|endoftext|>"], show_progress=False,
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
            theirs = json.loads(peer.to_str())["model"]
            ours = json.loads((folder / "tokenizer.json").read_text())["model"]
            report(f"training {name} on {corpus_name}: {size} tokens",
                   ours["vocab"] == theirs["vocab"] and ours["merges"] == theirs["merges"])

            loaded = Tokenizer.from_file(str(folder / "tokenizer.json"))
            expected = loaded.encode(mixed, add_special_tokens=False).ids
            got = encode(options.apus, folder, mixed_file)
            report(f"encoding with it: {len(expected)} tokens", got == expected, "" if got == expected else first_difference(got, expected))
            ids = work / "ids.txt"
            ids.write_text(" ".join(map(str, got)))
            report("decoding", run(options.apus, "decode", "--tokenizer", folder, ids) == mixed.encode())

    from transformers import AutoTokenizer
    auto = AutoTokenizer.from_pretrained(str(work / "llama3-english"))
    sample = mixed[:200_000]
    (work / "sample.txt").write_text(sample, newline="")
    got = encode(options.apus, work / "llama3-english", work / "sample.txt")
    report("AutoTokenizer", auto.encode(sample, add_special_tokens=False) == got,
           f"eos {auto.eos_token!r} {auto.eos_token_id}")

    random_bytes = random.Random(1).randbytes(1_000_000)
    (work / "random.bin").write_bytes(random_bytes)
    got = encode(options.apus, work / "llama3-english", work / "random.bin")
    (work / "ids.txt").write_text(" ".join(map(str, got)))
    report("random bytes come back",
           run(options.apus, "decode", "--tokenizer", work / "llama3-english", work / "ids.txt") == random_bytes)

    if options.ranks:
        from tiktoken.load import load_tiktoken_bpe
        ranks = load_tiktoken_bpe(str(options.ranks))
        peer = tiktoken.Encoding("llama3", pat_str=LLAMA3, mergeable_ranks=ranks, special_tokens={})
        # A run of 100,000 letters would overflow the peer's stack or its patience.
        text = mixed[: -133_000]
        (work / "ranks.txt").write_bytes(text.encode())
        expected = peer.encode(text, disallowed_special=())
        got = encode(options.apus, options.ranks, work / "ranks.txt")
        report(f"tiktoken ranks: {len(expected)} tokens", got == expected, "" if got == expected else first_difference(got, expected))
    print("all the same" if failures == 0 else f"{failures} DIFFERENT")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
