#!/usr/bin/env python3
"""Speed of tiktoken and Hugging Face tokenizers on one text, as one JSON object: tokenizers_python.py TEXT RANKS

Encoding is tiktoken's with the ranks of a published vocabulary (Llama 3's pattern), the best of its own batch call, of
threads and of processes that give arrays; loading is making the encoder from the file, its first word included;
training is tokenizers' byte-level BPE. MB are millions of bytes; figures are medians.
"""
import argparse
import base64
import concurrent.futures
import json
import multiprocessing
import os
import statistics
import time

PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
           r"|\s+(?!\S)|\s+")

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("text")
parser.add_argument("ranks")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--train", type=int, default=16384, metavar="TOKENS")
given = parser.parse_args()
os.environ["RAYON_NUM_THREADS"] = str(given.threads)

import tiktoken  # noqa: E402  after the threads are set
import tokenizers  # noqa: E402


def load():
    with open(given.ranks, "rb") as file:
        ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in file if line.strip())}
    encoding = tiktoken.Encoding("peer", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    encoding.encode_ordinary("word")
    return encoding


def pieces(data):
    """About 64 kB each, ending with a line, as `apus bench tokenizer` cuts them."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", min(start + 64_000, len(data)) - 1)
        end = len(data) if end < 0 else end + 1
        yield data[start:end].decode("utf-8", "replace")
        start = end


def median(function):
    times = []
    for _ in range(given.runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def encode_some(texts):
    return [ENCODING.encode_to_numpy(text, disallowed_special=()) for text in texts]


def count_some(texts):
    return sum(len(ids) for ids in encode_some(texts))


def train(texts):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
        tokenizers.pre_tokenizers.Split(tokenizers.Regex(PATTERN), behavior="isolated"),
        tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=given.train, show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer, length=len(texts))


with open(given.text, "rb") as file:
    data = file.read()
TEXTS = list(pieces(data))
megabytes = len(data) / 1e6
loading = median(load)
ENCODING = load()
shares = [TEXTS[i::given.threads] for i in range(given.threads)]
chunks = [TEXTS[i:i + 16] for i in range(0, len(TEXTS), 16)]
ways = {"one thread": median(lambda: encode_some(TEXTS)),
        "its batch call": median(lambda: ENCODING.encode_ordinary_batch(TEXTS, num_threads=given.threads))}
with concurrent.futures.ThreadPoolExecutor(given.threads) as pool:
    ways["threads"] = median(lambda: list(pool.map(encode_some, chunks)))
# Forked, so that no process loads the vocabulary or the text again; only numbers of tokens come back.
with multiprocessing.get_context("fork").Pool(given.threads) as pool:
    ways["processes"] = median(lambda: pool.map(count_some, shares))
best = min(ways, key=ways.get)
tokens = count_some(TEXTS)
print(json.dumps({
    "tiktoken": tiktoken.__version__, "tokenizers": tokenizers.__version__, "threads": given.threads,
    "megabytes": megabytes, "tokens": tokens, "loadSeconds": loading, "best": best,
    "encodeMegabytesPerSecond": megabytes / ways[best],
    "encodeMegabytesPerSecondOneThread": megabytes / ways["one thread"],
    "ways": {name: megabytes / value for name, value in ways.items()},
    "trainSeconds": median(lambda: train(TEXTS)) if given.train else None}))
