#!/usr/bin/env python3
"""Runs every comparison one after the other, and prints their tables: training steps, products, tokenizing,
generation.

  swift build -c release --product apus
  APUS_PEERS=~/.cache/apus-peers python3 benchmarks/all.py --text TEXT --ranks RANKS --jsonl DOCUMENTS.jsonl

Takes about an hour with three rounds; --rounds 1 is a first look. TEXT, RANKS and DOCUMENTS.jsonl are what
benchmarks/tokenizing.py is given; without --text and --ranks, tokenizing is left out, and without --model, --bf16 and --q8,
which benchmarks/generation.py explains, generation. Each script can be run by itself
and has more options. A script that fails is named at the end, and the others still run.
"""
import argparse
import os
import subprocess
import sys

from turns import HERE, add_arguments


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text")
    parser.add_argument("--ranks")
    parser.add_argument("--jsonl")
    parser.add_argument("--model")
    parser.add_argument("--bf16")
    parser.add_argument("--q8")
    add_arguments(parser)
    given = parser.parse_args()
    common = ["--rounds", str(given.rounds), "--threads", str(given.threads), "--apus", given.apus,
              "--timeout", str(given.timeout), "--patience", str(given.patience)]
    if given.python:
        common += ["--python", given.python]
    runs = [("Training steps", ["train_steps.py"]), ("Products", ["products.py"])]
    if given.text and given.ranks:
        documents = ["--jsonl", given.jsonl] if given.jsonl else []
        runs.append(("Tokenizing", ["tokenizing.py", given.text, given.ranks] + documents))
    elif given.text or given.ranks or given.jsonl:
        sys.exit("tokenizing needs both --text and --ranks")
    files = [word for name in ("bf16", "q8") if getattr(given, name) for word in ("--" + name, getattr(given, name))]
    if given.model and files:
        runs.append(("Generation", ["generation.py", given.model] + files))
    elif given.model or files:
        sys.exit("generation needs --model and --bf16 or --q8")
    failed = []
    for title, (script, *arguments) in runs:
        print(f"## {title}\n", flush=True)
        more = common + (["--json", f"{given.json}.{script.removesuffix('.py')}"] if given.json else [])
        if subprocess.run([sys.executable, os.path.join(HERE, script)] + arguments + more).returncode != 0:
            failed.append(script)
        print(flush=True)
    if failed:
        sys.exit("these did not finish: " + ", ".join(failed))


if __name__ == "__main__":
    main()
