#!/usr/bin/env python3
"""Measures tokenizing against tiktoken and Hugging Face tokenizers on this machine, and prints a Markdown table.

  swift build -c release --product apus
  APUS_PEERS=~/.cache/apus-peers python3 benchmarks/tokenizing.py TEXT RANKS --jsonl DOCUMENTS.jsonl

TEXT is any UTF-8 text, RANKS a tiktoken file such as Llama 3's tokenizer.model. Encoding and loading are compared with
tiktoken at its best (its batch call, threads or processes), training a byte-level BPE with tokenizers. With --jsonl,
`apus data prepare` turns those documents into token files, everything included, and its rate over their text is set
beside the rate at which tiktoken alone encodes TEXT. The programs take turns; figures are medians of the rounds, ratios
are taken within each round, the least and the greatest in brackets.
"""
import argparse
import os
import shutil
import sys
import tempfile

from turns import HERE, add_arguments, in_turns, interpreter, last_object, machine, print_table, spread, write_json


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("ranks")
    parser.add_argument("--jsonl", help="documents to prepare")
    parser.add_argument("--train", type=int, default=16384, metavar="TOKENS", help="vocabulary to train (16384)")
    add_arguments(parser)
    given = parser.parse_args()
    environment = dict(os.environ, APUS_THREADS=str(given.threads))

    def ours():
        result = last_object(given, [given.apus, "bench", "tokenizer", "--json", "--runs", "3", "--train",
                                     str(given.train), "--tokenizer", given.ranks, given.text], environment)
        if given.jsonl:
            result["prepare"] = prepare()
        return result

    def prepare():
        folder = tempfile.mkdtemp(prefix="apus-prepare-")
        try:
            return last_object(given, [given.apus, "data", "prepare", "--json", "--tokenizer", given.ranks, "--input",
                                       given.jsonl, "--output", os.path.join(folder, "tokens")], environment)
        finally:
            shutil.rmtree(folder)

    def theirs():
        return last_object(
            given, [interpreter(given), os.path.join(HERE, "peers", "tokenizers_python.py"), given.text, given.ranks,
                    "--threads", str(given.threads), "--train", str(given.train)], environment)

    mine, others = in_turns(given, ours, theirs)
    if mine[0]["tokens"] != others[0]["tokens"]:
        sys.exit(f"the two count different tokens: {mine[0]['tokens']} and {others[0]['tokens']}")
    rows = []

    def row(name, peer, unit, digits, our_value, their_value, higher_is_better):
        a, b = [our_value(run) for run in mine], [their_value(run) for run in others]
        ratios = [x / y if higher_is_better else y / x for x, y in zip(a, b)]
        rows.append([name, peer, f"{spread(b, digits)} {unit}", f"{spread(a, digits)} {unit}",
                     f"**{spread(ratios, 2)}**"])

    best = "tiktoken, " + others[0]["best"]
    row(f"encode, {given.threads} threads", best, "MB/s", 1, lambda r: r["encodeMegabytesPerSecond"],
        lambda r: r["encodeMegabytesPerSecond"], True)
    row("encode, 1 thread", "tiktoken", "MB/s", 1, lambda r: r["encodeMegabytesPerSecondOneThread"],
        lambda r: r["encodeMegabytesPerSecondOneThread"], True)
    row("load the vocabulary", "tiktoken", "ms", 0, lambda r: r["loadSeconds"] * 1e3,
        lambda r: r["loadSeconds"] * 1e3, False)
    row(f"train {given.train:,} tokens", "tokenizers", "s", 2, lambda r: r["trainSeconds"],
        lambda r: r["trainSeconds"], False)
    if given.jsonl:
        row("documents to token files", best + ", encoding alone", "MB/s", 1,
            lambda r: r["prepare"]["text_bytes"] / r["prepare"]["seconds"] / 1e6,
            lambda r: r["encodeMegabytesPerSecond"], True)
    print(f"{machine()}; {given.threads} threads; tiktoken {others[0]['tiktoken']}, tokenizers "
          f"{others[0]['tokenizers']}; {mine[0]['megabytes']:.1f} MB, {mine[0]['tokens']:,} tokens, the same count by "
          f"both; {given.rounds} rounds.\n")
    print_table(["what", "peer", "peer", "Apus", "times as fast"], rows,
                mine + others + [run["prepare"] for run in mine if "prepare" in run])
    write_json(given, {"apus": mine, "peer": others})


if __name__ == "__main__":
    main()
